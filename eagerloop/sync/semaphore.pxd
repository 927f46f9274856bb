cimport cython

from ..core cimport runtime
from ..core.operation cimport Operation
from . cimport waitqueue
from .loopbound cimport LoopBound
from .waitqueue cimport WaitQueue

cdef object DONE


cdef class Semaphore(LoopBound):
    # False in a subclass of a program's own, whose locked() may differ
    cdef bint _native
    # any number: places free, less those promised to waiters already woken
    cdef public object _value
    cdef readonly WaitQueue _waiters

    cdef bint _is_locked(self) except -1
    cdef int _give_back(self) except -1
    cdef object _enqueue(self)
    cdef bint _wake_one(self) except -1
    cdef int _wake_free(self) except -1


cdef class BoundedSemaphore(Semaphore):
    cdef public object _bound_value

    cdef int _give_back(self) except -1


cdef class Acquire(Operation):
    # True, or None in `async with`
    cdef object _result
    cdef Semaphore _semaphore
    # None until the semaphore turned out to be locked
    cdef object _waiter

    cdef bint _poll(self) except -1
    cdef bint _fail(self, exc) except -1


@cython.locals(operation=Acquire)
cdef Acquire acquiring(Semaphore semaphore)
