cimport cython

from . cimport handle, runtime
from .handle cimport Handle

cdef int _READ, _WRITE


cdef class Channel:
    # the loop will call flush() at the end of this turn
    cdef public bint _flush_due
    cdef object __weakref__

    cdef int _on_ready(self, int event) except -1
    cdef int _on_flush(self) except -1
    cpdef on_readable(self)
    cpdef on_writable(self)
    cpdef flush(self)


cdef class Watch:
    cdef readonly int fd
    # what the last poll found and the turn has not told yet
    cdef public int ready
    # the poller's interest ends with the first event
    cdef public bint armed
    cdef public object reader
    cdef public object writer

    cpdef int interest(self)

cdef int run(Watch watch) except -1
@cython.locals(channel=Channel)
cdef int tell(object entry, int event) except -1
cpdef Watch find(list watches, int fd)
@cython.locals(watch=Watch)
cpdef bint collect(list watches, object ring, int fd, int ready) except -1
