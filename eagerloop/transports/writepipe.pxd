cimport cython

from .outbox cimport Outbox
from .pipe cimport PipeTransport

cdef Py_ssize_t _LARGE_BYTES, _HOLD_BYTES, _PIECES, _HIGH_WATER_BYTES, _LOST_WRITES
cdef bint _FIFO_HIDES_THE_END


cdef class WritePipeTransport(PipeTransport):
    cdef readonly Outbox _outbox
    # the pipe is full and the poller watches for room
    cdef bint _waiting
    # the turn in which a write last went out at once
    cdef long long _sent_in_turn
    cdef Py_ssize_t _conn_lost
    # bytes
    cdef Py_ssize_t _high_water, _low_water
    cdef bint _protocol_paused

    cdef object _maybe_pause(self)
    cdef object _maybe_resume(self)
    cdef int _report(self, str message, object exc) except -1
    @cython.locals(count=Py_ssize_t)
    cdef object _send_first(self, object data, Py_ssize_t size)
    cdef object _send_held(self)
    @cython.locals(box=Outbox, pieces=list, offered=Py_ssize_t, count=Py_ssize_t)
    cdef object _send_pieces(self)
    cdef int _wait(self) except -1
    cdef int _unwait(self) except -1
    cdef int _broken(self, object exc) except -1
    cdef int _abandon(self, object exc) except -1
    cdef int _drop(self) except -1

cdef bint _tells_the_end(int fileno, unsigned int mode) except -1
@cython.locals(pieces=list, size=Py_ssize_t, index=Py_ssize_t)
cdef list _front(Outbox box)
cdef bint _has_ended(int fileno) except -1
