"""The pipes of a child's standard streams: one end stays here, the other is the child's.

They are made here and handed to `subprocess.Popen` as descriptors: its own, before Python 3.11.4,
are lost if the descriptors run out between the first pipe and the last.
"""

from __future__ import annotations

import fcntl
import io
import os
import subprocess
from typing import Any

_NAMES = ("stdin", "stdout", "stderr")
_SET_SIZE: int | None = getattr(fcntl, "F_SETPIPE_SZ", None)  # Linux


class StandardPipes:
    """A pipe for each of stdin, stdout and stderr that is to be `subprocess.PIPE`.

    Args:
        targets: what the caller wants the three to be.
        size: bytes that a pipe is to hold, where that can be set; -1: the system's default.

    Raises:
        OSError: no descriptors left; none is kept.
    """

    def __init__(self, targets: tuple[Any, Any, Any], size: int = -1) -> None:
        self.targets = list(targets)  # for Popen: the child's ends in place of PIPE
        self.ours: dict[int, int] = {}
        self._theirs: list[int] = []
        try:
            for number, target in enumerate(targets):
                if target == subprocess.PIPE:
                    self._open(number, size)
        except BaseException:  # all or none
            self.close()
            raise

    def _open(self, number: int, size: int) -> None:
        reading, writing = os.pipe()
        ours, theirs = (writing, reading) if number == 0 else (reading, writing)
        self.ours[number] = ours
        self._theirs.append(theirs)
        self.targets[number] = theirs
        if size > 0 and _SET_SIZE is not None:
            fcntl.fcntl(writing, _SET_SIZE, size)

    def hand_over(self, process: subprocess.Popen[bytes]) -> None:
        """The child runs: its ends are closed here, and ours become files of the Popen."""
        self._close_theirs()
        while self.ours:
            number, descriptor = self.ours.popitem()
            setattr(process, _NAMES[number], io.FileIO(descriptor, "r" if number else "w"))

    def close(self) -> None:
        """There is no child."""
        self._close_theirs()
        while self.ours:
            os.close(self.ours.popitem()[1])

    def _close_theirs(self) -> None:
        while self._theirs:
            os.close(self._theirs.pop())
