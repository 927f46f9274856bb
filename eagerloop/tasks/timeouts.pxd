cimport cython

from ..core cimport current, runtime, timers
from ..core.operation cimport Operation
from ..core.timers cimport Alarm
from ..core.agenda cimport Agenda
from ..core.task cimport Task

cdef object DONE
cdef int CREATED, ACTIVE, EXPIRING, EXPIRED, FINISHED


cdef class Timeout(Alarm):
    cdef dict __dict__
    # the task's loop if it is one of ours
    cdef Agenda _agenda
    # of call_soon or call_at: a deadline that had passed already, or a loop that is not ours
    cdef object _handle
    # from entry to exit
    cdef object _task
    cdef object _when
    # how often the task had been asked to stop when the block was entered
    cdef Py_ssize_t _cancelling
    cdef signed char _state

    @cython.locals(own=Task)
    cdef int _enter(self) except -1
    cdef object _exit(self, object exc_type, object exc_val)
    @cython.locals(due=double)
    cdef object _arm(self, object when)
    cdef int _disarm(self) except -1


cdef class Entry(Operation):
    cdef Timeout _timeout

@cython.locals(agenda=Agenda)
cdef object after(object loop, object delay)
@cython.locals(made=Timeout)
cdef Timeout limited(object when)
@cython.locals(made=Entry)
cdef Entry entering(Timeout timeout)
cdef object insert_timeout_error(object exc)
