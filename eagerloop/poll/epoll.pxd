cimport cython

from ..core.poller cimport Poller
from ..core.structs cimport epoll_event

cdef int IN, OUT, ADD, DELETE, MODIFY, BATCH


cdef class Epoll(Poller):
    cdef int epfd
    # room for BATCH events
    cdef epoll_event *events
    # the descriptor's owner
    cdef object object

    @cython.locals(count=int, i=int, bits=cython.uint, ready=int, fd=int)
    cpdef wait(self, object ring, double timeout)
    @cython.locals(bits=cython.uint, operation=int)
    cpdef change(self, int fd, int before, int after)
    cdef bint arm(self, int fd, int event) except -1
    cdef int forget(self, int fd) except -1
    cpdef close(self)

# after the classes: the header's functions take them, and so its declarations need them
from ..core cimport runtime, watch
