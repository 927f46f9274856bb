"""asyncio.subprocess's names."""

from __future__ import annotations

from subprocess import DEVNULL, PIPE, STDOUT

from .streams.process import (
    Process,
    SubprocessStreamProtocol,
    create_subprocess_exec,
    create_subprocess_shell,
)

__all__ = ("create_subprocess_exec", "create_subprocess_shell")  # as asyncio's

_reached_by_name = (DEVNULL, PIPE, STDOUT, Process, SubprocessStreamProtocol)
