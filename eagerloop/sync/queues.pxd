cimport cython

from ..core cimport runtime
from ..core.operation cimport Operation
from . cimport waitqueue
from .event cimport Event, Wait
from .loopbound cimport LoopBound
from .waitqueue cimport WaitQueue


cdef class Queue(LoopBound):
    # set while nothing is unfinished: what join() waits for
    cdef public Event _finished
    # who waits for an item, and (below) who waits for room
    cdef readonly WaitQueue _getters
    cdef public bint _is_shutdown
    # `_maxsize` rounded up to whole items; 0: no limit
    cdef Py_ssize_t _limit
    # False in a subclass of a program's own
    cdef bint _native
    cdef readonly WaitQueue _putters
    # the items: a deque or a list
    cdef public object _queue
    # what the program gave as maxsize
    cdef object _size_asked
    cdef public Py_ssize_t _unfinished_tasks

    cdef bint _is_full(self) except -1
    cdef int _add(self, item) except -1
    cdef object _remove(self)
    cdef int _store(self, item) except -1
    cdef object _take(self)


cdef class PriorityQueue(Queue):
    cdef int _store(self, item) except -1
    cdef object _take(self)


cdef class LifoQueue(Queue):
    cdef int _store(self, item) except -1
    cdef object _take(self)


cdef class Get(Operation):
    cdef Queue _queue
    cdef object _waiter

    cdef bint _poll(self) except -1
    cdef bint _fail(self, exc) except -1


cdef class Put(Operation):
    cdef object _item
    cdef Queue _queue
    cdef object _waiter

    cdef bint _poll(self) except -1
    cdef bint _fail(self, exc) except -1


cdef class Join(Wait):
    cdef Queue _queue

    cdef bint _poll(self) except -1


cdef int withdraw(WaitQueue waiters, waiter, bint useful) except -1
cdef Py_ssize_t whole(maxsize) except -1
@cython.locals(operation=Get)
cdef Get getting(Queue queue)
@cython.locals(operation=Put)
cdef Put putting(Queue queue, item)
@cython.locals(operation=Join)
cdef Join joining(Queue queue)
