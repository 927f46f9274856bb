from . cimport runtime

cdef object StdlibTask, SETTLED

cdef object callback_of(object waiter)
cdef object context_of(object waiter)
cdef object task_of(object waiter)
cdef object announced(object fut, object callback)
