# The header's structs, apart from its functions: classes embed them, and the functions take those classes.
cdef extern from "runtime.h" nogil:
    ctypedef struct el_link:
        pass
    ctypedef struct el_list:
        pass
    ctypedef struct el_stay:
        pass
    ctypedef struct epoll_event "struct epoll_event":
        pass
    ctypedef struct el_peer:
        pass
