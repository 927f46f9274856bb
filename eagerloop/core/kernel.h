/* What runtime.h has of the kernel: the clock, epoll, and the calls of non-blocking sockets, made without a Python object
 * for each argument. Declared in runtime.pxd like the rest; in Python it is the last part of runtime.py. */
#ifndef EAGERLOOP_KERNEL_H
#define EAGERLOOP_KERNEL_H

#include <Python.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>

static inline int el_check_signals(void) { return PyErr_CheckSignals(); }

/* A call that may lead to itself: fails before the stack ends. */
static inline int el_descend(void) { return Py_EnterRecursiveCall(" while calling a Python object") ? -1 : 0; }
static inline void el_ascend(void) { Py_LeaveRecursiveCall(); }

static inline double el_monotonic(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)((int64_t)now.tv_sec * 1000000000 + now.tv_nsec) / 1e9; /* as time.monotonic() rounds */
}

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Waits for at most `timeout` seconds (negative: for ever). Returns the number of events; 0 after a signal. */
static inline int el_epoll_wait(int epfd, struct epoll_event *events, int size, double timeout) {
    static int has_pwait2 = 1; /* Linux 5.11: nanoseconds instead of milliseconds */
    int count = -1;
    if (timeout == 0.0) { /* returns at once: keeping the GIL is cheaper than giving it back */
        count = epoll_wait(epfd, events, size, 0);
    } else {
        struct timespec limit = {0, 0};
        if (timeout > 0) {
            if (timeout > 86400.0) timeout = 86400.0; /* the turn comes round again */
            limit.tv_sec = (time_t)timeout;
            limit.tv_nsec = (long)((timeout - (double)limit.tv_sec) * 1e9) + 1; /* up: a timer is never early */
            if (limit.tv_nsec >= 1000000000) { limit.tv_sec++; limit.tv_nsec -= 1000000000; }
        }
        int error;
        Py_BEGIN_ALLOW_THREADS
#ifdef SYS_epoll_pwait2
        if (has_pwait2) {
            count = (int)syscall(SYS_epoll_pwait2, epfd, events, size, timeout < 0 ? NULL : &limit, NULL, (size_t)0);
            if (count < 0 && (errno == ENOSYS || errno == EPERM)) has_pwait2 = 0;
        }
#else
        has_pwait2 = 0;
#endif
        if (!has_pwait2) {
            int milliseconds = -1;
            if (timeout >= 0) milliseconds = (int)(limit.tv_sec * 1000 + (limit.tv_nsec + 999999) / 1000000);
            count = epoll_wait(epfd, events, size, milliseconds);
        }
        error = errno;
        Py_END_ALLOW_THREADS
        errno = error;
    }
    if (count >= 0) return count;
    if (errno == EINTR) return 0;
    PyErr_SetFromErrno(PyExc_OSError);
    return -1;
}

static inline int el_epoll_control(int epfd, int operation, int fd, unsigned int bits) {
    struct epoll_event event;
    memset(&event, 0, sizeof(event));
    event.events = bits;
    event.data.fd = fd;
    if (epoll_ctl(epfd, operation, fd, &event) == 0) return 0;
    PyErr_SetFromErrno(PyExc_OSError);
    return -1;
}

/* Arms a descriptor that most likely was registered by the last call and has fired since. */
static inline int el_epoll_arm(int epfd, int fd, unsigned int bits) {
    struct epoll_event event;
    memset(&event, 0, sizeof(event));
    event.events = bits | EPOLLONESHOT;
    event.data.fd = fd;
    if (epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event) == 0) return 0;
    if (errno == ENOENT && epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event) == 0) return 0;
    PyErr_SetFromErrno(PyExc_OSError);
    return -1;
}
#else /* declared so that everything compiles; eagerloop.poll never chooses epoll here */
struct epoll_event { uint32_t events; union { int fd; } data; };
static inline int el_no_epoll(void) {
    PyErr_SetString(PyExc_OSError, "epoll exists on Linux only");
    return -1;
}
#define el_epoll_wait(epfd, events, size, timeout) el_no_epoll()
#define el_epoll_control(epfd, operation, fd, bits) el_no_epoll()
#define el_epoll_arm(epfd, fd, bits) el_no_epoll()
#endif

