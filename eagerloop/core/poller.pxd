cdef class Poller:
    cdef readonly dict watches

    cpdef wait(self, object ring, double timeout)
    cpdef change(self, int fd, int before, int after)
    cpdef close(self)
