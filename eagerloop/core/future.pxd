cimport cython

from . cimport callbacks, runtime
from .agenda cimport Agenda

cdef int PENDING, CANCELLED, FINISHED, FAILED


cdef class Future:
    # whose callbacks these are; None: a foreign loop's, which is in __dict__
    cdef Agenda _agenda
    # the first waiter: a Task of the same loop, (callback, context snapshot), or an Overseer, which stays until told
    cdef object _waiter
    # by phase: further waiters, the CancelledError, or the traceback
    cdef object _extra
    # by phase, see future.py: cancel message, result or exception
    cdef object _outcome
    # who waits by other means than a waiter (gather, TaskGroup): None, one, or a set
    cdef public object _awaited_by
    cdef signed char _phase
    # it was yielded by its own `await`
    cdef signed char _blocking
    # the exception has not been asked for
    cdef signed char _log
    # where it stands among its like: a Delay in the heap of timers (see queues.h), a Task in its TaskGroup
    cdef int _place
    cdef object __weakref__
    cdef dict __dict__

cdef int add_awaited_by(Future fut, object waiter) except -1
cdef int discard_awaited_by(Future fut, object waiter) except -1
@cython.locals(fut=Future)
cdef Future new(Agenda agenda)
cdef bint is_pending(Future fut) noexcept
cdef int settle(Future fut, object value) except -1
cdef void conclude(Future fut, object value) noexcept
cdef int fail(Future fut, object exc) except -1
cdef bint end_cancelled(Future fut, object message) except -1
cdef int schedule(Future fut) except -1
cdef int wake_all(Future fut, object waiter, list extra) except -1
cdef int wake(Future fut, object waiter) except -1
cdef int call_back(Future fut, object callback, object context) except -1
cdef int add_waiter(Future fut, object waiter) except -1
cdef object failure(Future fut)
cdef object make_cancelled(Future fut)
cdef int tell_if_lost(Future fut) except -1
cdef int poll(Future fut) except -1
cdef object take(Future fut, bint finished)


cdef extern from "runtime.h":
    int ready_push_for "EL_READY_PUSH_FOR" (Future fut, object entry) except -1
    int install_future "EL_INSTALL" (object cls, int (*poll)(Future) except -1, object (*take)(Future, bint)) except -1
