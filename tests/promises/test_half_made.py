"""Promise: an object without its `__init__`, made by mistake, raises when used; it ends no process."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import enum, gc, importlib, os, pkgutil, sys, warnings
import eagerloop

warnings.simplefilter("ignore")
classes = set()
for found in pkgutil.walk_packages(eagerloop.__path__, "eagerloop."):
    if "benchmarks" not in found.name and ".cli" not in found.name and "__main__" not in found.name:
        try:
            module = importlib.import_module(found.name)
        except ImportError:  # for another Python
            continue
        classes.update(x for x in vars(module).values() if isinstance(x, type))
classes = {x for x in classes if x.__module__.startswith("eagerloop") and not issubclass(x, enum.Enum)}

loop = eagerloop.new_event_loop()
LEFT = {"__class__", "__init_subclass__", "__new__", "__subclasshook__"}

def drive(made):
    try:
        made.send(None)
    finally:
        made.close()

def probe(kind, name, arguments):
    made = kind.__new__(kind)
    found = getattr(made, name)
    if callable(found):
        returned = found(*arguments)
        if hasattr(returned, "send"):
            drive(returned)
    repr(made)

where = None
for kind in sorted(classes, key=lambda kind: (kind.__module__, kind.__qualname__)):
    for derived in (kind, type("Derived", (kind,), {}) if kind.__flags__ & 1 << 10 else kind):
        for name in sorted(set(dir(derived)) - LEFT):
            for arguments in (), (None,), (loop,), (1,), (b"bytes",), (0, print), (1, None), (None, None, None):
                where = f"{kind.__module__}.{kind.__qualname__}.{name}{arguments}"
                sys.stdout.write(where + "\\n")
                sys.stdout.flush()
                try:
                    probe(derived, name, arguments)
                except SystemError as error:
                    sys.exit(f"{where}: {error}")
                except BaseException:  # whatever the method thinks fit
                    pass
gc.collect()
loop.close()
print("through")
"""


def test_what_was_never_initialised_raises() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=55,
        stdin=subprocess.DEVNULL,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, (done.returncode, lines[-1:], done.stderr[-500:])
    assert lines[-1] == "through"
