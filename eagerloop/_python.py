"""Refuses a Python that is too old, before anything is imported that it could not even parse."""

import sys

OLDEST = (3, 11)


def refusal(version):  # type: ignore[no-untyped-def]  # old Pythons read this
    """What to say to a Python of this version; None if it is supported."""
    if tuple(version[:2]) >= OLDEST:
        return None
    return "eagerloop runs on Python 3.11 to 3.15; this is %d.%d" % tuple(version[:2])  # noqa: UP031


def check(version, argv):  # type: ignore[no-untyped-def]
    """Raises ImportError; under `python -m eagerloop` it is the command that ends, with code 2."""
    said = refusal(version)
    if said is None:
        return
    if argv[:1] == ["-m"]:
        sys.stderr.write("Error: %s\n" % said)  # noqa: UP031
        sys.exit(2)
    raise ImportError(said)


check(sys.version_info, sys.argv)
