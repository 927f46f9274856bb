"""The servers, each started once in a session, and how the tests run: lazily and eagerly."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

import eagerloop
from tests.transports.certificates import Authority

from .programs import NOBODY, Program, environment, find, free_port, unprivileged

T = TypeVar("T")


class Play(Protocol):
    def __call__(self, main: Callable[..., Coroutine[Any, Any, T]], *args: object) -> T: ...


def play_with(eager: bool) -> Play:
    """Like the fixture `run`; besides, nothing is reported to the loop and no task is left."""

    def call(main: Callable[..., Coroutine[Any, Any, T]], *args: object) -> T:
        heard: list[dict[str, Any]] = []

        async def watched() -> T:
            loop = eagerloop.get_running_loop()
            loop.set_exception_handler(lambda _, context: heard.append(context))
            result = await main(*args)
            assert eagerloop.all_tasks() == {eagerloop.current_task()}
            return result

        result = eagerloop.run(watched(), eager=eager)
        assert heard == []
        return result

    return call


@pytest.fixture
def play() -> Play:
    return play_with(eager=False)


@pytest.fixture(params=["lazy", "eager"])
def play_both(request: pytest.FixtureRequest) -> Play:
    """Once with each kind of task."""
    return play_with(eager=request.param == "eager")


@pytest.fixture(scope="package")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    find("openssl")
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def unix_folder() -> Iterator[Path]:
    """A folder with a short name, in which anybody may look."""
    made = Path(tempfile.mkdtemp(prefix="eagerloop-peers-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="package")
def postgres(authority: Authority) -> Iterator[int]:
    """The port of a PostgreSQL with TLS, whose superuser is `tester`."""
    server, initdb = find("postgres"), find("initdb")
    prefix = unprivileged(server)
    folder = Path(tempfile.mkdtemp(prefix="eagerloop-postgres-"))
    data, certificate = folder / "data", folder / "server.pem"
    try:
        certificate.write_bytes(authority.issue("localhost").read_bytes())
        certificate.chmod(0o600)
        if os.geteuid() == 0:
            for path in (folder, certificate):
                os.chown(path, NOBODY, NOBODY)
        command = [initdb, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(
            [*prefix, *command, "--locale=C", "-D", data],
            env=environment(initdb),
            cwd=folder,
            check=True,
            capture_output=True,
        )
        port = free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "max_wal_size": "2GB",
            "ssl": "on",
            "ssl_cert_file": str(certificate),
            "ssl_key_file": str(certificate),
        }
        options = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
        with Program(
            [server, "-D", data, "-p", str(port), *options],
            port,
            folder / "log",
            prefix=prefix,
            stop=signal.SIGINT,  # the fast shutdown, whoever is connected
            ready=b"ready to accept connections",
        ):
            yield port
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="package")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Redis that keeps nothing."""
    folder, port = tmp_path_factory.mktemp("redis"), free_port()
    with redis_on(port, folder):
        yield port


def redis_on(port: int, folder: Path) -> Program:
    command = [find("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    return Program([*command, "--dir", folder], port, folder / "log")
