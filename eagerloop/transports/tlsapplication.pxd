cimport cython

from .tlsstate cimport TLSState
from .tlstransport cimport TLSTransport

cdef int _INIT, _CONNECTED, _EOF, _LOST
cdef Py_ssize_t _RECORD, _SCRATCH


@cython.final
cdef class Application:
    cdef bint buffered
    # the connection's
    cdef readonly object context
    cdef public Py_ssize_t high
    cdef object loop
    cdef public Py_ssize_t low
    # it was told to pause writing
    cdef public bint paused
    # None once the connection is lost, like `transport`
    cdef readonly object protocol
    cdef bytearray scratch
    cdef int stage
    cdef readonly TLSTransport transport
    cdef object view

    cpdef set_protocol(self, protocol)
    cdef bint made(self) except -1
    @cython.locals(size=Py_ssize_t, count=Py_ssize_t)
    cdef bint receive(self, TLSState tls, Py_ssize_t room) except -1
    @cython.locals(room=Py_ssize_t, size=Py_ssize_t, count=Py_ssize_t)
    cdef bint fill_buffer(self, TLSState tls) except -1
    cdef object ended(self)
    cdef int closing(self) except -1
    cdef int lost(self, exc) except -1
    cpdef control_writing(self, Py_ssize_t size)
    cdef object tell(self, str name)
    cdef int report(self, exc, str message, transport, layer) except -1
