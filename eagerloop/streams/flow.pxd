cimport cython

from ..core cimport future, overseer, runtime
from ..core.future cimport Future
from ..core.operation cimport Operation
from ..core.overseer cimport Overseer
from ..core.task cimport Task
from ..core.turn cimport Turn
from ..transports.stream cimport StreamTransport
from . cimport reader
from .reader cimport StreamReader


cdef class FlowControl(Overseer):
    cdef public unsigned char _connection_lost
    cdef public unsigned char _paused
    # a list once someone waits
    cdef public list _drain_waiters
    cdef public object _loop

    cdef object _release(self, exc)
    cdef object _wait_for_room(self)


cdef class Feed(FlowControl):
    cdef public object _stream_reader_wr

    cdef int _child_done(self, Future child) except -1


cdef class Drain(Operation):
    cdef FlowControl flow
    # these two are looked at once
    cdef object reader
    cdef object transport
    cdef object waiter

    @cython.locals(known=StreamReader, stream=StreamTransport, closing=bint)
    cdef bint _poll(self) except -1
    cdef bint _fail(self, object exc) except -1
    cdef int leave(self) except -1


@cython.locals(operation=Drain)
cdef Drain draining(FlowControl flow, reader, transport)
