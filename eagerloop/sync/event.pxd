cimport cython

from ..core cimport runtime
from ..core.operation cimport Operation
from . cimport waitqueue
from .loopbound cimport LoopBound
from .waitqueue cimport WaitQueue


cdef class Event(LoopBound):
    cdef public bint _value
    cdef readonly WaitQueue _waiters

    cdef int _raise_flag(self) except -1


cdef class Wait(Operation):
    cdef Event _event
    # None until the flag turned out to be unset
    cdef object _waiter

    cdef bint _poll(self) except -1
    cdef bint _fail(self, exc) except -1


@cython.locals(operation=Wait)
cdef Wait waiting(Event event)
