cimport cython

from . cimport future, handle, runtime, task, timers, watch

from .agenda cimport ready_push, task_list
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

    cdef inline double _after(self, object delay) except? -1
    cdef inline TimerHandle _call_at(
        self, double when, bint whole, object callback, tuple args, object context, str method)
    @cython.locals(before=Poller, watched=Watch)
    cpdef _poll_with(self, Poller poller)
    @cython.locals(watched=Watch)
    cdef bint _is_told(self, int fd, int event, Channel entry) except -1
    @cython.locals(watched=Watch, shared=bint)
    cdef int _arm(self, int fd, int event, Channel entry) except -1
    @cython.locals(watched=Watch)
    cdef int _disarm(self, int fd, int event, Channel entry, bint fired) except -1
    @cython.locals(watched=Watch)
    cdef bint _set_watch(self, int fd, int event, object entry) except -1
    @cython.locals(fd=int, poller=Poller, watches=list, known=bint)
    cdef int _enrol(self, Watch watched) except -1
    cdef inline bint _asks_factory(self) noexcept
    cpdef _flush_later(self, Channel channel)

cdef bint is_method(object bound, object function) except -1
cdef object make_task(Scheduler loop, object coro)
cdef int put(Watch watched, int event, object entry) except -1


cdef extern from "runtime.h":
    int front "EL_FRONT" (object callable, object owner, object (*function)(Scheduler, object)) except -1
