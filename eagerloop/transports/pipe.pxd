from ..core cimport handle, runtime
from ..core.scheduler cimport Scheduler
from ..core.watch cimport Channel

cdef Py_ssize_t _READ_BYTES


cdef class PipeTransport(Channel):
    cdef readonly Scheduler _loop
    # the file object; None once it is closed
    cdef public object _pipe
    cdef readonly int _fileno
    cdef readonly object _protocol
    cdef public dict _extra
    # closing: nothing more is accepted; ended: connection_lost is on its way
    cdef readonly bint _closing
    cdef bint _ended
    # _fileno is a duplicate, ours to close
    cdef bint _duplicate
    cdef unsigned int _mode
    cdef dict __dict__

    cdef int _take(self, int fileno) except -1
    cdef list _state(self)
    cdef bint _is_live(self) except -1
    cdef int _fatal_error(self, object exc, str message, bint quiet) except -1
    cdef object _end(self, object exc)
    cdef int _release(self) except -1


cdef class ReadPipeTransport(PipeTransport):
    # a snapshot, see runtime.h
    cdef object _context
    cdef readonly bint _paused

    cdef int _read(self) except -1
    cpdef bint is_reading(self) except -1
