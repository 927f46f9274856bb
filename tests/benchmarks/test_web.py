from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from eagerloop.benchmarks import build, web
from eagerloop.benchmarks.processes import Cores

from .conftest import needs_compiler

SERVER = """
import http.server, sys

class Hello(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *words):
        pass

class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

Server(("127.0.0.1", int(sys.argv[1])), Hello).serve_forever()
"""


def server(folder: Path, text: str = SERVER) -> web.Server:
    (folder / "server.py").write_text(text)
    port = web.free_port()
    return web.Server([sys.executable, "server.py", str(port)], port, folder, Cores())


def assert_sane(figures: web.Figures) -> None:
    assert figures.requests_per_second > 10
    assert figures.cpu_us_per_request > 0
    assert 0 < figures.p50_ms <= figures.p99_ms


@needs_compiler
def test_our_own_load(tmp_path: Path) -> None:
    load = web.OwnLoad(str(build.program("load")))
    with server(tmp_path) as started:
        assert_sane(load.drive(started, 0.5, Cores()))


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_wrk(tmp_path: Path) -> None:
    load = web.choose_load()
    assert load.name == "wrk"
    with server(tmp_path) as started:
        assert_sane(load.drive(started, 1, Cores()))


def test_a_server_that_fails_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(web.LoadFailed, match="RuntimeError: not today"),
        server(tmp_path, "raise RuntimeError('not today')"),
    ):
        pass


def test_without_wrk_and_compiler_there_is_no_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(web.LoadFailed, match="neither wrk nor a C compiler"):
        web.choose_load()


def test_units_of_wrk() -> None:
    values = [web.in_ms(*pair) for pair in (("250", "us"), ("1.5", "ms"), ("2", "s"), ("1", "m"))]
    assert values == [0.25, 1.5, 2000, 60000]
