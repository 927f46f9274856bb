"""Starting children: what is refused, what is passed on, and starts that fail or are called off."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
from typing import Any

import pytest

import eagerloop
from eagerloop.subprocess import DEVNULL, PIPE

from .test_child import BLOCKED, Listener, children, start


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"universal_newlines": True}, "universal_newlines must be False"),
        ({"shell": True}, "shell must be False"),
        ({"bufsize": 1}, "bufsize must be 0"),
        ({"text": True}, "text must be False"),
        ({"encoding": "utf-8"}, "encoding must be None"),
        ({"errors": "strict"}, "errors must be None"),
    ],
)
def test_options_without_meaning_here(
    loop: eagerloop.EventLoop, options: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        loop.run_until_complete(loop.subprocess_exec(eagerloop.SubprocessProtocol, "x", **options))
    if "shell" not in options:
        with pytest.raises(ValueError, match=f"^{text}$"):
            loop.run_until_complete(
                loop.subprocess_shell(eagerloop.SubprocessProtocol, "x", **options)
            )


def test_shells_own_refusals(loop: eagerloop.EventLoop) -> None:
    with pytest.raises(ValueError, match=r"^cmd must be a string$"):
        loop.run_until_complete(
            loop.subprocess_shell(eagerloop.SubprocessProtocol, ["ls"])  # type: ignore[arg-type]
        )
    with pytest.raises(ValueError, match=r"^shell must be True$"):
        loop.run_until_complete(
            loop.subprocess_shell(eagerloop.SubprocessProtocol, "ls", shell=False)
        )


@pytest.mark.parametrize("command", ["/no/such/program", "/etc/hostname"])
def test_a_program_that_cannot_be_started(command: str) -> None:
    """The exception comes through; no warning, no descriptor, no process."""

    async def main() -> None:
        before = os.listdir("/proc/self/fd")
        for _ in range(10):
            with pytest.raises(OSError, match=command):
                await start(command)
        gc.collect()
        assert os.listdir("/proc/self/fd") == before

    eagerloop.run(main())


def test_a_protocol_factory_that_fails() -> None:
    def factory() -> Listener:
        raise ZeroDivisionError

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        with pytest.raises(ZeroDivisionError):
            await loop.subprocess_exec(factory, *BLOCKED)

    eagerloop.run(main())


def test_cancelled_at_every_step_of_the_start() -> None:
    """However far the start has come, the child is killed and reaped and its pipes are closed."""

    async def main() -> None:
        loop = eagerloop.get_running_loop()
        completed = 0
        for turns in range(20):
            task = loop.create_task(loop.subprocess_exec(Listener, *BLOCKED))
            for _ in range(turns):
                await eagerloop.sleep(0)
            task.cancel()
            try:
                transport, protocol = await task
            except eagerloop.CancelledError:
                assert children() == set()
                continue
            completed += 1
            transport.close()
            await protocol.lost
        assert completed > 0  # the last ones came too late to stop it
        assert children() == set()

    eagerloop.run(main())


def test_a_pipe_that_cannot_be_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        loop = eagerloop.get_running_loop()
        real = loop.connect_read_pipe
        calls = 0

        async def connect(factory: Any, pipe: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise ZeroDivisionError
            return await real(factory, pipe)

        monkeypatch.setattr(loop, "connect_read_pipe", connect)
        with pytest.raises(ZeroDivisionError):
            await start(*BLOCKED)
        assert children() == set()

    eagerloop.run(main())


def test_popen_options_come_through(tmp_path: Any) -> None:
    async def main() -> None:
        reading, writing = os.pipe()
        transport, protocol = await start(
            "/bin/sh",
            "-c",
            f'echo "$FOO $PWD"; echo passed > /proc/self/fd/{writing}; exit 1',
            env={"FOO": "bar"},
            cwd=tmp_path,
            pass_fds=(writing,),
            start_new_session=True,
            preexec_fn=lambda: os.nice(1),
            stdin=DEVNULL,
        )
        await protocol.lost
        transport.close()
        os.close(writing)
        assert protocol.output[1] == f"bar {tmp_path}\n".encode()
        assert os.read(reading, 100) == b"passed\n"
        os.close(reading)
        with pytest.raises(subprocess.SubprocessError, match="preexec_fn"):
            await start("/bin/true", preexec_fn=lambda: 1 / 0)
        assert children() == set()

    eagerloop.run(main())


def test_inheritable_descriptors_that_are_not_passed_stay_here() -> None:
    async def main() -> None:
        reading, writing = os.pipe()
        os.set_inheritable(writing, True)
        transport, protocol = await start(
            "/bin/sh", "-c", f"echo x > /proc/self/fd/{writing}", stdin=None
        )
        await protocol.lost
        transport.close()
        assert transport.get_returncode() != 0
        os.close(writing)
        assert os.read(reading, 10) == b""
        os.close(reading)

    eagerloop.run(main())


def test_debug_mode_names_the_program(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        transport, protocol = await start("/bin/sh", "-c", "exit 0", stdin=PIPE, stdout=None)
        await protocol.lost
        transport.close()

    with caplog.at_level(logging.DEBUG, "asyncio"):
        eagerloop.run(main(), debug=True)
    assert "execute program '/bin/sh' stdin=<pipe> stderr=<pipe>" in caplog.text
    assert "process '/bin/sh' created: pid " in caplog.text
    assert "exited with return code 0" in caplog.text
