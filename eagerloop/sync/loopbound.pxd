from ..core cimport current, future, runtime
from ..core.agenda cimport Agenda


cdef class LoopBound:
    cdef dict __dict__
    cdef object __weakref__
    # None until somebody had to wait
    cdef public object _loop

    cdef object _bind(self)
    cdef object _new_waiter(self)
    cdef object _described(self, str extra)
