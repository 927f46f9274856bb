cimport cython

cdef Py_ssize_t JOIN_BYTES, ARENA_BYTES


cdef class Outbox:
    cdef readonly list pieces
    # index of the first piece that is not sent
    cdef readonly Py_ssize_t first
    # bytes of it that are
    cdef readonly Py_ssize_t offset
    # bytes waiting
    cdef readonly Py_ssize_t size

    @cython.locals(length=Py_ssize_t)
    cpdef append(self, object data)
    cpdef consume(self, Py_ssize_t count)
    cpdef clear(self)
