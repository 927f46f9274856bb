"""EAGERLOOP_PURE=1 loads sources, whatever lies beside them."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import importlib, pkgutil, sys
import eagerloop
for found in pkgutil.walk_packages(eagerloop.__path__, "eagerloop."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
from eagerloop import _build
loaded = [m for n, m in sys.modules.items() if n.startswith("eagerloop.")]
assert all(m.__file__.endswith(".py") for m in loaded), loaded
print(_build.compiled(), len(loaded) > 3)
"""


@pytest.mark.parametrize("value", ["1", "yes"])
def test_every_module_loads_from_its_source(value: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"EAGERLOOP_PURE": value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("False True\n", "")
