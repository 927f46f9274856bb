cimport cython

from . cimport current, delay, handle, overseer, runtime, task, timers, watch

from .agenda cimport Agenda
from .delay cimport Delay
from .future cimport Future
from .handle cimport Handle, ThreadsafeHandle
from .task cimport Task
from .timers cimport Alarm, TimerHandle
from .watch cimport Channel, Watch

cdef int POLL_TURNS, SHORT_TURNS, IDLE_TURNS, FLUSH_ENTRIES
cdef double POLL_SECONDS, SHORT_SECONDS, IDLE_SECONDS


cdef class Turn(Agenda):
    cdef int _turn(self) except -1
    @cython.final
    cdef double _deadline(self) except? -2
    @cython.final
    @cython.locals(since=double)
    cdef bint _must_poll(self) except -1
    @cython.final
    cdef int _wait(self, double timeout) except -1
    @cython.final
    @cython.locals(now=double)
    cdef int _expire(self) except -1
    @cython.final
    @cython.locals(count=Py_ssize_t)
    cdef int _run_ready(self) except -1
    @cython.final
    cdef int _run_entry(self, object entry) except -1
    @cython.final
    cdef int _run_timed(self, object entry) except -1
    @cython.final
    @cython.locals(channels=list, channel=Channel)
    cdef int _flush(self) except -1
    cpdef _report_slow(self, object entry, double seconds)
