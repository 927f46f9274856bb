from ..core cimport runtime
from ..core.scheduler cimport Scheduler
from ..core.watch cimport Channel
from .outbox cimport Outbox

cdef Py_ssize_t HIGH_WATER_BYTES
cdef Outbox NOTHING


cdef class SocketTransport(Channel):
    cdef readonly Scheduler _loop
    # None: let go of, see _sock
    cdef object _socket
    cdef readonly int _sock_fd
    # 0: alive; then how often connection_lost was scheduled or a write came too late
    cdef public int _conn_lost
    # truth values, all in one word
    cdef unsigned char _open
    # _receive is the function of a method, and wants _protocol first
    cdef unsigned char _unbound
    cdef unsigned char _buffered
    cdef unsigned char _described
    cdef readonly unsigned char _protocol_paused
    cdef unsigned char _writing
    cdef readonly unsigned char _closing
    cdef public unsigned char _protocol_connected
    # who is told, and for a Protocol its data_received
    cdef readonly object _protocol
    cdef object _receive
    # a context snapshot, see runtime.h
    cdef object _context
    cdef public object _server
    # what get_extra_info knows; before _described, what the maker gave besides the peer's name
    cdef public dict _extra
    # the peer's address in one number, if it is an IPv4 one
    cdef long long _peer_v4
    # held for the end of the turn or, if _writing, until the socket is writable
    cdef readonly Outbox _outbox
    cdef Py_ssize_t _high_water
    cdef Py_ssize_t _low_water
    # sendfile waits for an empty outbox
    cdef public object _empty_waiter
    cdef dict __dict__

    cdef int _start_writing(self) except -1
    cdef int _stop_writing(self) except -1
    cdef int _maybe_pause_protocol(self) except -1
    cdef int _maybe_resume_protocol(self) except -1
    cdef int _tell_protocol(self, str method) except -1
    cpdef _fatal_error(self, object exc, str message=*)
    cpdef _force_close(self, object exc)
    cpdef _go_idle(self)
    cdef int _release(self) except -1
    cdef int _describe(self) except -1
    cdef int _keep_peername(self) except -1
    cdef Outbox _own_outbox(self)
    cdef object _own_context(self)
    cdef int _set_receiver(self, object receive) except -1


cdef extern from "runtime.h":
    object call_one "EL_CALL_ONE" (SocketTransport owner, object function, object argument)
    object call_two "EL_CALL_TWO" (SocketTransport owner, object function, object first, object second)
    object tell_one "EL_TELL_ONE" (SocketTransport owner, object function, object argument)
    object tell_two "EL_TELL_TWO" (SocketTransport owner, object function, object first, object second)
    int dict_drop "EL_DICT_DROP" (SocketTransport owner) noexcept
    int context_slim "EL_CONTEXT_SLIM" (SocketTransport owner) noexcept
