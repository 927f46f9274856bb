from ..core cimport future, runtime
from ..core.future cimport Future
from ..core.task cimport Task

cdef bint is_plain(object child) noexcept
cdef bint is_native(Future child) noexcept
cdef object error_of(object child)


cdef class _GatheringFuture(Future):
    cdef bint _cancel_requested
    cdef readonly object _children
    # how many futures are not done
    cdef Py_ssize_t _left
    cdef bint _return_exceptions
    # who is shown as awaiting the children
    cdef object _waiting_task

    cdef int _follow(self, list futures) except -1
    cdef int _complete(self) except -1
    cdef int _discard_edges(self) except -1
