cimport cython

from . cimport current, delay, handle, overseer, runtime, task, timers, watch

from .agenda cimport Agenda, ready_len, ready_pop, ready_push, timers_due, timers_len, timers_pop
from .delay cimport Delay
from .future cimport Future
from .handle cimport Handle, ThreadsafeHandle
from .task cimport Task
from .timers cimport Alarm, TimerHandle
from .watch cimport Channel, Watch

cdef int POLL_TURNS, SHORT_TURNS, IDLE_TURNS, FLUSH_ENTRIES
cdef double POLL_SECONDS, SHORT_SECONDS, IDLE_SECONDS, ROUNDING_SECONDS


cdef class Turn(Agenda):
    cdef int _turn(self) except -1
    cdef int _leave_all(self) except -1
    cdef inline double _deadline(self) except? -2
    @cython.locals(since=double)
    cdef inline bint _must_poll(self) except -1
    cdef inline int _wait(self, double timeout) except -1
    @cython.locals(now=double)
    cdef inline int _expire(self) except -1
    @cython.locals(count=Py_ssize_t)
    cdef inline int _run_ready(self) except -1
    cdef inline int _run_entry(self, object entry) except -1
    cdef inline int _call(self, Handle entry) except -1
    cdef inline int _run_timed(self, object entry) except -1
    @cython.locals(channels=list, channel=Channel, done=Py_ssize_t)
    cdef inline int _flush(self) except -1
    cpdef _report_slow(self, object entry, double seconds)


cdef extern from "runtime.h":
    object call_entry "EL_CALL_ENTRY" (Agenda agenda, Handle entry)
