from .tlsapplication cimport Application
from .tlsbacklog cimport Backlog
from .tlsprotocol cimport TLSProtocol
from .tlsstate cimport TLSState


cpdef check_bytes(object data)


cdef class TLSTransport:
    cdef object __weakref__
    cdef public bint _closed
    cdef public object _loop
    cdef readonly TLSProtocol _ssl_protocol
