cimport cython

from ..core cimport runtime


@cython.final
cdef class ByteQueue:
    cdef bytes chunk
    cdef bint exposed
    cdef Py_ssize_t head
    cdef bytearray store
    cdef readonly long long taken

    cpdef Py_ssize_t size(self) except -1
    cpdef append(self, data)
    @cython.locals(position=Py_ssize_t)
    cpdef Py_ssize_t find(self, separator, Py_ssize_t start) except -2
    @cython.locals(chunk=bytes, store=bytearray, head=Py_ssize_t, end=Py_ssize_t)
    cpdef bytes take(self, Py_ssize_t count)
    cpdef bytearray lend(self)
    cdef bytearray fold(self)
