"""The protocol's half of a stream, as far as it runs per packet: flow control and feeding.

asyncio's classes of this kind derive from Protocol, which a compiled class cannot do first of all;
protocol.py makes them from these.
"""

from __future__ import annotations

from asyncio.events import get_event_loop
from typing import TYPE_CHECKING, Any

from ..core import future, overseer, runtime
from ..core.future import Future
from ..core.operation import Operation
from ..core.overseer import Overseer
from ..core.task import Task
from ..core.turn import Turn
from ..log import logger
from ..transports.stream import StreamTransport
from . import reader
from .reader import StreamReader

if TYPE_CHECKING:
    import weakref
    from asyncio import AbstractEventLoop

    from .bytequeue import Data


class FlowControl(Overseer):
    """Whether the transport wants more, and who waits until it does."""

    __slots__ = ("_connection_lost", "_paused", "_drain_waiters", "_loop")

    def __init__(self, loop: AbstractEventLoop | None = None) -> None:
        if loop is None:
            loop = get_event_loop()
        self._loop = loop
        self._paused = False
        self._drain_waiters: list[Future[None]] | None = None
        self._connection_lost = False

    def pause_writing(self) -> None:
        """Called by the transport: enough for now."""
        assert not self._paused
        self._paused = True
        if self._loop.get_debug():
            logger.debug("%r pauses writing", self)

    def resume_writing(self) -> None:
        """Called by the transport: it has room again."""
        assert self._paused
        self._paused = False
        if self._loop.get_debug():
            logger.debug("%r resumes writing", self)
        self._release(None)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Called by the transport, once; who waits for room ends with `exc`."""
        self._connection_lost = True
        if self._paused:
            self._release(exc)

    def _release(self, exc: BaseException | None) -> None:
        if self._drain_waiters is None:
            return
        for waiter in self._drain_waiters:
            if not waiter.done():
                if exc is None:
                    waiter.set_result(None)
                else:
                    waiter.set_exception(exc)

    def _wait_for_room(self) -> Future[None]:
        loop: Any = self._loop
        waiter = future.new(loop) if isinstance(loop, Turn) else loop.create_future()
        if self._drain_waiters is None:
            self._drain_waiters = []
        self._drain_waiters.append(waiter)
        return waiter

    def _drain_helper(self) -> Drain:
        return draining(self, None, None)

    def _get_close_waiter(self, stream: Any) -> Any:
        raise NotImplementedError


class Feed(FlowControl):
    """Passes received bytes on to a reader, which it does not keep alive."""

    __slots__ = ("_stream_reader_wr",)

    def __init__(self, loop: AbstractEventLoop | None = None) -> None:
        FlowControl.__init__(self, loop)
        self._stream_reader_wr: weakref.ref[Any] | None = None

    def data_received(self, data: Data) -> None:
        """Called by the transport with each packet."""
        if self._stream_reader_wr is None:
            return
        target = self._stream_reader_wr()
        if type(target) is StreamReader:
            reader.feed(target, data)
        elif target is not None:
            target.feed_data(data)

    def _oversee(self, task: Any) -> bool:
        """Has `_on_task_done` called as its callback, without a callback; False if it cannot be."""
        return isinstance(task, Task) and not task.done() and overseer.watch(task, self)

    def _child_done(self, child: Any) -> None:
        child.get_context().run(self._on_task_done, child)

    def _on_task_done(self, task: Any) -> None:
        raise NotImplementedError


class Drain(Operation):
    """Until the protocol is not paused; at once, if it is not.

    With a transport that is closing, one turn passes first: else a loop of `write` and `drain`
    would never let `connection_lost` run and never see the error.
    """

    __slots__ = ("flow", "reader", "transport", "waiter")

    _qualname = "StreamWriter.drain"
    flow: FlowControl
    reader: Any
    transport: Any
    waiter: Future[None] | None

    def _poll(self) -> bool:
        flow = self.flow
        self.value = None
        if self.waiter is not None:
            self.leave()
            return True
        source = self.reader
        if source is not None:
            self.reader = None
            if type(source) is StreamReader:
                known = source
                exc = known._exception
            else:
                exc = source.exception()
            if exc is not None:
                raise exc
        transport = self.transport
        if transport is not None:
            self.transport = None
            if type(transport) is StreamTransport:
                stream = transport
                closing = stream._closing
            else:
                closing = transport.is_closing()
            if closing:
                return False
        if flow._connection_lost:
            raise ConnectionResetError("Connection lost")
        if not flow._paused:
            return True
        self.waiter = flow._wait_for_room()
        self.value = self.waiter
        return False

    def _fail(self, exc: BaseException) -> bool:
        self.leave()
        try:
            raise exc
        finally:
            del exc  # interpreted, this frame is in its traceback

    def leave(self) -> None:
        waiter = self.waiter
        waiters = self.flow._drain_waiters
        if waiter is not None and waiters is not None:
            self.waiter = None
            waiters.remove(waiter)


def draining(flow: FlowControl, reader: Any, transport: Any) -> Drain:
    """A Drain of `flow`, which looks at `reader` and `transport` first; each may be None."""
    operation = runtime.new_untracked(Drain)
    operation.flow = flow
    operation.reader = reader
    operation.transport = transport
    operation.waiter = None
    return operation


runtime.stock(Drain)
