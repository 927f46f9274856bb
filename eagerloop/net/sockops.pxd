cimport cython

from ..core cimport future, runtime, watch
from ..core.future cimport Future
from ..core.operation cimport Operation
from ..core.scheduler cimport Scheduler
from ..core.watch cimport Channel

cdef Py_ssize_t WOULD_BLOCK, MOST_BYTES
cdef object PLAIN, PATCHED


cdef class Wake(Channel):
    cdef bint _fired
    cdef Future _waiter

    cdef int _on_ready(self, int event) except -1


@cython.locals(made=Wake)
cdef Wake new_wake()


cdef class SocketCall(Operation):
    cdef Scheduler _loop
    cdef object _sock
    # what the poller was told
    cdef int _fd
    cdef int _event
    # None: it has not waited yet
    cdef Wake _wake

    cdef int begin(self, Scheduler loop, object sock, bint writing) except -1
    cdef bint attempt(self) except -1
    cdef bint ask(self, object method, tuple args) except -1
    cdef bint _poll(self) except -1
    cdef bint _fail(self, object exc) except -1
    @cython.locals(wake=Wake)
    cdef int wait(self) except -1
    @cython.locals(fd=int)
    cdef int check(self) except -1
    @cython.locals(wake=Wake)
    cdef int leave(self) except -1


cdef class Receive(SocketCall):
    cdef object _most

    cdef bint attempt(self) except -1


cdef class ReceiveInto(SocketCall):
    cdef object _buffer

    @cython.locals(count=Py_ssize_t)
    cdef bint attempt(self) except -1


cdef class SendAll(SocketCall):
    # what is left of it
    cdef object _data
    cdef Py_ssize_t _left

    @cython.locals(sent=Py_ssize_t)
    cdef bint attempt(self) except -1
    @cython.locals(sent=Py_ssize_t)
    cdef Py_ssize_t send_some(self) except? -1


cdef class MethodCall(SocketCall):
    cdef str _method
    cdef tuple _args

    cdef bint attempt(self) except -1


cdef class Accept(MethodCall):
    cdef bint attempt(self) except -1


@cython.locals(made=Receive)
cpdef Receive receive(Scheduler loop, object sock, object most)
@cython.locals(made=ReceiveInto)
cpdef ReceiveInto receive_into(Scheduler loop, object sock, object buffer)
@cython.locals(made=SendAll)
cpdef SendAll send_all(Scheduler loop, object sock, object data)
@cython.locals(made=MethodCall)
cpdef MethodCall call(Scheduler loop, object sock, bint writing, str method, tuple args)
@cython.locals(made=Accept)
cpdef Accept accept(Scheduler loop, object sock)
