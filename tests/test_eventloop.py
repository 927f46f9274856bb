"""EventLoop is asyncio's interface: every method, the newest signatures, nothing left to the base."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from typing import Any

import pytest

import eagerloop
from eagerloop.eventloop import EventLoop
from tests.conftest import Run
from tests.net.peers import nonblocking_pair

ABSTRACT = sorted(
    name
    for name, value in vars(asyncio.AbstractEventLoop).items()
    if inspect.isfunction(value) and not name.startswith("__")
)


@pytest.mark.parametrize("name", ABSTRACT)
def test_no_method_is_left_to_the_interface(name: str) -> None:
    assert getattr(EventLoop, name) is not getattr(asyncio.AbstractEventLoop, name)


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("create_server", {"keep_alive": None, "reuse_port": None, "start_serving": True}),
        ("create_unix_server", {"cleanup_socket": True, "mode": None, "backlog": 100}),
        ("create_connection", {"all_errors": False, "ssl_shutdown_timeout": None}),
        ("sock_recvfrom_into", {"nbytes": 0}),
    ],
)
def test_newest_parameters(method: str, parameters: dict[str, Any]) -> None:
    found = inspect.signature(getattr(EventLoop, method)).parameters
    assert {name: found[name].default for name in parameters} == parameters


def test_it_is_an_asyncio_loop(loop: Any) -> None:
    assert isinstance(loop, EventLoop)
    assert isinstance(loop, asyncio.AbstractEventLoop)
    with contextlib.closing(eagerloop.new_event_loop(poller="select")) as made:
        assert type(made) is EventLoop
        assert made.poller == "select"


def test_a_run_leaves_its_dict_to_the_user(loop: Any) -> None:
    loop.run_until_complete(eagerloop.wait_for(eagerloop.sleep(0.001), 1))
    assert loop.__dict__ == {}
    loop.note = "mine"
    assert loop.note == "mine"


def test_readers_and_writers(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            seen: list[str] = []
            loop.add_reader(left, seen.append, "read")
            loop.add_writer(left.fileno(), seen.append, "write")
            right.send(b"x")
            while set(seen) != {"read", "write"}:
                await asyncio.sleep(0)
            assert loop.remove_writer(left)
            assert loop.remove_reader(left.fileno())
            assert not loop.remove_reader(left)
            assert not loop.remove_writer(left)
            del seen[:]
            await asyncio.sleep(0.01)
            assert seen == []

    run(main)


def test_a_second_reader_replaces_the_first(run: Run) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        left, right = nonblocking_pair()
        with left, right:
            seen: list[str] = []
            loop.add_reader(left, seen.append, "first")
            loop.add_reader(left, seen.append, "second")
            right.send(b"x")
            await asyncio.sleep(0.01)
            assert set(seen) == {"second"}
            loop.remove_reader(left)

    run(main)


def test_a_closed_loop(loop: Any) -> None:
    left, right = nonblocking_pair()
    with left, right:
        loop.close()
        for call in (loop.add_reader, loop.add_writer):
            with pytest.raises(RuntimeError, match="Event loop is closed"):
                call(left, print)
        assert loop.remove_reader(left) is False
        assert loop.remove_writer(left) is False


def test_things_without_a_descriptor(loop: Any) -> None:
    for call in (loop.add_reader, loop.add_writer):
        with pytest.raises(ValueError, match="Invalid file object"):
            call(object(), print)