static inline struct epoll_event *el_epoll_events(int size) {
    struct epoll_event *events = PyMem_Calloc((size_t)size, sizeof(struct epoll_event));
    if (events == NULL) PyErr_NoMemory();
    return events;
}

/* Non-blocking sockets: a call takes less than giving the GIL back and taking it again would. -2: it would block. */

#define EL_SCRATCH 262144 /* bytes read at once */
#define EL_SMALL 16384   /* bytes; after more an object is made before it is known what comes, after less then */
#define EL_POOLED 480    /* bytes; objects of less come from Python's own pools, which are cheap */
#define EL_IN_PLACE 4096 /* bytes; more are not copied if an object for them is at hand */
#define EL_PIECES 64     /* buffers sent at once */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif
#ifndef MSG_DONTWAIT
#define MSG_DONTWAIT 0
#endif
#define EL_SEND_FLAGS (MSG_NOSIGNAL | MSG_DONTWAIT) /* a user's socket in sock_sendall() may be a blocking one */

static inline Py_ssize_t el_sock_result(Py_ssize_t count) {
    if (count >= 0) return count;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return -2;
    PyErr_SetFromErrno(PyExc_OSError);
    return -1;
}

/* Stream transports ask for what failed instead of catching it, for Cython's own `try` costs as much as entering a context
 * does: a send that fails returns a number below EL_FAILED, and a receive the exception. */
#define EL_FAILED (-1000)
static inline Py_ssize_t el_sock_outcome(Py_ssize_t count) {
    if (count >= 0) return count;
    return errno == EAGAIN || errno == EWOULDBLOCK ? -2 : EL_FAILED - errno;
}

static inline PyObject *el_sock_error(Py_ssize_t outcome) {
    errno = (int)(EL_FAILED - outcome);
    PyErr_SetFromErrno(PyExc_OSError);
    return el_take_exception();
}

/* The object of the last packet. If it was let go of when the next is wanted, as an echo's is, it serves again: from 512
 * bytes on, malloc and free cost as much as the rest of a read. */
static PyObject *el_last = NULL;
static Py_ssize_t el_last_room = 0;

static inline int el_last_is_free(void) { return el_last != NULL && Py_REFCNT(el_last) == 1; }

/* It wastes little of its room on `count` bytes. */
static inline int el_last_fits(Py_ssize_t count) {
    return count <= el_last_room && el_last_room - count <= el_last_room / 8;
}

static inline PyObject *el_last_again(Py_ssize_t count) {
    PyBytesObject *data = (PyBytesObject *)el_last;
    Py_SET_SIZE(data, count);
    data->ob_sval[count] = 0;
    _Py_COMP_DIAG_PUSH
    _Py_COMP_DIAG_IGNORE_DEPR_DECLS
    data->ob_shash = -1; /* not computed yet */
    _Py_COMP_DIAG_POP
    return Py_NewRef(el_last);
}

static inline PyObject *el_bytes_of(const char *source, Py_ssize_t count) {
    if (count < EL_POOLED) return PyBytes_FromStringAndSize(source, count);
    if (el_last_is_free() && el_last_fits(count)) {
        memcpy(PyBytes_AS_STRING(el_last), source, (size_t)count);
        return el_last_again(count);
    }
    PyObject *made = PyBytes_FromStringAndSize(source, count);
    if (made == NULL) return NULL;
    Py_XSETREF(el_last, Py_NewRef(made));
    el_last_room = count;
    return made;
}

/* Into the last packet's object, which is free, and what it cannot take into `rest`. */
static inline PyObject *el_recv_again(int fd, char *rest, Py_ssize_t most) {
    Py_ssize_t first = el_last_room < most ? el_last_room : most;
    struct iovec parts[2] = {{PyBytes_AS_STRING(el_last), (size_t)first}, {rest, (size_t)(most - first)}};
    struct msghdr message;
    Py_ssize_t count;
    memset(&message, 0, sizeof(message));
    message.msg_iov = parts;
    message.msg_iovlen = first < most ? 2 : 1;
    do count = recvmsg(fd, &message, MSG_DONTWAIT); while (count < 0 && errno == EINTR);
    count = el_sock_result(count);
    if (count < 0) return count == -2 ? Py_NewRef(Py_None) : NULL;
    if (count > 0 && el_last_fits(count)) return el_last_again(count);
    if (count <= el_last_room) return PyBytes_FromStringAndSize(PyBytes_AS_STRING(el_last), count);
    PyObject *made = PyBytes_FromStringAndSize(NULL, count);
    if (made == NULL) return NULL;
    memcpy(PyBytes_AS_STRING(made), PyBytes_AS_STRING(el_last), (size_t)el_last_room);
    memcpy(PyBytes_AS_STRING(made) + el_last_room, rest, (size_t)(count - el_last_room));
    Py_SETREF(el_last, Py_NewRef(made));
    el_last_room = count;
    return made;
}

