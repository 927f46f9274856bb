"""Refuses a Python that is too old, before anything is imported that it could not even parse."""

import sys

OLDEST = (3, 11)


def refusal(version: "tuple[int, ...]") -> "str | None":
    """What to say to a Python of this version; None if it is supported."""
    if version[:2] >= OLDEST:
        return None
    return "eagerloop runs on Python 3.11 to 3.15; this is %d.%d" % version[:2]  # noqa: UP031


def check(version: "tuple[int, ...]", argv: "list[str]") -> None:
    """Raises ImportError; under `python -m eagerloop` it is the command that ends, with code 2."""
    said = refusal(version)
    if said is None:
        return
    if argv[:1] == ["-m"]:
        sys.stderr.write("Error: %s\n" % said)  # noqa: UP031
        sys.exit(2)
    raise ImportError(said)


check(sys.version_info[:2], sys.argv)
