from ..core cimport current, future, runtime
from ..core.agenda cimport Agenda


cdef class LoopBound:
    cdef dict __dict__
    cdef object __weakref__
    # None until somebody had to wait
    cdef public object _loop

    cdef int _begin(self) except -1
    cdef object _bind(self)
    cdef object _new_waiter(self)
    cdef object _described(self, str extra)


cdef extern from "runtime.h":
    int dict_for_methods "EL_DICT_FOR_METHODS" (LoopBound owner) noexcept
