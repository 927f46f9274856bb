cimport cython

cdef int _HEADER, _LONGEST


@cython.final
cdef class RecordScan:
    cdef readonly long long boundary
    cdef readonly bint broken
    cdef readonly long long fed
    cdef int filled
    cdef Py_ssize_t left
    cdef readonly long long records

    @cython.locals(at=Py_ssize_t, count=Py_ssize_t, step=Py_ssize_t)
    cpdef feed(self, bytes data)
    @cython.locals(place=int)
    cdef int header_byte(self, int byte) except -1
