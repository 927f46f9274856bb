cimport cython

from . cimport current, delay, handle, runtime, task, watch
from .delay cimport Delay
from .handle cimport Handle
from .poller cimport Poller
from .task cimport Task
from .timers cimport Alarm, TimerHandle
from .watch cimport Channel, Watch

cdef int POLL_TURNS, IDLE_TURNS
cdef double POLL_SECONDS, IDLE_SECONDS


cdef class Turn:
    # Ring: what runs next
    cdef object _ring
    # Heap: what runs later
    cdef object _timers
    # the head of the list of live tasks
    cdef runtime.el_link _tasks
    cdef Poller _poller
    # Channels that hold something back for the end of the turn
    cdef list _flushing
    # whom asyncio believes to run, see current.py
    cdef object _current
    # a subclass's time(), or None
    cdef object _clock
    # the thread that runs the loop; 0: none
    cdef readonly unsigned long _thread_id
    cdef double _polled_at
    # turns since the last poll; negative: the run begins and must poll
    cdef int _unpolled
    # the poller blocks, or is about to
    cdef bint _waiting
    cdef public bint _stopping
    cdef public bint _closed
    cdef public bint _debug
    # tasks start eagerly unless told otherwise
    cdef public bint _eager
    cdef public object slow_callback_duration

    cpdef _run_once(self)
    cdef double _deadline(self) except? -2
    cdef bint _must_poll(self) except -1
    cdef int _wait(self, double timeout) except -1
    @cython.locals(now=double)
    cdef int _expire(self) except -1
    cdef int _run_ready(self) except -1
    cdef int _run_entry(self, object entry) except -1
    cdef int _run_timed(self, object entry) except -1
    cdef int _flush(self) except -1
    cdef double _now(self) except? -2
    cpdef _report_slow(self, object entry, double seconds)
    cdef int _check_schedule(self) except -1
    cdef Handle _schedule(self, object callback, tuple args, object context)
