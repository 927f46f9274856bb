from ..core cimport delay as delays
from ..core.operation cimport Operation
from ..core.agenda cimport Agenda

cdef int NEW, YIELDED, ASLEEP


cdef class Sleep(Operation):
    cdef object _result
    # the delay in seconds; once asleep, what has to be cancelled if the sleep is cut short
    cdef object _timer
    cdef signed char _where

    cdef int _fall_asleep(self) except -1
    cdef int _use(self, Agenda agenda, object delay) except -1
