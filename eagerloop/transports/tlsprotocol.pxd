cimport cython

from ..core.scheduler cimport Scheduler
from ..core.watch cimport Channel
from . cimport tlsstate
from .stream cimport StreamTransport
from .tlsapplication cimport Application
from .tlsbacklog cimport Backlog
from .tlsstate cimport TLSState
from .tlstransport cimport TLSTransport

cdef Py_ssize_t _PIECE, _RECORD


cdef class TLSProtocol(Channel):
    cdef readonly Application _app
    # written and not encrypted yet
    cdef readonly Backlog _backlog
    # writes after the end
    cdef int _conn_lost
    # why we are closing
    cdef object _failure
    cdef double _handshake_start
    cdef object _handshake_timeout
    # start_tls: its caller gets the transport before the first data comes
    cdef bint _held
    cdef readonly object _loop
    cdef bint _peer_eof
    cdef Py_ssize_t _read_high
    cdef Py_ssize_t _read_low
    # the application asked us to pause
    cdef readonly bint _app_reading_paused
    # the loop, if it is one of ours
    cdef Scheduler _scheduler
    # the turn in which a write last went out at once
    cdef long long _sent_in_turn
    cdef object _shutdown_timeout
    cdef readonly object _sslcontext
    # _transport, if it is one of ours
    cdef StreamTransport _stream
    # one: for the handshake, then for the shutdown
    cdef object _timer
    cdef readonly TLSState _tls
    cdef readonly object _transport
    # the transport told us to pause writing
    cdef public bint _transport_full
    # we paused the transport's reading
    cdef bint _transport_paused
    cdef object _waiter

    cpdef flush(self)
    cdef int _take(self, bytes data) except -1
    cdef int _go_on(self) except -1
    @cython.locals(done=bint)
    cdef object _go_on_with_handshake(self)
    cdef int _handshake_done(self) except -1
    cdef int _handshake_failed(self, exc) except -1
    cdef int _wake_waiter(self, exc) except -1
    @cython.locals(more=bint, room=Py_ssize_t)
    cdef object _deliver(self)
    cdef object _peer_ended(self)
    cdef int _resume_reading(self) except -1
    @cython.locals(size=Py_ssize_t, wanted=bint)
    cdef object _control_reading(self)
    @cython.locals(blocked=bint, first=bint)
    cdef object _write(self, data)
    cdef object _write_lines(self, lines)
    cdef bint _may_write(self) except -1
    cdef bint _is_blocked(self) except -1
    @cython.locals(turn="long long")
    cdef bint _is_first_of_turn(self) except -1
    cdef int _send_or_hold(self, bint at_once) except -1
    @cython.locals(state=int)
    cdef int _write_backlog(self) except -1
    @cython.locals(count=Py_ssize_t)
    cdef bint _encrypt(self, data) except -1
    cdef int _pass_on(self) except -1
    cdef int _send(self) except -1
    cdef int _close(self) except -1
    cdef int _begin_shutdown(self) except -1
    cdef int _start_shutdown_timer(self) except -1
    cdef int _cancel_timer(self) except -1
    cdef object _go_on_with_flush(self)
    @cython.locals(done=bint)
    cdef object _go_on_with_shutdown(self)
    cdef int _end(self) except -1
    cdef int _abort(self, exc) except -1
    cdef object _force_close(self, exc)
    cdef int _fatal_error(self, exc, str message=*) except -1