/* What has arrived, at most `most` bytes of up to EL_SCRATCH; b"" at the end; None if it would block. `last` is how much came
 * last time. */
static inline PyObject *el_sock_recv(int fd, Py_ssize_t last, Py_ssize_t most) {
    static char scratch[EL_SCRATCH];
    Py_ssize_t count;
    if (last > EL_SMALL && !el_last_is_free()) { /* as much may come again */
        Py_XSETREF(el_last, PyBytes_FromStringAndSize(NULL, last));
        if (el_last == NULL) return NULL;
        el_last_room = last;
    }
    if (last > EL_IN_PLACE && el_last_is_free() && el_last_room > EL_IN_PLACE) return el_recv_again(fd, scratch, most);
    do count = recv(fd, scratch, (size_t)most, MSG_DONTWAIT); while (count < 0 && errno == EINTR);
    count = el_sock_result(count);
    if (count < 0) return count == -2 ? Py_NewRef(Py_None) : NULL;
    return el_bytes_of(scratch, count);
}
#define EL_SOCK_RECV(sock, fd, last) el_or_exception(el_sock_recv(fd, last, EL_SCRATCH))

/* For sock_recv(), which keeps nothing between two calls: what came last to any socket is the guess. */
static inline PyObject *el_sock_recv_most(int fd, Py_ssize_t most) {
    static Py_ssize_t last = 0;
    PyObject *data = el_sock_recv(fd, last < most ? last : most, most);
    if (data != NULL && data != Py_None) last = PyBytes_GET_SIZE(data);
    return data;
}
#define EL_SOCK_RECV_MOST(sock, fd, most) el_sock_recv_most(fd, most)

static inline Py_ssize_t el_sock_recv_into(int fd, PyObject *buffer) {
    Py_buffer view;
    Py_ssize_t count;
    if (PyObject_GetBuffer(buffer, &view, PyBUF_WRITABLE) < 0) { /* says what the socket module says */
        PyErr_Format(PyExc_TypeError, "recv_into() argument 1 must be read-write bytes-like object, not %.50s",
                     Py_TYPE(buffer)->tp_name);
        return -1;
    }
    do count = recv(fd, view.buf, (size_t)view.len, MSG_DONTWAIT); while (count < 0 && errno == EINTR);
    count = el_sock_result(count);
    PyBuffer_Release(&view);
    return count;
}
#define EL_SOCK_RECV_INTO(sock, fd, buffer) el_sock_recv_into(fd, buffer)

static inline Py_ssize_t el_sock_send(int fd, PyObject *data) {
    Py_buffer view;
    Py_ssize_t count;
    if (PyBytes_CheckExact(data)) {
        do count = send(fd, PyBytes_AS_STRING(data), (size_t)PyBytes_GET_SIZE(data), EL_SEND_FLAGS);
        while (count < 0 && errno == EINTR);
        return el_sock_outcome(count);
    }
    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0) return -1;
    do count = send(fd, view.buf, (size_t)view.len, EL_SEND_FLAGS); while (count < 0 && errno == EINTR);
    count = el_sock_outcome(count);
    PyBuffer_Release(&view);
    return count;
}
#define EL_SOCK_SEND(sock, fd, data) el_sock_send(fd, data)

