cimport cython

from ..core cimport runtime
from ..core.operation cimport Operation
from .bytequeue cimport ByteQueue
from .reader cimport StreamReader


cdef class Reading(Operation):
    cdef StreamReader reader
    # None: it has not waited yet
    cdef object waiter

    cdef int begin(self, StreamReader reader) except -1
    cdef int prepare(self) except -1
    cdef bint is_ready(self) except -1
    cdef bytes finish(self)
    cdef str method(self)
    cdef bint _poll(self) except -1
    cdef bint _fail(self, object exc) except -1


cdef class WaitForData(Reading):
    cdef str name

    cdef bint is_ready(self) except -1
    cdef str method(self)
    cdef bint _poll(self) except -1


cdef class Read(Reading):
    cdef Py_ssize_t count

    cdef bint is_ready(self) except -1
    @cython.locals(size=Py_ssize_t)
    cdef bytes finish(self)


cdef class ReadAll(Reading):
    cdef bint is_ready(self) except -1
    cdef bytes finish(self)


cdef class ReadExactly(Reading):
    cdef Py_ssize_t count

    cdef int prepare(self) except -1
    cdef bint is_ready(self) except -1
    @cython.locals(size=Py_ssize_t)
    cdef bytes finish(self)
    cdef str method(self)


cdef class ReadUntil(Reading):
    # several: a tuple, sorted by length
    cdef object separator
    # where the separator found begins and ends, counted from the front of the buffer
    cdef Py_ssize_t end
    cdef Py_ssize_t longest
    cdef Py_ssize_t match
    # no separator begins below this position, counted from the beginning of the stream
    cdef long long start

    cdef int look_for(self, separator) except -1
    @cython.locals(shortest=Py_ssize_t)
    cdef int prepare(self) except -1
    @cython.locals(size=Py_ssize_t, start="long long")
    cdef bint is_ready(self) except -1
    @cython.locals(match=Py_ssize_t, end=Py_ssize_t)
    cdef int find_first(self, Py_ssize_t start) except -1
    @cython.locals(looked="long long")
    cdef bytes finish(self)
    cdef str method(self)


cdef class ReadLine(ReadUntil):
    cdef bytes finish(self)


cdef class NextLine(ReadLine):
    cdef bint _poll(self) except -1


@cython.locals(made=WaitForData)
cdef WaitForData wait_for_data(StreamReader reader, name)
@cython.locals(made=Read)
cdef Read read(StreamReader reader, Py_ssize_t count)
@cython.locals(made=ReadAll)
cdef ReadAll read_all(StreamReader reader)
@cython.locals(made=ReadExactly)
cdef ReadExactly read_exactly(StreamReader reader, Py_ssize_t count)
@cython.locals(made=ReadUntil)
cdef ReadUntil read_until(StreamReader reader, separator)
@cython.locals(made=ReadLine)
cdef ReadLine read_line(StreamReader reader)
@cython.locals(made=NextLine)
cdef NextLine next_line(StreamReader reader)
