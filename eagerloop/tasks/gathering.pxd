cimport cython

from ..core cimport future, overseer, passing
from ..core.future cimport Future
from ..core.overseer cimport Overseer
from ..core.scheduler cimport Scheduler
from ..core.task cimport Task
from . cimport spawning

cdef object CoroutineType

@cython.locals(own=Task)
cdef int forgive(object task) except -1
cdef bint are_distinct(tuple awaitables) except -1
cdef bint is_plain(object child) noexcept
cdef object error_of(object child)
cdef bint has_result(Future child) noexcept
cdef object result_of(Future child)


cdef class Tally


cdef class _GatheringFuture(Future):
    cdef bint _cancel_requested
    cdef readonly object _children
    # who is shown as awaiting the children: the task that called gather(), if it is of our make
    cdef object _edge
    # how many futures are not done
    cdef Py_ssize_t _left
    cdef bint _return_exceptions

    cdef int _follow(self, list futures) except -1
    cdef bint _wait_for(self, Future child, Tally tally) except -1
    cdef object _note(self, object child)
    cdef int _complete(self) except -1
    cdef int _unlink(self, object child) except -1


cdef class Tally(Overseer):
    cdef _GatheringFuture _parent
    cdef readonly object _parent_task
