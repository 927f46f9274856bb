cimport cython

from ..core cimport runtime
from ..core.structs cimport el_peer
from .socketed cimport SocketTransport, call_one

cdef int HEADER_BYTES, MAX_READS
cdef Py_ssize_t WOULD_BLOCK


cdef class DatagramTransport(SocketTransport):
    # the only address that datagrams may go to, or None
    cdef readonly object _address
    # the socket itself knows where to
    cdef bint _connected
    # who sent the last datagram
    cdef el_peer *_peer
    # how many datagrams the next wake-up may read
    cdef int _batch
    # (datagram, address) in the order of sending; the outbox has only their size
    cdef object _queue
    cdef readonly bint _paused

    @cython.locals(count=int)
    cdef object _read_batch(self)
    @cython.locals(sent=Py_ssize_t)
    cdef bint _send(self, object data, object addr) except -1
    cdef object _error_received(self, object exc)
    cdef object _report(self, object exc, str message)
