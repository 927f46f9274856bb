cimport cython

from . cimport future, operation, runtime
from .agenda cimport Agenda
from .future cimport Future


cdef class Delay(Future):
    # index in the heap of timers; -1 outside
    cdef Py_ssize_t _place
    cdef object _value

@cython.locals(delay=Delay)
cdef Delay new(Agenda agenda, double when, object value)
cdef int expire(Delay delay) except -1


cdef extern from "runtime.h":
    int heap_push_delay "EL_HEAP_PUSH" (object heap, Delay entry, double when) except -1
    bint heap_remove_delay "EL_HEAP_REMOVE" (object heap, Delay entry) noexcept
