from ..transports.socketed cimport SocketTransport
from ..transports.stream cimport StreamTransport
from . cimport flow
from .flow cimport FlowControl
from .reader cimport StreamReader


cdef class StreamWriter:
    cdef dict __dict__
    cdef object __weakref__
    # the protocol, unless `_drain_helper` is someone else's: then it is in __dict__
    cdef FlowControl _flow
    cdef public object _loop
    cdef public object _reader
    cdef public object _transport

    cdef int _set_protocol(self, object protocol) except -1


cdef extern from "runtime.h":
    int dict_drop "EL_DICT_DROP" (StreamWriter owner) noexcept
    bint has_no_dict "EL_HAS_NO_DICT" (SocketTransport owner) noexcept
