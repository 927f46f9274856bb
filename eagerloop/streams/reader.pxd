cimport cython

from ..core cimport future
from ..core.future cimport Future
from ..core.turn cimport Turn
from . cimport reading
from .bytequeue cimport ByteQueue
from .reading cimport Reading


cdef class StreamReader:
    cdef dict __dict__
    cdef object __weakref__
    # no more bytes will come
    cdef public unsigned char _eof
    # we have paused the transport
    cdef public unsigned char _paused
    cdef public object _exception
    cdef public Py_ssize_t _limit
    cdef ByteQueue _queue
    # whose waiter it is; None: one set from outside
    cdef Reading _reading
    cdef public object _transport
    # the loop, if it is one of ours; any other is in __dict__
    cdef Turn _turn
    cdef public object _waiter

    cdef object _add(self, data)
    cdef object _wait(self, Reading waiting)
    @cython.locals(fut=Future)
    cdef object _wake(self)
    cdef bytes _take(self, Py_ssize_t count)


cdef int feed(StreamReader reader, data) except -1


cdef extern from "runtime.h":
    int dict_drop "EL_DICT_DROP" (StreamReader owner) noexcept
