from . cimport tlsprotocol
from .tlsprotocol cimport TLSProtocol


cdef class TLSTransport:
    cdef object __weakref__
    cdef public bint _closed
    cdef public object _loop
    cdef readonly TLSProtocol _ssl_protocol
