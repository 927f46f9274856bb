from ..core cimport task
from ..core.scheduler cimport Scheduler

cdef Scheduler native_of(object loop)
cdef object spawn(Scheduler native, object coro)
