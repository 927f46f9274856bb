cdef object CoroutineType

cdef int check_coroutine(object coro, object context) except -1
cdef object mistake(object task, object waited)
cpdef object loop_of(object fut)
