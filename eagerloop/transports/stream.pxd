cimport cython

from ..core cimport runtime, watch
from .outbox cimport Outbox
from .socketed cimport SocketTransport, call_one, tell_one, tell_two

cdef Py_ssize_t HOLD_BYTES, LARGE_BYTES, WOULD_BLOCK


cdef class StreamTransport(SocketTransport):
    # the turn that it last wrote in
    cdef long long _wrote_in_turn
    cdef int _last_read_bytes
    # that turn had several writes
    cdef unsigned char _joins
    cdef readonly unsigned char _paused
    cdef readonly unsigned char _eof

    @cython.locals(data=bytes)
    cdef object _read(self)
    cdef int _receive_failed(self, object exc, str method) except -1
    @cython.locals(count=Py_ssize_t)
    cdef object _read_into(self)
    cdef object _receive_eof(self)
    cdef object _write(self, object data)
    @cython.locals(size=Py_ssize_t)
    cdef object _put(self, object data)
    cdef int _check_writable(self, str method) except -1
    cdef int _warn_lost(self) except -1
    @cython.locals(running="bint", expected="bint")
    cdef bint _holds_first(self, Py_ssize_t size) except -1
    @cython.locals(count=Py_ssize_t)
    cdef object _send_first(self, object data, Py_ssize_t size)
    cdef int _send_or_hold(self, Py_ssize_t added_bytes) except -1
    cdef int _flush_now(self) except -1
    @cython.locals(count=Py_ssize_t)
    cdef object _send_waiting(self)
    @cython.locals(box=Outbox)
    cpdef _force_close(self, object exc)
    cdef int _shut_down_sending(self) except -1
