cimport cython

from . cimport runtime
from .agenda cimport Agenda
from .handle cimport Handle


cdef class TimerHandle(Handle):
    # in the heap, see queues.h
    cdef int _place
    # the time was given as an int
    cdef bint _whole
    cdef double _time

@cython.locals(agenda=Agenda)
cdef Agenda keeper_of(object loop)
@cython.locals(timer=TimerHandle)
cdef TimerHandle add(
    Agenda loop, double when, bint whole, object callback, tuple args, object context)
cdef bint remove(Agenda agenda, TimerHandle timer) except -1
@cython.locals(agenda=Agenda)
cdef bint take_back(TimerHandle timer) except -1


cdef class Alarm:
    # in the heap, see queues.h
    cdef int _place
    cdef object __weakref__
    cdef int _due(self) except -1

cdef int set_alarm(Agenda agenda, Alarm alarm, double when) except -1
cdef bint clear_alarm(Agenda agenda, Alarm alarm) except -1


cdef extern from "runtime.h":
    void handle_write "EL_HANDLE_WRITE" (
        Handle handle, object callback, tuple args, object context, object loop) noexcept
    int timer_push "EL_TIMERS_PUSH" (Agenda agenda, TimerHandle entry, double when) except -1
    int heap_push_alarm "EL_HEAP_PUSH" (object heap, Alarm entry, double when) except -1
    void heap_forget "EL_HEAP_FORGET" (object heap, TimerHandle entry) noexcept
    bint context_is_empty "EL_CONTEXT_IS_EMPTY" (Handle owner) noexcept
    bint heap_remove_handle "EL_HEAP_REMOVE" (object heap, TimerHandle entry) noexcept
    bint heap_remove_alarm "EL_HEAP_REMOVE" (object heap, Alarm entry) noexcept
cdef int go_off(Alarm alarm) except -1
