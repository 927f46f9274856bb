cimport cython

from ..core cimport current, delay as delays, operation, runtime, timers
from ..core.agenda cimport Agenda
from ..core.delay cimport Delay
from ..core.operation cimport Operation

cdef object ZERO


cdef class Yield(Operation):
    cdef object _result
    cdef bint _yielded


cdef class Sleep(Operation):
    cdef bint _asleep
    cdef object _result
    # the delay in seconds; once asleep, what has to be cancelled if the sleep is cut short, or None
    cdef object _timer

    @cython.locals(agenda=Agenda)
    cdef int _set_timer(self) except -1
    cdef int _clear_timer(self) except -1

@cython.locals(made=Yield)
cdef Yield yielding(object result)
cdef Delay delay_on(Agenda agenda, object seconds, object result)
