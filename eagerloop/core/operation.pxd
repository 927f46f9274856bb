cimport cython

from . cimport future, runtime
from .future cimport Future

cdef int FRESH, WAITING, SPENT


cdef class Operation:
    cdef signed char _stage
    cdef object __weakref__
    # the result, or the Future to wait for
    cdef public object value
    # the generator behind send(); None while the operation is awaited
    cdef object _driver

    cdef bint _poll(self) except -1
    cdef bint _fail(self, object exc) except -1

cdef object exception_of(object typ, object val, object tb)
@cython.locals(pending="bint")
cdef int poll(Operation op) except -1
cdef int fail(Operation op, object exc) except -1
@cython.locals(fut=Future)
cdef object take(Operation op, bint finished)


cdef extern from "runtime.h":
    int install_operation "EL_INSTALL" (
        object cls, int (*poll)(Operation) except -1, object (*take)(Operation, bint)) except -1
