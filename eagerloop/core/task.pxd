cimport cython

from . cimport current, future, overseer, passing, runtime, yields
from .future cimport Future, ready_push_for
from .structs cimport el_link
from .agenda cimport Agenda, ready_len, ready_push, timers_len
from .delay cimport Delay


cdef object CoroutineType
cdef Py_ssize_t CROWD


cdef class Task(Future):
    cdef readonly object _coro
    # a context snapshot, see runtime.h
    cdef object _context
    # what it waits for, or was woken by
    cdef public object _fut_waiter
    # None while nobody has asked for "Task-<number>"
    cdef object _name
    cdef long _number
    cdef public int _num_cancels_requested
    # the next step raises CancelledError
    cdef signed char _cancel_due
    # the collector does not know of the coroutine, see CROWD
    cdef signed char _hidden
    # it would be a loss if the task went before its end
    cdef signed char _mourned
    # its place in the loop's list of tasks
    cdef el_link _link

cdef int begin(Task task, object coro, object name, object context) except -1
@cython.locals(task=Task)
cdef Task new(Agenda agenda, object coro, object name, object context, bint eager)
cdef int hide_asleep(Task task, Future waited) except -1
cdef int show(Task task) except -1
@cython.locals(task=Task)
cdef int show_all(list tasks) except -1
cdef int start(Task task) except -1
cdef int start_eagerly(Task task) except -1
cdef int start_eagerly_foreign(Task task) except -1
cdef int run(Task task) except -1
cdef int report_done(Task task, object error) except -1
cdef int step(Task task, object error, bint entry) except -1
cdef int step_foreign(Task task, object error) except -1
cdef int finish(Task task, int kind, object value) except -1
cdef int wait_for(Task task, object waited) except -1
cdef int wait_generally(Task task, object waited) except -1
cdef int wait_natively(Task task, Agenda agenda, Future waited) except -1
cdef int deliver_cancel(Task task) except -1
cdef int throw_later(Task task, str message) except -1


cdef extern from "runtime.h":
    object send "EL_SEND" (Task task, object error)
    object send_entry "EL_SEND_ENTRY" (Agenda agenda, Task task, object error)
    object task_context "EL_CONTEXT_OBJECT" (Task owner)
    void task_link "EL_TASK_LINK" (Agenda agenda, Task task) noexcept
    int stock_linked "EL_STOCK_LINKED" (object cls, Task example) except -1
    void task_unlink "EL_TASK_UNLINK" (Task task) noexcept
