"""StreamReaderProtocol: between a transport and a pair of streams; runs per connection."""

from __future__ import annotations

import weakref
from asyncio.protocols import Protocol
from typing import TYPE_CHECKING, Any

from ..core.future import isfuture
from ..coroutines import iscoroutine
from .flow import Feed, FlowControl
from .writer import StreamWriter

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future, Task
    from collections.abc import Awaitable, Callable
    from traceback import StackSummary

    from .reader import StreamReader

    ClientConnected = Callable[[StreamReader, StreamWriter], Awaitable[None] | None]


_OVER = object()  # the connection is lost, without an error


class FlowControlMixin(FlowControl, Protocol):
    """Flow control for `StreamWriter.drain`; a subclass gives `_get_close_waiter`."""

    __slots__ = ()


class StreamReaderProtocol(Feed, FlowControlMixin):
    """Feeds a StreamReader; on a server, also starts the handler of a new client.

    Args:
        stream_reader: not kept alive, except until the handler has it.
        client_connected_cb: the handler, a coroutine function or a plain one.
        loop: the event loop; the running or set one if omitted.
    """

    __slots__ = (
        "__dict__",
        "__weakref__",
        "_client_connected_cb",
        "_end",
        "_strong_reader",
        "_task",
        "_transport",
    )

    # Few have another value: it is in their __dict__, and an idle stream has room for none.
    _over_ssl = False
    _parent_task = None  # who waits for the handler: nobody
    _reject_connection = False
    _source_traceback: StackSummary | None = None

    def __init__(
        self,
        stream_reader: StreamReader | None,
        client_connected_cb: ClientConnected | None = None,
        loop: AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(loop)
        self._strong_reader: StreamReader | None = None
        if stream_reader is not None:
            self._stream_reader_wr = weakref.ref(stream_reader)
            if stream_reader._source_traceback is not None:
                self._source_traceback = stream_reader._source_traceback
        if client_connected_cb is not None:
            self._strong_reader = stream_reader
        self._task: Task[Any] | None = None
        self._transport: Any = None
        self._client_connected_cb = client_connected_cb
        # the future of who waits for the end; after it _OVER, or the error that it came with
        self._end: Any = None

    @property
    def _stream_reader(self) -> Any:
        return None if self._stream_reader_wr is None else self._stream_reader_wr()

    def _set_transport(self, transport: Any) -> None:
        self._transport = transport
        over_ssl = transport.get_extra_info("sslcontext") is not None
        if over_ssl is not self._over_ssl:
            self._over_ssl = over_ssl

    def _replace_transport(self, transport: Any) -> None:
        self._set_transport(transport)
        reader = self._stream_reader
        if reader is not None:
            reader._replace_transport(transport)

    def connection_made(self, transport: Any) -> None:
        if self._reject_connection:
            self._reject(transport)
            return
        reader = self._stream_reader
        if reader is not None:
            reader.set_transport(transport)
        self._set_transport(transport)
        if self._client_connected_cb is not None:
            try:
                self._start_handler(self._client_connected_cb, reader, transport)
            finally:
                self._strong_reader = None

    def _reject(self, transport: Any) -> None:
        context: dict[str, Any] = {
            "message": "An open stream was garbage collected prior to establishing network "
            'connection; call "stream.close()" explicitly.'
        }
        if self._source_traceback:
            context["source_traceback"] = self._source_traceback
        self._loop.call_exception_handler(context)
        transport.abort()

    def _start_handler(self, handler: ClientConnected, reader: Any, transport: Any) -> None:
        try:
            result = handler(reader, StreamWriter(transport, self, reader, self._loop))
        except Exception as exc:  # a plain function failed: reported as a coroutine's failure is
            self._handler_failed(exc, transport)
            return
        if iscoroutine(result):
            # held here, for the loop alone would not keep it from the garbage collector
            self._task = self._loop.create_task(result)  # type: ignore[arg-type]
            if not self._oversee(self._task):
                self._task.add_done_callback(self._on_task_done)

    def _on_task_done(self, task: Task[Any]) -> None:
        """The handler ended: its connection is closed if it failed or was cancelled."""
        transport = self._transport
        self._task = None
        if self._connection_lost:
            self._transport = None
        if task.cancelled():
            transport.close()
        elif (exc := task.exception()) is not None:
            self._handler_failed(exc, transport)

    def _handler_failed(self, exc: BaseException, transport: Any) -> None:
        self._loop.call_exception_handler(
            {
                "message": "Unhandled exception in client_connected_cb",
                "exception": exc,
                "transport": transport,
            }
        )
        transport.close()

    def eof_received(self) -> bool:
        """Called by the transport; True keeps the sending half open, which TLS cannot."""
        reader = self._stream_reader
        if reader is not None:
            reader.feed_eof()
        return not self._over_ssl

    def connection_lost(self, exc: BaseException | None) -> None:
        reader = self._stream_reader
        if reader is not None:
            if exc is None:
                reader.feed_eof()
            else:
                reader.set_exception(exc)
        if isfuture(self._end) and not self._end.done():
            settle(self._end, exc)
        else:  # nobody waits: it was not asked for, or who asked was cancelled
            self._end = _OVER if exc is None else exc
        super().connection_lost(exc)
        self._stream_reader_wr = None
        if self._task is None:
            self._transport = None
        self._task = None  # the transport stays until the handler has ended

    @property
    def _closed(self) -> Future[None]:
        """Settled when the connection is lost; made when somebody wants it."""
        end = self._end
        if end is None or (isfuture(end) and end.cancelled()):  # its waiter was, the end was not
            self._end = self._loop.create_future()
        elif not isfuture(end):
            self._end = self._loop.create_future()
            settle(self._end, None if end is _OVER else end)
        return self._end

    def _get_close_waiter(self, stream: Any) -> Future[None]:
        return self._closed

    def __del__(self) -> None:
        # nobody need call wait_closed(): an exception there is not reported as never retrieved
        closed: Any = getattr(self, "_end", None)  # none: the constructor failed
        if isfuture(closed) and closed.done() and not closed.cancelled():
            closed.exception()


def settle(waiter: Future[None], exc: BaseException | None) -> None:
    if waiter.done():  # cancelled
        return
    if exc is None:
        waiter.set_result(None)
    else:
        waiter.set_exception(exc)
