cdef class Poller:
    # by descriptor; None: nobody
    cdef readonly list watches
    # how many are somebody
    cdef public Py_ssize_t watched

    cpdef wait(self, object ring, double timeout)
    cpdef change(self, int fd, int before, int after)
    cdef bint arm(self, int fd, int event) except -1
    cpdef close(self)
