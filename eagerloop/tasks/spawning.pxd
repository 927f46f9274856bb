from ..core cimport scheduler
from ..core.scheduler cimport Scheduler

cdef Scheduler native_of(object loop)
cdef object spawn(Scheduler native, object coro)
cdef object create(object coro)


cdef extern from "runtime.h":
    int front "EL_FRONT" (object callable, object owner, object (*function)(object)) except -1
