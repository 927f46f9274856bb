from . cimport runtime
from .turn cimport Turn

cdef object get_running_loop

cdef int enter(Turn turn, object task) except -1
cdef int leave(Turn turn) except -1
cdef object swap(Turn turn, object task)
