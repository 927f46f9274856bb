cimport cython

from ..core.turn cimport Turn
from ..core.watch cimport Channel
from . cimport tlsstate
from .tlsstate cimport TLSState
from .tlstransport cimport TLSTransport

cdef int _INIT, _CONNECTED, _EOF, _LOST
cdef Py_ssize_t _SCRATCH, _RECORD, _PIECE


cdef class TLSProtocol(Channel):
    cdef bint _app_buffered
    # the application was told to pause writing
    cdef readonly bint _app_paused
    cdef readonly object _app_protocol
    cdef int _app_stage
    cdef readonly TLSTransport _app_transport
    # written and not encrypted yet
    cdef object _backlog
    cdef readonly Py_ssize_t _backlog_size
    # writes after the end
    cdef int _conn_lost
    # this turn's first write has gone out
    cdef bint _corked
    # why we are closing
    cdef object _failure
    cdef double _handshake_start
    cdef object _handshake_timeout
    cdef object _handshake_timer
    cdef readonly object _loop
    cdef bint _peer_eof
    cdef Py_ssize_t _read_high
    cdef Py_ssize_t _read_low
    # the application asked us to pause reading
    cdef readonly bint _reading_paused
    cdef bytearray _scratch
    cdef object _scratch_view
    cdef object _shutdown_timeout
    cdef object _shutdown_timer
    cdef object _sslcontext
    cdef TLSState _tls
    cdef readonly object _transport
    # the transport told us to pause writing
    cdef bint _transport_full
    # we paused the transport's reading
    cdef bint _transport_paused
    # the loop, if it is one of ours
    cdef Turn _turn
    cdef object _waiter
    cdef Py_ssize_t _write_high
    cdef Py_ssize_t _write_low

    cdef void _set_app_protocol(self, protocol) except *
    cpdef flush(self)
    cdef void _go_on_with_handshake(self) except *
    cdef void _handshake_done(self) except *
    cdef void _handshake_failed(self, exc) except *
    cdef void _wake_waiter(self, exc) except *
    @cython.locals(more=bint, room=Py_ssize_t)
    cdef void _deliver(self) except *
    @cython.locals(size=Py_ssize_t, count=Py_ssize_t)
    cdef bint _deliver_bytes(self, Py_ssize_t room) except -1
    @cython.locals(room=Py_ssize_t, size=Py_ssize_t, count=Py_ssize_t)
    cdef bint _deliver_buffered(self) except -1
    cdef void _tell_eof(self) except *
    cdef void _pause_reading(self) except *
    cdef void _resume_reading(self) except *
    @cython.locals(size=Py_ssize_t)
    cdef void _control_reading(self) except *
    @cython.locals(size=Py_ssize_t, corked=bint)
    cdef void _write(self, data) except *
    @cython.locals(count=Py_ssize_t)
    cdef void _write_now(self, data, Py_ssize_t size) except *
    cdef void _append(self, data) except *
    @cython.locals(corked=bint)
    cdef void _write_lines(self, lines) except *
    cdef bint _may_write(self) except -1
    cdef void _cork(self) except *
    @cython.locals(count=Py_ssize_t)
    cdef void _write_backlog(self) except *
    @cython.locals(size=Py_ssize_t)
    cdef object _next_piece(self)
    cdef void _send_quietly(self) except *
    cdef void _send(self) except *
    @cython.locals(size=Py_ssize_t)
    cdef void _control_writing(self) except *
    cdef void _tell_flow(self, str name) except *
    cdef void _close(self) except *
    cdef void _begin_shutdown(self) except *
    cdef void _start_shutdown_timer(self) except *
    cdef void _go_on_with_flush(self) except *
    cdef void _go_on_with_shutdown(self) except *
    cdef void _abort(self, exc) except *
    cdef void _force_close(self, exc) except *
    cdef void _fatal_error(self, exc, message=*) except *
    cdef object _get_extra_info(self, name, default=*)

cdef tuple water_marks(high, low, default)
