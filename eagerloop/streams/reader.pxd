from ..core cimport future
from ..core.turn cimport Turn
from . cimport reading
from .bytequeue cimport ByteQueue
from .reading cimport Reading


cdef class StreamReader:
    cdef dict __dict__
    cdef object __weakref__
    # no more bytes will come
    cdef public bint _eof
    cdef public object _exception
    cdef public Py_ssize_t _limit
    cdef public object _loop
    # we have paused the transport
    cdef public bint _paused
    cdef ByteQueue _queue
    # whose waiter it is; None: one set from outside
    cdef Reading _reading
    cdef public object _source_traceback
    cdef public object _transport
    # the loop, if it is one of ours
    cdef Turn _turn
    cdef public object _waiter

    cdef void _add(self, data) except *
    cdef object _wait(self, Reading waiting)
    cdef void _wake(self) except *
    cdef bytes _take(self, Py_ssize_t count)


cdef void feed(StreamReader reader, data) except *


cdef extern from "runtime.h":
    int dict_drop "EL_DICT_DROP" (StreamReader owner) noexcept
