from ..core.watch cimport Channel


cdef class DatagramTransport(Channel):
    # the socket, None once connection_lost has been called; its descriptor stays for repr
    cdef readonly object _sock
    cdef readonly int _sock_fd
    cdef readonly object _loop
    cdef object _context
    cdef readonly dict _extra
    # its method datagram_received is kept beside it
    cdef readonly object _protocol
    cdef object _received
    # the only address that datagrams may go to, or None
    cdef readonly object _address
    cdef bint _connected
    # the loop's buffer to read into, and how many datagrams the next wake-up may read
    cdef object _scratch
    cdef int _batch
    # (datagram, address) in the order of sending; their bytes, headers included
    cdef object _queue
    cdef Py_ssize_t _size, _low, _high
    cdef readonly bint _protocol_paused
    cdef readonly bint _paused
    cdef readonly bint _closing
    # from the moment connection_lost is due: 1 and the number of writes since
    cdef readonly int _conn_lost

    cpdef on_readable(self)
    cpdef on_writable(self)
