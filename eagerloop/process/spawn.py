"""Starting a child: what `loop.subprocess_exec` and `loop.subprocess_shell` do.

A transport carries bytes, so text mode and buffering are refused, in asyncio's words. A start that
fails or is cancelled on the way leaves nothing: no process, no zombie, no descriptor.
"""

from __future__ import annotations

import subprocess
from asyncio.protocols import BaseProtocol
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..log import logger
from .child import ChildTransport

if TYPE_CHECKING:
    from ..eventloop import EventLoop

_Protocol = TypeVar("_Protocol", bound=BaseProtocol)


class Spawning:
    """The loop's methods that start a child; those of pipes and signals are in eventloop.py."""

    __slots__ = ()

    async def subprocess_exec(
        self: Any,
        protocol_factory: Callable[[], _Protocol],
        program: Any,
        *args: Any,
        stdin: Any = subprocess.PIPE,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
        universal_newlines: Any = False,
        shell: Any = False,
        bufsize: Any = 0,
        encoding: Any = None,
        errors: Any = None,
        text: Any = None,
        **kwargs: Any,
    ) -> tuple[ChildTransport, _Protocol]:
        """Run a program with its arguments; return the transport and the protocol.

        Args:
            protocol_factory: makes the protocol, which hears of each pipe and of the exit.
            program: a path, or a name that is looked for in PATH.
            stdin: PIPE, DEVNULL, a file or descriptor, or None to share the parent's; `stdout`
                and `stderr` likewise, and STDOUT for `stderr`.
            kwargs: as for `subprocess.Popen`.

        Raises:
            ValueError: an option that has no meaning for bytes, such as `text`.
            OSError: the program cannot be started.
        """
        return await spawn_exec(
            self, protocol_factory, (program, *args), stdin=stdin, stdout=stdout, stderr=stderr,
            universal_newlines=universal_newlines, shell=shell, bufsize=bufsize,
            encoding=encoding, errors=errors, text=text, **kwargs,
        )  # fmt: skip

    async def subprocess_shell(
        self: Any,
        protocol_factory: Callable[[], _Protocol],
        cmd: bytes | str,
        *,
        stdin: Any = subprocess.PIPE,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
        universal_newlines: Any = False,
        shell: Any = True,
        bufsize: Any = 0,
        encoding: Any = None,
        errors: Any = None,
        text: Any = None,
        **kwargs: Any,
    ) -> tuple[ChildTransport, _Protocol]:
        """Run a command line in the shell; as `subprocess_exec`."""
        return await spawn_shell(
            self, protocol_factory, cmd, stdin=stdin, stdout=stdout, stderr=stderr,
            universal_newlines=universal_newlines, shell=shell, bufsize=bufsize,
            encoding=encoding, errors=errors, text=text, **kwargs,
        )  # fmt: skip


async def spawn_exec(
    loop: EventLoop,
    protocol_factory: Callable[[], _Protocol],
    command: tuple[Any, ...],
    *,
    universal_newlines: Any,
    shell: Any,
    bufsize: Any,
    text: Any,
    encoding: Any,
    errors: Any,
    **options: Any,
) -> tuple[ChildTransport, _Protocol]:
    """Run a program with its arguments.

    Raises:
        ValueError: an option that has no meaning here.
        OSError: the program can't be started.
    """
    if universal_newlines:
        raise ValueError("universal_newlines must be False")
    if shell:
        raise ValueError("shell must be False")
    _refuse_text(bufsize, text, encoding, errors)
    return await _spawn(
        loop, protocol_factory, command, f"execute program {command[0]!r}", shell=False, **options
    )


async def spawn_shell(
    loop: EventLoop,
    protocol_factory: Callable[[], _Protocol],
    command: Any,
    *,
    universal_newlines: Any,
    shell: Any,
    bufsize: Any,
    text: Any,
    encoding: Any,
    errors: Any,
    **options: Any,
) -> tuple[ChildTransport, _Protocol]:
    """Run a command line in the shell.

    Raises:
        ValueError: an option that has no meaning here, or a command that is no string.
        OSError: the shell can't be started.
    """
    if not isinstance(command, bytes | str):
        raise ValueError("cmd must be a string")
    if universal_newlines:
        raise ValueError("universal_newlines must be False")
    if not shell:
        raise ValueError("shell must be True")
    _refuse_text(bufsize, text, encoding, errors)
    return await _spawn(
        loop, protocol_factory, command, f"run shell command {command!r}", shell=True, **options
    )


def _refuse_text(bufsize: Any, text: Any, encoding: Any, errors: Any) -> None:
    if bufsize != 0:
        raise ValueError("bufsize must be 0")
    if text:
        raise ValueError("text must be False")
    if encoding is not None:
        raise ValueError("encoding must be None")
    if errors is not None:
        raise ValueError("errors must be None")


async def _spawn(
    loop: EventLoop,
    protocol_factory: Callable[[], _Protocol],
    command: Any,
    deed: str,
    **options: Any,
) -> tuple[ChildTransport, _Protocol]:
    debug = loop.get_debug()
    protocol = protocol_factory()
    if debug:
        logger.debug("%s%s", deed, _describe_stdio(**options))
    transport = ChildTransport(loop, protocol, command, **options)
    try:
        await transport.connect()
    except (SystemExit, KeyboardInterrupt):  # the loop is going down with it
        raise
    except BaseException:  # cancelled, or a pipe could not be connected
        transport.close()
        await transport._wait()
        raise
    if debug:
        logger.info("%s: %r", deed, transport)
    return transport, protocol


def _describe_stdio(*, stdin: Any, stdout: Any, stderr: Any, **_: Any) -> str:
    if stdout is not None and stderr == subprocess.STDOUT:
        streams = {"stdin": stdin, "stdout=stderr": stdout}
    else:
        streams = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
    return "".join(
        f" {name}={_describe(target)}" for name, target in streams.items() if target is not None
    )


def _describe(target: Any) -> str:
    if target == subprocess.PIPE:
        return "<pipe>"
    return "<stdout>" if target == subprocess.STDOUT else repr(target)
