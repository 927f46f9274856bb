cimport cython

from . cimport runtime


cdef class Handle:
    cdef readonly object _callback
    # None: it was cancelled
    cdef readonly tuple _args
    # a context snapshot, see runtime.h
    cdef object _context
    cdef readonly object _loop
    # in debug mode (where it was made, how it looked when it was cancelled), else None
    cdef tuple _records
    cdef object __weakref__


cdef class ThreadsafeHandle(Handle):
    pass

cdef int wait(ThreadsafeHandle handle) except -1

@cython.locals(handle=Handle)
cdef Handle new(object loop, object callback, tuple args, object context)
@cython.locals(handle=ThreadsafeHandle)
cdef ThreadsafeHandle new_threadsafe(object loop, object callback, tuple args, object context)
cdef int run(Handle handle) except -1
cdef int report(Handle handle, object exc) except -1


cdef extern from "runtime.h":
    object call "EL_CALL" (Handle handle)
    object handle_context "EL_CONTEXT_OBJECT" (Handle owner)
    void handle_write "EL_HANDLE_WRITE" (
        Handle handle, object callback, tuple args, object context, object loop) noexcept
