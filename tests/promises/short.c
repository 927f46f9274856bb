/* Preloaded by test_partial.py: a kernel that takes and gives at most SHORT bytes at a time, and every third time none.
 * One byte is always taken: that may be a wake-up, which nobody sends again. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static size_t limit(size_t wanted) {
    static size_t most = 0;
    if (most == 0) most = strtoul(getenv("SHORT"), NULL, 10);
    return wanted < most ? wanted : most;
}

static int not_now(void) {
    static unsigned calls = 0;
    if (++calls % 3 != 0) return 0;
    errno = EAGAIN;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t send(int fd, const void *data, size_t size, int flags) {
    return size > 1 && not_now() ? -1 : REAL(send)(fd, data, limit(size), flags);
}

ssize_t recv(int fd, void *data, size_t size, int flags) {
    return not_now() ? -1 : REAL(recv)(fd, data, limit(size), flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    if (not_now()) return -1;
    for (size_t i = 0; i < message->msg_iovlen; i++) { /* the first piece that is not empty, or a part of it */
        struct iovec piece = message->msg_iov[i];
        if (piece.iov_len > 0) return REAL(send)(fd, piece.iov_base, limit(piece.iov_len), flags);
    }
    return REAL(sendmsg)(fd, message, flags);
}

/* Pipes: a blocking one is nobody's transport. */

static int mine(int fd) {
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && (flags & O_NONBLOCK);
}

ssize_t write(int fd, const void *data, size_t size) {
    if (!mine(fd)) return REAL(write)(fd, data, size);
    return size > 1 && not_now() ? -1 : REAL(write)(fd, data, limit(size));
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
    return mine(fd) && count > 0 ? write(fd, pieces[0].iov_base, pieces[0].iov_len) : REAL(writev)(fd, pieces, count);
}

ssize_t read(int fd, void *data, size_t size) {
    if (!mine(fd)) return REAL(read)(fd, data, size);
    return not_now() ? -1 : REAL(read)(fd, data, limit(size));
}
