from .pipe cimport PipeTransport

cdef Py_ssize_t _HELD_BYTES, _JOIN_BYTES, _PIECES, _HIGH_WATER_BYTES, _LOST_WRITES
cdef bint _FIFO_HIDES_THE_END


cdef class WritePipeTransport(PipeTransport):
    # what the pipe has not taken: bytes and views of bytes, and how many bytes they are together
    cdef list _pieces
    cdef Py_ssize_t _size
    # the pipe is full and the poller watches for room
    cdef bint _waiting
    # a write went out in this turn: flush() will be called at its end
    cdef bint _turn_open
    cdef Py_ssize_t _conn_lost
    # bytes
    cdef Py_ssize_t _high_water, _low_water
    cdef bint _protocol_paused

    cdef object _maybe_pause(self)
    cdef object _maybe_resume(self)
    cdef int _report(self, str message, object exc) except -1
    cdef object _send(self, object data, Py_ssize_t size, bint constant)
    cdef object _send_pieces(self)
    cdef int _wait(self) except -1
    cdef int _unwait(self) except -1
    cdef int _broken(self, object exc) except -1
    cdef int _abandon(self, object exc) except -1
    cdef int _drop(self) except -1

cdef bint _has_ended(int fileno) except -1
