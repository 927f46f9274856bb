/* The physical limit: an echo server that is nothing but epoll, recv and send.
 *
 * No loop in Python can answer with less CPU time than this, for the kernel's part is the same. It prints
 * its address when it listens and serves until it is killed.
 *
 * Usage: echo (tcp | unix PATH)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EVENTS 512
#define RECEIVE_BYTES (256 * 1024)

typedef struct {
    int fd;
    char *left; /* what the kernel did not take; while there is some, nothing is read */
    size_t from, to;
} Connection;

static char received[RECEIVE_BYTES];
static int epoll_fd;

static void fail(const char *what) {
    fprintf(stderr, "echo: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void watch(Connection *connection, int how, unsigned events) {
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(epoll_fd, how, connection->fd, &event) < 0) fail("epoll_ctl");
}

static void drop(Connection *connection) {
    close(connection->fd);
    free(connection->left);
    free(connection);
}

static void readable(Connection *connection) {
    ssize_t n = recv(connection->fd, received, sizeof received, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        drop(connection);
        return;
    }
    ssize_t sent = send(connection->fd, received, (size_t)n, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        drop(connection);
        return;
    }
    if (sent < 0) sent = 0;
    if (sent == n) return;
    connection->from = 0;
    connection->to = (size_t)(n - sent);
    connection->left = malloc(connection->to);
    if (connection->left == NULL) fail("malloc");
    memcpy(connection->left, received + sent, connection->to);
    watch(connection, EPOLL_CTL_MOD, EPOLLOUT);
}

static void writable(Connection *connection) {
    ssize_t sent = send(connection->fd, connection->left + connection->from,
                        connection->to - connection->from, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN) drop(connection);
        return;
    }
    connection->from += (size_t)sent;
    if (connection->from < connection->to) return;
    free(connection->left);
    connection->left = NULL;
    watch(connection, EPOLL_CTL_MOD, EPOLLIN);
}

static int listen_at(int argc, char **argv) {
    int fd;
    if (argc > 2 && strcmp(argv[1], "unix") == 0) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        if (strlen(argv[2]) >= sizeof address.sun_path) exit(2);
        strcpy(address.sun_path, argv[2]);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
        if (listen(fd, 1024) < 0) fail("listen");
        printf("unix %s\n", argv[2]);
    } else {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof address;
        fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
        if (listen(fd, 1024) < 0) fail("listen");
        if (getsockname(fd, (struct sockaddr *)&address, &length) < 0) fail("getsockname");
        printf("tcp 127.0.0.1:%d\n", ntohs(address.sin_port));
    }
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    epoll_fd = epoll_create1(0);
    if (epoll_fd < 0) fail("epoll_create1");
    Connection listener = {.fd = listen_at(argc, argv)};
    watch(&listener, EPOLL_CTL_ADD, EPOLLIN);
    for (;;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(epoll_fd, events, EVENTS, -1);
        if (n < 0 && errno != EINTR) fail("epoll_wait");
        for (int i = 0; i < n; i++) {
            Connection *connection = events[i].data.ptr;
            if (connection != &listener) {
                if (events[i].events & EPOLLOUT) writable(connection);
                else readable(connection);
                continue;
            }
            int fd;
            while ((fd = accept4(listener.fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                int on = 1;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* no matter on a Unix socket */
                Connection *fresh = calloc(1, sizeof *fresh);
                if (fresh == NULL) fail("calloc");
                fresh->fd = fd;
                watch(fresh, EPOLL_CTL_ADD, EPOLLIN);
            }
        }
    }
}
