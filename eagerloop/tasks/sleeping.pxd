from ..core cimport delay as delays, operation
from ..core.agenda cimport Agenda
from ..core.delay cimport Delay
from ..core.operation cimport Operation

cdef int NEW, YIELDED, ASLEEP


cdef class Sleep(Operation):
    cdef object _result
    # the delay in seconds; once asleep, what has to be cancelled if the sleep is cut short
    cdef object _timer
    cdef signed char _where

    cdef int _fall_asleep(self) except -1

cdef Delay delay_on(Agenda agenda, object seconds, object result)
