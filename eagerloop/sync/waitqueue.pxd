cimport cython

from ..core cimport future
from ..core.future cimport Future

cdef Py_ssize_t SLACK


@cython.final
cdef class WaitQueue:
    # before `_head` all are None; from there on futures, ours or others
    cdef list _items
    cdef Py_ssize_t _head

    cdef Py_ssize_t count(self) noexcept
    cdef int add(self, waiter) except -1
    cdef object take(self)
    @cython.locals(i=Py_ssize_t)
    cdef bint leave(self, waiter) except -1
    @cython.locals(i=Py_ssize_t)
    cdef bint is_contended(self) except -1
    cdef int wake_first(self) except -1
    @cython.locals(i=Py_ssize_t)
    cdef bint wake_next(self) except -1
    @cython.locals(i=Py_ssize_t)
    cdef int wake_all(self) except -1
    @cython.locals(i=Py_ssize_t)
    cdef int wake_some(self, most) except -1
    cdef int invite(self) except -1
    cdef int invite_all(self) except -1


cdef bint wake(waiter) except -1
cdef bint is_alive(waiter) except -1
@cython.locals(queue=WaitQueue)
cdef WaitQueue new()
