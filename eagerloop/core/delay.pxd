cimport cython

from . cimport future, operation, runtime
from .agenda cimport Agenda
from .future cimport Future


cdef class Delay(Future):
    pass

@cython.locals(delay=Delay)
cdef Delay new(Agenda agenda, double when, object value)
cdef int expire(Delay delay) except -1


cdef extern from "runtime.h":
    int heap_push_delay "EL_HEAP_PUSH" (object heap, Future entry, double when) except -1
    bint heap_remove_delay "EL_HEAP_REMOVE" (object heap, Future entry) noexcept
