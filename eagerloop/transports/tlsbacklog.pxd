cimport cython

cdef Py_ssize_t _RECORD, _PIECE


@cython.final
cdef class Backlog:
    cdef object pieces
    cdef readonly Py_ssize_t size

    cpdef append(self, data)
    @cython.locals(size=Py_ssize_t)
    cpdef take(self)
    cpdef give_back(self, data, Py_ssize_t used)
    cpdef clear(self)
