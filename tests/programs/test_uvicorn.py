"""uvicorn's own switch for a loop: `--loop eagerloop:new_event_loop`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from .conftest import ROOT

pytest.importorskip("uvicorn", reason="this is about uvicorn")
pytest.importorskip("starlette", reason="the application needs it")


QUIETLY = ("--log-level", "warning")


def test_uvicorn_takes_our_loop(unused_port: int) -> None:
    options = ["--port", str(unused_port), "--loop", "eagerloop:new_event_loop"]
    with subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "web_starlette:app", *options, *QUIETLY],
        cwd=ROOT / "examples",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{unused_port}/") as answer:
                    assert answer.read() == b"Hello, world!"
                break
            except OSError:  # it does not listen yet
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert errors == b""
    assert process.returncode in (0, -signal.SIGINT)
