from . cimport handle, runtime
from .handle cimport Handle
from .poller cimport Poller
from .structs cimport el_list, el_stay


cdef class Agenda:
    # Ring: what runs next
    cdef object _ring
    # Heap: what runs later
    cdef object _timers
    # the live tasks
    cdef el_list _tasks
    cdef Poller _poller
    # Channels that hold something back for the end of the turn
    cdef list _flushing
    # whom asyncio believes to run, see current.py
    cdef object _current
    # the Context that stays entered from one entry of the queue to the next, see steps.h
    cdef el_stay _stay
    # the ThreadsafeHandle whose call is being made
    cdef readonly object _making
    # a subclass's time(), or None
    cdef object _clock
    # timers may be put into the heap without call_at: no subclass wants to hear of them
    cdef bint _keeps_timers
    # the thread that runs the loop; 0: none
    cdef readonly unsigned long _thread_id
    # counts turns: a transport knows whether it has sent in this one
    cdef long long _turn_number
    cdef double _polled_at
    # turns since the last poll; negative: the run begins and must poll
    cdef int _unpolled
    # mask: in which turns the clock is read
    cdef int _clock_turns
    # the poller blocks, or is about to
    cdef bint _waiting
    cdef public bint _stopping
    cdef public bint _closed
    cdef public bint _debug
    # tasks start eagerly unless told otherwise
    cdef public bint _eager
    cdef public object slow_callback_duration

    cdef int _begin(self) except -1
    cdef int _check_schedule(self) except -1
    cdef Handle _schedule(self, object callback, tuple args, object context)
    cdef double _now(self) except? -2


cdef extern from "runtime.h":
    int ready_push "EL_READY_PUSH" (Agenda agenda, object entry) except -1
    object ready_pop "EL_READY_POP" (Agenda agenda)
    Py_ssize_t ready_len "EL_READY_LEN" (Agenda agenda) noexcept
    Py_ssize_t timers_len "EL_TIMERS_LEN" (Agenda agenda) noexcept
    double timers_due "EL_TIMERS_DUE" (Agenda agenda) noexcept
    object timers_pop "EL_TIMERS_POP" (Agenda agenda)
    void context_exit "EL_CONTEXT_EXIT" (Agenda agenda) noexcept
    void stay_end "EL_STAY_END" (Agenda agenda) noexcept
    void tasks_begin "EL_TASKS_BEGIN" (Agenda agenda) noexcept
    list task_list "EL_TASK_LIST" (Agenda agenda)
    void tasks_abandon "EL_TASKS_ABANDON" (Agenda agenda) noexcept
