"""The file of a listening Unix socket: made by bind, removed at close if it is still ours.

Another server may have replaced it meanwhile: the inode tells. Names that begin with a null byte
(abstract) have no file.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from typing import Any

from ..log import logger


def is_abstract(path: str | bytes) -> bool:
    return path[:1] in ("\0", b"\0")


def remove_stale(path: str | bytes) -> None:
    """Remove what an earlier server left at *path*, if that is a socket."""
    try:
        if stat.S_ISSOCK(os.stat(path).st_mode):
            os.remove(path)
    except FileNotFoundError:
        pass  # nothing was left
    except OSError as exc:
        # a directory may allow to create but not to look or remove: bind will tell
        logger.error("Unable to check or remove stale UNIX socket %r: %r", path, exc)


class UnixPath:
    """A socket's file and the inode it had when it was made."""

    def __init__(self, path: str | bytes, inode: int) -> None:
        self._path = path
        self._inode = inode

    @classmethod
    def of(cls, sock: socket.socket) -> UnixPath | None:
        path = sock.getsockname()
        if not path or is_abstract(path):
            return None
        try:
            return cls(path, os.stat(path).st_ino)
        except FileNotFoundError:
            return None  # someone was faster

    @staticmethod
    def bind(path: Any, mode: int | None) -> socket.socket:
        """A stream socket bound to *path*, its file's permissions *mode* before anyone can connect.

        Raises:
            OSError: the address is in use or cannot be made.
            ValueError: a mode for an abstract name.
        """
        path = os.fspath(path)
        abstract = is_abstract(path)
        if abstract and mode is not None:
            raise ValueError("mode is not supported for abstract UNIX sockets")
        if not abstract:
            remove_stale(path)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.bind(path)
            if mode is not None:
                os.chmod(path, mode)
        except OSError as exc:
            sock.close()
            if exc.errno == errno.EADDRINUSE:
                raise OSError(exc.errno, f"Address {path!r} is already in use") from None
            raise
        except BaseException:  # a path that bind() cannot read
            sock.close()
            raise
        return sock

    def remove(self) -> None:
        try:
            if os.stat(self._path).st_ino == self._inode:
                os.unlink(self._path)
        except FileNotFoundError:
            pass  # already gone
        except OSError as exc:
            logger.error("Unable to clean up listening UNIX socket %r: %r", self._path, exc)
