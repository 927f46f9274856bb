cimport cython

from ..core cimport current, future, overseer, runtime
from ..core.future cimport Future
from ..core.overseer cimport Overseer
from ..core.operation cimport Operation
from ..core.scheduler cimport Scheduler
from ..core.task cimport Task
from . cimport spawning


cdef class TaskGroup(Overseer):
    cdef dict __dict__
    cdef object __weakref__
    cdef public bint _aborting
    # KeyboardInterrupt or SystemExit, of the body or of a child
    cdef public object _base_error
    cdef bint _cancel_on_enter
    # Tasks of ours, each at its seat
    cdef list _children
    cdef public bint _entered
    # what is to be raised; None when the block is over
    cdef public object _errors
    cdef public bint _exiting
    cdef public object _loop
    # the loop, if it is ours and its tasks can be made without asking it
    cdef Scheduler _native
    # what the exit waits for: no child is left
    cdef public object _on_completed_fut
    # children of other makes, or watched by others already; None: there never was one
    cdef set _others
    cdef public bint _parent_cancel_requested
    cdef public object _parent_task

    cdef int _refuse(self, object coro, str reason) except -1
    cdef inline int _check(self, object coro) except -1
    cdef inline Task _keep_own(self, Task child)
    cdef object _keep(self, object child)
    cdef int _keep_other(self, object child) except -1
    cdef int _cancel_parent(self) except -1
    cdef inline Py_ssize_t _count(self) except -1
    @cython.locals(last=Task)
    cdef int _child_done(self, Future child) except -1
    cdef inline int _tell_if_last(self) except -1
    cdef object _on_error(self, object child, object exc)


cdef list add_error(object errors, object exc)
cdef object make_child(TaskGroup group, object coro)

cdef extern from "runtime.h":
    int front "EL_FRONT" (
        object callable, object owner, object (*function)(TaskGroup, object)) except -1
    int dict_for_methods "EL_DICT_FOR_METHODS" (TaskGroup owner) noexcept


cdef class Entry(Operation):
    cdef TaskGroup _group


cdef class Exit(Operation):
    cdef object _cancelled
    cdef object _exc
    cdef TaskGroup _group
    cdef object _last_cancelled
    cdef bint _begun

    cdef int _begin_with_error(self) except -1
    cdef int _end(self) except -1
    cdef int _forget(self) except -1


@cython.locals(made=Entry)
cdef Entry entering(TaskGroup group)
@cython.locals(made=Exit)
cdef Exit leaving(TaskGroup group, object exc)