/* Sends `pieces[first:]`, each bytes or a bytearray, without the first `offset` bytes. */
static inline Py_ssize_t el_sock_sendmsg(int fd, PyObject *pieces, Py_ssize_t first, Py_ssize_t offset) {
    struct iovec vector[EL_PIECES];
    struct msghdr message;
    Py_ssize_t count = PyList_GET_SIZE(pieces) - first;
    if (count > EL_PIECES) count = EL_PIECES;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *piece = PyList_GET_ITEM(pieces, first + i);
        int mutable = PyByteArray_Check(piece);
        vector[i].iov_base = mutable ? PyByteArray_AS_STRING(piece) : PyBytes_AS_STRING(piece);
        vector[i].iov_len = (size_t)(mutable ? PyByteArray_GET_SIZE(piece) : PyBytes_GET_SIZE(piece));
    }
    vector[0].iov_base = (char *)vector[0].iov_base + offset;
    vector[0].iov_len -= (size_t)offset;
    memset(&message, 0, sizeof(message));
    message.msg_iov = vector;
    message.msg_iovlen = (size_t)count;
    do count = sendmsg(fd, &message, EL_SEND_FLAGS); while (count < 0 && errno == EINTR);
    return el_sock_outcome(count);
}
#define EL_SOCK_SENDMSG(sock, fd, pieces, first, offset) el_sock_sendmsg(fd, pieces, first, offset)

/* Datagrams. The last sender's address is kept in both forms, the kernel's and Python's: most answers go there. So are
 * those of some more: making a name costs as much as the rest of a datagram. */

#define EL_DATAGRAM 262144 /* bytes of the longest datagram that is read whole */

#define EL_SETS 64 /* a power of two */
#define EL_WAYS 4  /* peers with the same hash whose names are kept */

typedef struct {
    PyObject *name; /* or NULL */
    socklen_t length;
    struct sockaddr_in6 address; /* or the shorter sockaddr_in */
} el_known;

typedef struct {
    PyObject *name; /* as the socket module says it; NULL: the last datagram's sender has none */
    socklen_t length;
    struct sockaddr_storage address;
    el_known (*known)[EL_WAYS]; /* by a hash of the address, the newest first; NULL until there are two */
    int foreign;     /* a family that only the socket module knows */
} el_peer;

