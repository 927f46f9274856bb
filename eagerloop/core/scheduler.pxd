cimport cython

from . cimport current, future, handle, runtime, task, timers, watch

from .future cimport Future
from .handle cimport Handle
from .poller cimport Poller
from .task cimport Task
from .timers cimport TimerHandle
from .turn cimport Turn
from .watch cimport Channel, Watch


cdef class Scheduler(Turn):
    cdef public object _task_factory
    cdef object __weakref__

    cdef TimerHandle _call_at(self, object when, object callback, tuple args, object context, str method)
    @cython.locals(watched=Watch)
    cdef bint _set_watch(self, int fd, int event, object entry) except -1
    @cython.locals(fd=int, poller=Poller, watches=list, known=bint)
    cdef int _enrol(self, Watch watched) except -1
    cpdef _flush_later(self, Channel channel)

cdef int put(Watch watched, int event, object entry) except -1
