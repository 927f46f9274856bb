# cython: nonecheck=True
"""One sock_* call: try first, wait only if the kernel says "not now".

An Operation (core/operation.py): a call that need not wait is no coroutine. One that waits is told of its descriptor by
the poller and makes its system call itself when its task runs. So a task cancelled between readiness and its next step
has taken nothing from the socket: no byte and no connection is lost.

`recv` and `send` of a plain socket go past the socket module, whose "not now" is an exception that costs as much as the
call. Whatever overrides or patches these methods is asked by its method.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from ..core import future, runtime, watch
from ..core.future import Future
from ..core.operation import Operation
from ..core.scheduler import Scheduler
from ..core.watch import Channel
from .readiness import NOT_NOW, check_socket

if TYPE_CHECKING:
    from collections.abc import Callable

runtime.init()

WOULD_BLOCK = -2
MOST_BYTES = 262144  # that a recv past the socket module takes

PLAIN = socket.socket
PATCHED = vars(PLAIN)  # has `recv` or `send` only if somebody put it there: they are _socket's


class Wake(Channel):
    """Who is told that the socket is ready, and wakes the call."""

    __slots__ = ("_fired", "_waiter")

    _fired: bool
    _waiter: Future[None] | None

    def _on_ready(self, event: int) -> None:
        self._fired = True
        waiter = self._waiter
        if waiter is not None and future.is_pending(waiter):
            future.settle(waiter, None)


def new_wake() -> Wake:
    made = runtime.new(Wake)
    made._flush_due = False
    made._fired = False
    made._waiter = None
    return made


class SocketCall(Operation):
    """What all calls share; a subclass says `attempt`."""

    __slots__ = ("_loop", "_sock", "_fd", "_event", "_wake")

    _loop: Scheduler
    _sock: Any
    _fd: int
    _event: int
    _wake: Wake | None

    def __init__(self, loop: Scheduler, sock: Any, writing: bool) -> None:
        self.begin(loop, sock, writing)

    def begin(self, loop: Scheduler, sock: Any, writing: bool) -> None:
        self._loop = loop
        self._sock = sock
        self._fd = -1
        self._event = watch._WRITE if writing else watch._READ
        self._wake = None  # it has not waited yet

    def attempt(self) -> bool:
        """True: `value` is the result; False: not now."""
        raise NotImplementedError

    def ask(self, method: Callable[..., Any], args: tuple[Any, ...]) -> bool:
        """`attempt` by a method of the socket, which may return anything."""
        try:
            self.value = method(*args)
        except NOT_NOW:
            return False
        return True

    def _poll(self) -> bool:
        if self._wake is None and (type(self._sock) is not PLAIN or self._loop._debug):
            loop: Any = self._loop
            check_socket(loop, self._sock)
        try:
            if self.attempt():
                self.leave()
                return True
            self.wait()
        except BaseException:  # whatever the socket or the poller says, it is no longer waited for
            self.leave()
            raise
        return False

    def _fail(self, exc: BaseException) -> bool:
        self.leave()
        try:
            raise exc
        finally:
            del exc  # interpreted, this frame is in its traceback

    def wait(self) -> None:
        """Until the socket is ready; then `_poll` is called again."""
        loop = self._loop
        wake = self._wake
        if wake is None:
            self.check()
            wake = new_wake()
        wake._fired = False
        waiter = wake._waiter = future.new(loop)
        loop._arm(self._fd, self._event, wake)
        self._wake = wake
        self.value = waiter

    def check(self) -> None:
        """Note the descriptor, which nobody else may use."""
        loop: Any = self._loop
        if self._loop._closed:
            loop._check_closed()
        fd = self._fd = self._sock.fileno()
        if loop._transports.may_have(fd):
            loop._ensure_fd_no_transport(fd)

    def leave(self) -> None:
        """The registration goes, unless someone else has taken the descriptor over: it may be another
        file's by now, if the user closed it.
        """
        wake = self._wake
        if wake is not None:
            wake._waiter = None
            self._loop._disarm(self._fd, self._event, wake, wake._fired)


class Receive(SocketCall):
    """`recv`."""

    __slots__ = ("_most",)

    _qualname = "EventLoop.sock_recv"

    _most: Any

    def attempt(self) -> bool:
        sock = self._sock
        most = self._most
        if (
            type(sock) is not PLAIN
            or "recv" in PATCHED
            or type(most) is not int
            or not 0 < most <= MOST_BYTES
        ):
            return self.ask(sock.recv, (most,))
        self.value = runtime.sock_recv_most(sock, sock.fileno(), most)
        return self.value is not None


class ReceiveInto(SocketCall):
    """`recv_into`."""

    __slots__ = ("_buffer",)

    _qualname = "EventLoop.sock_recv_into"

    _buffer: Any

    def attempt(self) -> bool:
        sock = self._sock
        if type(sock) is not PLAIN or "recv_into" in PATCHED:
            return self.ask(sock.recv_into, (self._buffer,))
        count = runtime.sock_recv_into(sock, sock.fileno(), self._buffer)
        self.value = count
        return count >= 0


class SendAll(SocketCall):
    """`send` until everything has gone."""

    __slots__ = ("_data", "_left")

    _qualname = "EventLoop.sock_sendall"

    _data: Any
    _left: int

    def attempt(self) -> bool:
        if self._left < 0:
            if type(self._data) is not bytes:
                self._data = memoryview(self._data).cast("B")
            self._left = len(self._data)
        sent = self.send_some()
        if sent < 0:
            return False
        self._left -= sent
        if self._left > 0:  # not tried again before there is room
            self._data = memoryview(self._data)[sent:]
            return False
        self._data = None
        self.value = None
        return True

    def send_some(self) -> int:
        """Bytes sent, or negative: not now."""
        sock = self._sock
        if type(sock) is not PLAIN or "send" in PATCHED:
            return self.value if self.ask(sock.send, (self._data,)) else WOULD_BLOCK
        sent = runtime.sock_send(sock, sock.fileno(), self._data)
        if sent < WOULD_BLOCK:
            raise runtime.sock_error(sent)
        return sent


class MethodCall(SocketCall):
    """A method of the socket."""

    __slots__ = ("_method", "_args")

    _method: str
    _args: tuple[Any, ...]

    @property
    def _qualname(self) -> str:  # type: ignore[override]  # nobody sets it
        return f"EventLoop.sock_{self._method}"

    def attempt(self) -> bool:
        return self.ask(getattr(self._sock, self._method), self._args)


class Accept(MethodCall):
    """`accept`; the new socket does not block either."""

    __slots__ = ()

    def attempt(self) -> bool:
        if not MethodCall.attempt(self):
            return False
        self.value[0].setblocking(False)
        return True


def receive(loop: Scheduler, sock: Any, most: Any) -> Receive:
    made = runtime.new_untracked(Receive)
    made.begin(loop, sock, False)
    made._most = most
    return made


def receive_into(loop: Scheduler, sock: Any, buffer: Any) -> ReceiveInto:
    made = runtime.new_untracked(ReceiveInto)
    made.begin(loop, sock, False)
    made._buffer = buffer
    return made


def send_all(loop: Scheduler, sock: Any, data: Any) -> SendAll:
    made = runtime.new_untracked(SendAll)
    made.begin(loop, sock, True)
    made._data = data
    made._left = -1  # not known yet
    return made


def call(
    loop: Scheduler, sock: Any, writing: bool, method: str, args: tuple[Any, ...]
) -> MethodCall:
    made = MethodCall.__new__(MethodCall)
    made.begin(loop, sock, writing)
    made._method = method
    made._args = args
    return made


def accept(loop: Scheduler, sock: Any) -> Accept:
    made = Accept.__new__(Accept)
    made.begin(loop, sock, False)
    made._method = "accept"
    made._args = ()
    return made


runtime.stock(Wake)
runtime.stock(Receive)
runtime.stock(ReceiveInto)
runtime.stock(SendAll)
