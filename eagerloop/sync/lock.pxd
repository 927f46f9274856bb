cimport cython

from ..core cimport runtime
from ..core.operation cimport Operation
from . cimport waitqueue
from .loopbound cimport LoopBound
from .waitqueue cimport WaitQueue

cdef object DONE


cdef class Lock(LoopBound):
    cdef public bint _locked
    # None until somebody had to wait
    cdef readonly WaitQueue _waiters

    cdef bint _take(self) except -1
    cdef int _free(self) except -1
    cdef object _enqueue(self)
    cdef int _promise(self) except -1


cdef class Acquire(Operation):
    cdef Lock _lock
    # True, or None in `async with`
    cdef object _result
    # None until the lock turned out to be taken
    cdef object _waiter

    cdef bint _poll(self) except -1
    cdef bint _fail(self, exc) except -1
    cdef int _withdraw(self) except -1


@cython.locals(operation=Acquire)
cdef Acquire acquiring(Lock lock)
