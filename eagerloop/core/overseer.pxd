cimport cython

from . cimport future
from .future cimport Future


cdef class Overseer:
    cdef int _child_done(self, Future child) except -1

cdef bint watch(Future fut, Overseer overseer) except -1
@cython.locals(overseer=Overseer)
cdef int settle(Future fut, object value) except -1
@cython.locals(overseer=Overseer)
cdef bint tell(Future fut) except -1
cdef int notify(Overseer overseer, Future fut) except -1
cdef int hand_over(Overseer overseer, Future fut) except -1
cdef int report(Overseer overseer, Future fut, object exc) except -1


cdef extern from "runtime.h":
    object attempt "EL_ATTEMPT" (
        int (*function)(Overseer, Future) except -1, Overseer overseer, Future fut)
