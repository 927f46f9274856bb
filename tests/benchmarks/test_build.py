from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from eagerloop.benchmarks import build

from .conftest import needs_compiler


@needs_compiler
def test_a_program_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = build.program("echo")
    when = made.stat().st_mtime_ns
    assert made.parent == tmp_path / "eagerloop"
    assert build.program("echo") == made
    assert made.stat().st_mtime_ns == when
    assert [path.name for path in made.parent.iterdir()] == [made.name]


def test_a_refusal_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CC", "false")
    with pytest.raises(build.NoCompiler, match=r"^compiling load\.c failed: exit code 1$"):
        build.program("load")


def test_no_compiler_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(build.NoCompiler, match="needs a C compiler"):
        build.program("load")


@needs_compiler
@pytest.mark.parametrize("family", ["tcp", "unix"])
@pytest.mark.parametrize(
    ("size", "depth", "requests"), [(64, 1, 10_000), (1024, 16, 40_000), (100_000, 2, 1000)]
)
def test_generator_and_echo_server_agree(
    tmp_path: Path, family: str, size: int, depth: int, requests: int
) -> None:
    arguments = [family, str(tmp_path / "socket")]
    with subprocess.Popen([build.program("echo"), *arguments], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        kind, address = server.stdout.readline().decode().split()
        assert kind == family
        load = [str(build.program("load")), f"--{family}", address, "--pid", str(server.pid)]
        load += ["--connections", "7", "--size", str(size), "--depth", str(depth)]
        done = subprocess.run([*load, "--requests", str(requests)], capture_output=True, check=True)
        server.kill()
    figures = json.loads(done.stdout)
    assert requests <= figures["operations"] <= requests + depth
    assert figures["lost"] == 0
    # Linux adds a running process's time to its clock at a tick: some 4 ms late, hence the many requests
    assert 0 < figures["cpu_ns"] < 60_000_000_000
    assert 0 < figures["p50_ns"] <= figures["p90_ns"] <= figures["p99_ns"]
    assert figures["p99_ns"] <= figures["max_ns"] * 1.04  # a bucket's width
    assert done.stderr == b""


@needs_compiler
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no address was given"),
        (["--tcp", "127.0.0.1:1", "--depth", "0"], "--depth must be 1 to 256"),
        (["--tcp", "127.0.0.1:1", "--framing", "odd"], "--framing must be raw, line or sized"),
        (["--tcp", "localhost:1"], "the host must be an IPv4 address"),
        (["--tcp"], "an option lacks its value"),
    ],
)
def test_wrong_use_of_the_generator(arguments: list[str], message: str) -> None:
    done = subprocess.run(
        [build.program("load"), *arguments], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (2, f"load: {message}\n")
