cimport cython

from ..core cimport future, runtime
from ..core.operation cimport Operation
from ..core.turn cimport Turn
from ..transports.stream cimport StreamTransport
from . cimport reader
from .reader cimport StreamReader


cdef class FlowControl:
    cdef public bint _connection_lost
    # a list once someone waits
    cdef public list _drain_waiters
    cdef public object _loop
    cdef public bint _paused
    # the loop, if it is one of ours
    cdef Turn _turn

    cdef void _release(self, exc) except *
    cdef object _wait_for_room(self)


cdef class Feed(FlowControl):
    cdef public object _stream_reader_wr


cdef class Drain(Operation):
    cdef FlowControl flow
    # these two are looked at once
    cdef object reader
    cdef object transport
    cdef object waiter

    @cython.locals(stream=StreamTransport, closing=bint)
    cdef bint _poll(self) except -1
    cdef bint _fail(self, object exc) except -1
    cdef void leave(self) except *


@cython.locals(operation=Drain)
cdef Drain draining(FlowControl flow, reader, transport)
