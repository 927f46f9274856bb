cimport cython

from . cimport runtime


cdef class Handle:
    cdef readonly object _callback
    cdef readonly tuple _args
    # a context snapshot, see runtime.h
    cdef object _context
    cdef readonly object _loop
    cdef readonly bint _cancelled
    # in debug mode: how it looked when it was cancelled, and where it was made
    cdef object _repr
    cdef public object _source_traceback
    cdef object __weakref__


cdef class ThreadsafeHandle(Handle):
    # the callback runs
    cdef bint _runs

    cdef int _wait(self) except -1

@cython.locals(handle=Handle)
cdef Handle new(object loop, object callback, tuple args, object context)
@cython.locals(handle=ThreadsafeHandle)
cdef ThreadsafeHandle new_threadsafe(object loop, object callback, tuple args, object context)
cdef int run_threadsafe(ThreadsafeHandle handle) except -1
cdef int run(Handle handle) except -1
cdef int report(Handle handle, object exc) except -1


cdef extern from "runtime.h":
    object call "EL_CALL" (Handle handle)
    object handle_context "EL_CONTEXT_OBJECT" (Handle owner)
