cimport cython

from .tlsrecords cimport RecordScan

cdef Py_ssize_t _RECORD
cdef int _NEW, _HANDSHAKE, _OPEN, _FLUSHING, _SHUTDOWN, _CLOSED


@cython.final
cdef class TLSState:
    # bytes of the records taken, or less
    cdef long long consumed
    # their close_notify came
    cdef readonly bint eof
    # raw.write, as put and get are the BIOs' methods
    cdef object encrypt
    # the handshake was done once, whatever came after
    cdef readonly bint established
    # the last read filled its buffer: OpenSSL may hold the rest of a record
    cdef bint full
    cdef object get
    cdef readonly object incoming
    cdef readonly object outgoing
    cdef object put
    # the C object behind `ssl_object`
    cdef object raw
    cdef object read
    cdef RecordScan scan
    cdef readonly object ssl_object
    cdef readonly int state
    # something other than data was read since `answered` was asked
    cdef bint strange
    # records that were certainly read
    cdef long long taken

    cpdef advance(self, int state)
    cpdef feed(self, bytes data)
    cpdef Py_ssize_t unread(self) except -1
    cpdef bint handshake(self) except -1
    @cython.locals(pending=Py_ssize_t)
    cpdef Py_ssize_t complete(self) except -1
    cpdef bint is_last(self) except -1
    cdef void take(self) noexcept
    cdef void want_more(self) noexcept
    cpdef bint answered(self) except -1
    cpdef bint has_record(self) except -1
    cpdef bytes read_bytes(self, Py_ssize_t count)
    @cython.locals(count=Py_ssize_t)
    cpdef Py_ssize_t read_into(self, target, Py_ssize_t room) except -1
    cdef void after_read(self, Py_ssize_t count, Py_ssize_t room) noexcept
    cpdef discard(self, scratch)
    @cython.locals(count=Py_ssize_t)
    cpdef Py_ssize_t write(self, data) except -1
    cpdef bint shut_down(self) except -1
    cpdef bytes output(self)
