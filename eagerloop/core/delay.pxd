from . cimport future, runtime
from .future cimport Future
from .agenda cimport Agenda


cdef class Delay(Future):
    # index in the heap of timers; -1 outside
    cdef Py_ssize_t _place
    cdef object _value

cdef Delay new(Agenda agenda, double when, object value)
cdef int expire(Delay delay) except -1
