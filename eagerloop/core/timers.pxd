from . cimport runtime
from .handle cimport Handle
from .agenda cimport Agenda


cdef class TimerHandle(Handle):
    # index in the heap; -1 outside
    cdef Py_ssize_t _place
    cdef readonly double _when

cdef TimerHandle new(object loop, double when, object callback, tuple args, object context)


cdef class Alarm:
    cdef Py_ssize_t _place
    cdef object __weakref__
    cdef int _due(self) except -1

cdef int set_alarm(Agenda agenda, Alarm alarm, double when) except -1
cdef bint clear_alarm(Agenda agenda, Alarm alarm) except -1
