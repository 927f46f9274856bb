cimport cython

from ..core cimport runtime
from ..core.operation cimport Operation
from . cimport lock as lock_module
from . cimport waitqueue
from .lock cimport Acquire, Lock
from .loopbound cimport LoopBound
from .waitqueue cimport WaitQueue


cdef class Condition(LoopBound):
    # our own Lock, or whatever has its three methods
    cdef public object _lock
    cdef readonly WaitQueue _waiters

    cdef bint _is_native(self) except -1


cdef class Wait(Operation):
    cdef Condition _condition
    # what interrupted the wait, kept while the lock is taken again
    cdef object _error
    cdef Lock _lock
    # None until the notification, or the interruption, has come
    cdef Acquire _relock
    cdef object _waiter

    cdef bint _poll(self) except -1
    cdef bint _fail(self, exc) except -1
    cdef bint _take_lock(self) except -1
    cdef bint _end(self) except -1


cdef class WaitFor(Operation):
    cdef Condition _condition
    cdef object _predicate
    cdef Wait _wait

    cdef bint _poll(self) except -1
    cdef bint _fail(self, exc) except -1


@cython.locals(operation=Wait)
cdef Wait waiting(Condition condition)
@cython.locals(operation=WaitFor)
cdef WaitFor waiting_for(Condition condition, predicate)
