from . cimport runtime


cdef bint cancel(object waited, object message) except -1
