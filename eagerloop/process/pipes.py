"""Connecting a pipe: what `loop.connect_read_pipe` and `loop.connect_write_pipe` do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..log import logger
from ..transports.pipe import ReadPipeTransport

if TYPE_CHECKING:
    from ..base_events import BaseEventLoop
    from ..transports.writepipe import WritePipeTransport

_Protocol = TypeVar("_Protocol")


async def connect_pipe(
    loop: BaseEventLoop,
    kind: type[ReadPipeTransport | WritePipeTransport],
    protocol_factory: Callable[[], _Protocol],
    pipe: Any,
) -> tuple[Any, _Protocol]:
    """Make a transport of `kind` on the file object `pipe`, which it takes over.

    Raises:
        ValueError: `pipe` is a regular file.
    """
    protocol = protocol_factory()
    waiter = loop.create_future()
    transport = kind(loop, pipe, protocol, waiter)
    try:
        await waiter
    except BaseException:  # cancelled: nobody would ever close the pipe
        transport.close()
        raise
    if loop.get_debug():
        end = "Read" if kind is ReadPipeTransport else "Write"
        logger.debug("%s pipe %r connected: (%r, %r)", end, pipe.fileno(), transport, protocol)
    return transport, protocol
