from . cimport runtime

cdef object callback_of(object waiter)
cdef object context_of(object waiter)
cdef object task_of(object waiter)
