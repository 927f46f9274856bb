"""asyncio.subprocess's names."""

from __future__ import annotations

from subprocess import DEVNULL as DEVNULL
from subprocess import PIPE as PIPE
from subprocess import STDOUT as STDOUT

from .streams.process import Process as Process
from .streams.process import SubprocessStreamProtocol as SubprocessStreamProtocol
from .streams.process import create_subprocess_exec, create_subprocess_shell

__all__ = ("create_subprocess_exec", "create_subprocess_shell")  # as asyncio's: no more