static inline el_peer *el_peer_new(int family) {
    el_peer *peer = PyMem_Calloc(1, sizeof(el_peer));
    if (peer == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    peer->foreign = family != AF_INET && family != AF_INET6 && family != AF_UNIX;
    return peer;
}

static inline void el_peer_free(el_peer *peer) {
    if (peer == NULL) return;
    Py_XDECREF(peer->name);
    for (int i = 0; peer->known != NULL && i < EL_SETS * EL_WAYS; i++)
        Py_XDECREF(peer->known[i / EL_WAYS][i % EL_WAYS].name);
    PyMem_Free(peer->known);
    PyMem_Free(peer);
}

static inline PyObject *el_peer_build(const el_peer *peer) {
    char host[INET6_ADDRSTRLEN];
    if (peer->address.ss_family == AF_INET) {
        const struct sockaddr_in *four = (const struct sockaddr_in *)&peer->address;
        inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
        return Py_BuildValue("si", host, (int)ntohs(four->sin_port));
    }
    if (peer->address.ss_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&peer->address;
        inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
        return Py_BuildValue("siII", host, (int)ntohs(six->sin6_port), (unsigned)ntohl(six->sin6_flowinfo),
                             (unsigned)six->sin6_scope_id);
    }
    const char *path = ((const struct sockaddr_un *)&peer->address)->sun_path;
    Py_ssize_t length = (Py_ssize_t)peer->length - (Py_ssize_t)offsetof(struct sockaddr_un, sun_path);
    if (length > 0 && path[0] == 0) return PyBytes_FromStringAndSize(path, length); /* abstract */
    return PyUnicode_DecodeFSDefaultAndSize(path, length > 0 ? (Py_ssize_t)strnlen(path, (size_t)length) : 0);
}

/* Where such an address's name may be kept, or NULL: addresses with ports only. */
static inline el_known *el_peer_set(el_peer *peer, const struct sockaddr_storage *address, socklen_t length) {
    uint32_t words[sizeof(struct sockaddr_in6) / 4], hash = 0;
    if ((address->ss_family != AF_INET && address->ss_family != AF_INET6) || length > sizeof(words)) return NULL;
    if (peer->known == NULL && (peer->known = PyMem_Calloc(EL_SETS, sizeof(*peer->known))) == NULL) return NULL;
    memcpy(words, address, length);
    for (socklen_t i = 0; i < length / 4; i++) hash = (hash ^ words[i]) * 2654435761u;
    return peer->known[hash >> 16 & (EL_SETS - 1)];
}

/* The address that recvfrom has just filled in becomes the peer's. */
static inline int el_peer_becomes(el_peer *peer, const struct sockaddr_storage *address, socklen_t length) {
    if (peer->name != NULL && length == peer->length && memcmp(address, &peer->address, length) == 0) return 0;
    el_known *set = peer->name == NULL ? NULL : el_peer_set(peer, address, length);
    peer->length = length;
    memcpy(&peer->address, address, length);
    for (int i = 0; set != NULL && i < EL_WAYS && set[i].name != NULL; i++)
        if (length == set[i].length && memcmp(address, &set[i].address, length) == 0) {
            Py_SETREF(peer->name, Py_NewRef(set[i].name));
            return 0;
        }
    Py_XSETREF(peer->name, length == 0 ? NULL : el_peer_build(peer));
    if (peer->name == NULL) return length == 0 ? 0 : -1;
    if (set != NULL) {
        Py_XDECREF(set[EL_WAYS - 1].name);
        memmove(set + 1, set, (EL_WAYS - 1) * sizeof(el_known));
        memcpy(&set->address, address, length);
        set->length = length;
        set->name = Py_NewRef(peer->name);
    }
    return 0;
}

/* After a method of the socket module's has failed: whether it would block, which is no error. */
static inline int el_sock_method_blocks(void) {
    if (!PyErr_ExceptionMatches(PyExc_BlockingIOError)) return 0;
    PyErr_Clear();
    return 1;
}

/* A datagram, or None if it would block. Then `el_peer_sender` says from whom. */
static inline PyObject *el_sock_recvfrom(PyObject *sock, int fd, el_peer *peer) {
    static char datagram[EL_DATAGRAM];
    struct sockaddr_storage address;
    socklen_t length = sizeof(address);
    Py_ssize_t count;
    if (peer->foreign) {
        PyObject *pair = PyObject_CallMethod(sock, "recvfrom", "i", EL_DATAGRAM);
        if (pair == NULL) return el_sock_method_blocks() ? Py_NewRef(Py_None) : NULL;
        if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2) { /* the user's own socket */
            PyErr_Format(PyExc_TypeError, "recvfrom() returned %.100s, no pair", Py_TYPE(pair)->tp_name);
            Py_DECREF(pair);
            return NULL;
        }
        Py_XSETREF(peer->name, Py_NewRef(PyTuple_GET_ITEM(pair, 1)));
        Py_SETREF(pair, Py_NewRef(PyTuple_GET_ITEM(pair, 0)));
        return pair;
    }
    do count = recvfrom(fd, datagram, sizeof(datagram), 0, (struct sockaddr *)&address, &length);
    while (count < 0 && errno == EINTR);
    count = el_sock_result(count);
    if (count < 0) return count == -2 ? Py_NewRef(Py_None) : NULL;
    if (length > sizeof(address)) length = sizeof(address);
    return el_peer_becomes(peer, &address, length) < 0 ? NULL : el_bytes_of(datagram, count);
}

static inline PyObject *el_peer_sender(const el_peer *peer) {
    return Py_NewRef(peer->name == NULL ? Py_None : peer->name);
}

/* -2 if it would block, else 0 or more. To whom the last datagram came from without parsing the address, else by the socket
   module, where a test may have put a sendto of its own: what that returns says nothing. */
static inline Py_ssize_t el_sock_sendto(PyObject *sock, int fd, PyObject *data, PyObject *name, el_peer *peer) {
    Py_buffer view;
    Py_ssize_t count;
    if (peer == NULL || name != peer->name || peer->foreign) { /* NULL: the transport's __init__ was left out */
        PyObject *result = PyObject_CallMethod(sock, "sendto", "OO", data, name);
        if (result == NULL) return el_sock_method_blocks() ? -2 : -1;
        Py_DECREF(result);
        return 0;
    }
    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0) return -1;
    do count = sendto(fd, view.buf, (size_t)view.len, EL_SEND_FLAGS, (struct sockaddr *)&peer->address, peer->length);
    while (count < 0 && errno == EINTR);
    count = el_sock_result(count);
    PyBuffer_Release(&view);
    return count;
}

#define EL_EVENT_FD(batch, i) ((batch)[i].data.fd)
#define EL_EVENT_BITS(batch, i) ((batch)[i].events)

#endif
