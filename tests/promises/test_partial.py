"""Reads and writes that the kernel does in part, of every size: nothing is lost, doubled or moved.

The kernel is made so by a small library in front of libc's calls (short.c).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

compiler = shutil.which("cc") or shutil.which("gcc")
pytestmark = pytest.mark.skipif(
    compiler is None or sys.platform != "linux", reason="a library is to be compiled and preloaded"
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("short") / "short.so"
    source = Path(__file__).with_name("short.c")
    subprocess.run(
        [str(compiler), "-O1", "-shared", "-fPIC", "-o", made, source, "-ldl"], check=True
    )
    return made


@pytest.mark.parametrize("most", [1, 2, 3, 7, 100, 511, 1000, 4096, 65536])
def test_at_most_so_many_bytes_at_a_time(library: Path, most: int) -> None:
    preloaded = [*filter(None, [os.environ.get("LD_PRELOAD")]), str(library)]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.promises.faulty", "transports"],
        capture_output=True,
        text=True,
        timeout=50,
        env=os.environ
        | {
            "LD_PRELOAD": " ".join(preloaded),
            "SHORT": str(most),
            "SIZE": str(min(200_000, 3000 * most)),
        },
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    outcome: dict[str, Any] = json.loads(done.stdout)
    assert outcome["tcp"]
    assert outcome["tls"]
    assert outcome["child"]
    assert outcome["heard"] == []
