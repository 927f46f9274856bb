from . cimport runtime
from .agenda cimport Agenda, context_exit

cdef object running_loop()
cdef int enter(Agenda agenda, object task) except -1
cdef int clear(Agenda agenda) except -1
cdef int leave(Agenda agenda) except -1
cdef object swap(Agenda agenda, object task)
cdef int restore(Agenda agenda, object previous) except -1
