from . cimport operation

cdef object ENDED


cdef class Finished:
    pass
