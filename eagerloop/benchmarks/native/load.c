/* The load generator: N connections to an echo-like server, each with D requests in flight.
 *
 * One thread, one epoll, no allocation after the start, so that on a core of its own it is not what is
 * measured. A request is a fixed block of bytes, a reply a fixed number of bytes; the generator counts
 * replies, keeps their latencies in a histogram with 3 % wide buckets, and reads the *server's* CPU clock
 * at the two ends of the window: the figure everything else is judged by.
 *
 * Usage: load (--tcp HOST:PORT | --unix PATH | --udp HOST:PORT | --tls HOST:PORT) [options]; prints one
 * JSON object. TLS comes from the OpenSSL library that is installed; its headers are not needed.
 *   --connections N   open at once                        (1)
 *   --size BYTES      of a request                        (64)
 *   --reply BYTES     of its reply                        (the size)
 *   --depth D         requests in flight per connection   (1)
 *   --file PATH       the request is what this file holds, for instance one of HTTP
 *   --framing F       raw | line (ends with \n) | sized (4 bytes, big endian: how many follow)
 *   --warmup S        seconds before the window           (0.3)
 *   --seconds S       the window                          (1.0)
 *   --requests K      stop after K replies instead, no warm-up: for counting instructions
 *   --pid P           the server, whose CPU time is reported
 *   --hold            connect, do one request on each, print {"connected": N}, wait for stdin to end
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define MAX_DEPTH 256
#define EVENTS 512
#define RECEIVE_BYTES (256 * 1024)
#define SILENCE_MS 200 /* after so long without a datagram, what is in flight is taken for lost */
#define SILENT_TCP 50  /* so many silences in a row on a stream: the server is stuck */

typedef struct {
    int fd;
    void *tls;                  /* OpenSSL's SSL of this connection, or NULL */
    int waits_to_write;         /* EPOLLOUT is registered */
    uint64_t unsent;            /* bytes of started requests not yet taken by the kernel */
    uint64_t phase;             /* where in the request block the next unsent byte is */
    uint64_t got;               /* bytes of the reply that is arriving */
    int first, count;           /* ring of send times, oldest first */
    uint64_t sent_at[MAX_DEPTH];
} Connection;

static struct {
    const char *tcp, *unix_path, *udp, *tls, *framing, *file;
    int connections, depth, hold;
    uint64_t size, reply, requests;
    double warmup, seconds;
    pid_t pid;
} want = {.connections = 1, .depth = 1, .size = 64, .framing = "raw", .warmup = 0.3, .seconds = 1.0};

static char *block;            /* MAX(depth, 1) requests, one after another */
static uint64_t block_bytes;
static char received[RECEIVE_BYTES];
static int epoll_fd;
static int measuring;
static uint64_t replies, lost, worst_ns;

/* Histogram: 32 buckets per power of two. */
#define SUB 32
static uint64_t histogram[64 * SUB];

static void fail(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void refuse(const char *what) {
    fprintf(stderr, "load: %s\n", what);
    exit(2);
}

/* The few functions of OpenSSL that a client needs; their ABI is the same from 1.1 to 3. */
static void *(*SSL_CTX_new)(const void *);
static void *(*SSL_new)(void *);
static const void *(*TLS_client_method)(void);
static long (*SSL_ctrl)(void *, int, long, void *);
static int (*SSL_set_fd)(void *, int);
static int (*SSL_connect)(void *);
static int (*SSL_read)(void *, void *, int);
static int (*SSL_write)(void *, const void *, int);
static int (*SSL_get_error)(const void *, int);
static void *tls_context;

enum { WANT_READ = 2, WANT_WRITE = 3, CLOSED = 6 }; /* of SSL_get_error */
enum { SET_MODE = 33, PARTIAL_WRITE = 1, MOVING_BUFFER = 2 };

static void *symbol(void *library, const char *name) {
    void *found = dlsym(library, name);
    if (found == NULL) refuse("the OpenSSL library lacks a function");
    return found;
}

static void load_tls(void) {
    void *library = dlopen("libssl.so.3", RTLD_NOW);
    if (library == NULL) library = dlopen("libssl.so.1.1", RTLD_NOW);
    if (library == NULL) library = dlopen("libssl.so", RTLD_NOW);
    if (library == NULL) refuse("there is no OpenSSL library");
    *(void **)&SSL_CTX_new = symbol(library, "SSL_CTX_new");
    *(void **)&SSL_new = symbol(library, "SSL_new");
    *(void **)&TLS_client_method = symbol(library, "TLS_client_method");
    *(void **)&SSL_ctrl = symbol(library, "SSL_ctrl");
    *(void **)&SSL_set_fd = symbol(library, "SSL_set_fd");
    *(void **)&SSL_connect = symbol(library, "SSL_connect");
    *(void **)&SSL_read = symbol(library, "SSL_read");
    *(void **)&SSL_write = symbol(library, "SSL_write");
    *(void **)&SSL_get_error = symbol(library, "SSL_get_error");
    tls_context = SSL_CTX_new(TLS_client_method());
    if (tls_context == NULL) refuse("OpenSSL has no client");
}

static void start_tls(Connection *connection) { /* the socket still blocks */
    connection->tls = SSL_new(tls_context);
    if (connection->tls == NULL || SSL_set_fd(connection->tls, connection->fd) != 1) refuse("SSL_new failed");
    SSL_ctrl(connection->tls, SET_MODE, PARTIAL_WRITE | MOVING_BUFFER, NULL);
    if (SSL_connect(connection->tls) != 1) refuse("the TLS handshake failed");
}

static ssize_t tls_result(Connection *connection, int n) { /* in the words of send and recv */
    if (n > 0) return n;
    int error = SSL_get_error(connection->tls, n);
    if (error == CLOSED) return 0;
    errno = error == WANT_READ || error == WANT_WRITE ? EAGAIN : EPROTO;
    return -1;
}

static ssize_t put(Connection *connection, const char *data, uint64_t size) {
    if (connection->tls == NULL) return send(connection->fd, data, size, MSG_NOSIGNAL);
    return tls_result(connection, SSL_write(connection->tls, data, (int)size));
}

static ssize_t get(Connection *connection, char *into, size_t size) {
    if (connection->tls == NULL) return recv(connection->fd, into, size, 0);
    ssize_t total = 0; /* to the end of what OpenSSL holds: epoll does not know of that */
    while ((size_t)total < size) {
        ssize_t n = tls_result(connection, SSL_read(connection->tls, into + total, (int)(size - (size_t)total)));
        if (n <= 0) return total > 0 ? total : n;
        total += n;
    }
    return total;
}

static uint64_t clock_ns(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t) < 0) fail("clock_gettime");
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int bucket_of(uint64_t ns) {
    if (ns < SUB) return (int)ns;
    int power = 63 - __builtin_clzll(ns);
    return (power - 4) * SUB + (int)((ns >> (power - 5)) & (SUB - 1));
}

static uint64_t value_of(int bucket) { /* the middle of the bucket */
    if (bucket < SUB) return (uint64_t)bucket;
    int power = bucket / SUB + 4;
    uint64_t low = ((uint64_t)SUB + (uint64_t)(bucket % SUB)) << (power - 5);
    return low + ((1ull << (power - 5)) >> 1);
}

static uint64_t percentile(double share) {
    uint64_t total = 0, seen = 0;
    for (int i = 0; i < 64 * SUB; i++) total += histogram[i];
    uint64_t rank = (uint64_t)(share * (double)total);
    for (int i = 0; i < 64 * SUB; i++) {
        seen += histogram[i];
        if (seen > rank) return value_of(i);
    }
    return worst_ns;
}

static void read_request(void) {
    FILE *file = fopen(want.file, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) < 0) fail(want.file);
    want.size = (uint64_t)ftell(file);
    rewind(file);
    block_bytes = want.size * (uint64_t)want.depth;
    block = malloc(block_bytes);
    if (block == NULL || fread(block, 1, want.size, file) != want.size) fail(want.file);
    fclose(file);
    for (int i = 1; i < want.depth; i++) memcpy(block + (uint64_t)i * want.size, block, want.size);
}

static void build_block(void) {
    uint64_t size = want.size;
    block_bytes = size * (uint64_t)want.depth;
    block = malloc(block_bytes);
    if (block == NULL) fail("malloc");
    memset(block, 'x', block_bytes);
    for (int i = 0; i < want.depth; i++) {
        char *request = block + (uint64_t)i * size;
        if (strcmp(want.framing, "line") == 0) {
            request[size - 1] = '\n';
        } else if (strcmp(want.framing, "sized") == 0) {
            uint32_t rest = htonl((uint32_t)(size - 4));
            memcpy(request, &rest, 4);
        } else if (strcmp(want.framing, "raw") != 0) {
            refuse("--framing must be raw, line or sized");
        }
    }
}

static void open_connection(Connection *connection) {
    int fd;
    if (want.unix_path != NULL) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        if (strlen(want.unix_path) >= sizeof address.sun_path) refuse("the socket's path is too long");
        strcpy(address.sun_path, want.unix_path);
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (fd < 0) fail("socket");
        while (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
            if (errno != EAGAIN) fail(want.unix_path); /* EAGAIN: the backlog is full for now */
            usleep(1000);
        }
    } else {
        const char *where = want.udp != NULL ? want.udp : want.tls != NULL ? want.tls : want.tcp;
        char host[64];
        const char *colon = strrchr(where, ':');
        if (colon == NULL || (size_t)(colon - where) >= sizeof host) refuse("the address must be HOST:PORT");
        memcpy(host, where, (size_t)(colon - where));
        host[colon - where] = 0;
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(colon + 1))};
        if (inet_pton(AF_INET, host, &address.sin_addr) != 1) refuse("the host must be an IPv4 address");
        fd = socket(AF_INET, want.udp != NULL ? SOCK_DGRAM : SOCK_STREAM, 0);
        if (fd < 0) fail("socket");
        if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) fail(where);
        if (want.udp == NULL) {
            int on = 1;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
    }
    connection->fd = fd;
    if (want.tls != NULL) start_tls(connection);
    if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) fail("fcntl");
}

static void watch(Connection *connection, int to_write) {
    struct epoll_event event = {.events = EPOLLIN | (to_write ? EPOLLOUT : 0), .data.ptr = connection};
    int what = connection->waits_to_write < 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(epoll_fd, what, connection->fd, &event) < 0) fail("epoll_ctl");
    connection->waits_to_write = to_write;
}

static void push_out(Connection *connection) {
    while (connection->unsent > 0) {
        uint64_t piece = block_bytes - connection->phase;
        if (want.udp != NULL) piece = want.size; /* a datagram is one request */
        if (piece > connection->unsent) piece = connection->unsent;
        ssize_t n = put(connection, block + connection->phase, piece);
        if (n < 0) {
            if (errno == EINTR) continue;
            if (errno != EAGAIN) fail("send");
            if (connection->waits_to_write != 1) watch(connection, 1);
            return;
        }
        connection->unsent -= (uint64_t)n;
        connection->phase = (connection->phase + (uint64_t)n) % block_bytes;
    }
    if (connection->waits_to_write == 1) watch(connection, 0);
}

static void request(Connection *connection, int how_many, uint64_t now) {
    for (int i = 0; i < how_many; i++) {
        connection->sent_at[(connection->first + connection->count) % MAX_DEPTH] = now;
        connection->count++;
    }
    connection->unsent += (uint64_t)how_many * want.size;
    push_out(connection);
}

static int pull_in(Connection *connection, int again) {
    ssize_t n = get(connection, received, sizeof received);
    if (n < 0) {
        if (errno == EAGAIN || errno == EINTR) return 0;
        fail("recv");
    }
    if (n == 0) {
        fprintf(stderr, "load: the server closed a connection\n");
        exit(1);
    }
    if (want.udp != NULL && connection->count == 0) return 0; /* late: it was taken for lost */
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    connection->got += want.udp != NULL ? want.reply : (uint64_t)n;
    int finished = 0;
    while (connection->got >= want.reply && connection->count > 0) {
        connection->got -= want.reply;
        uint64_t took = now - connection->sent_at[connection->first];
        connection->first = (connection->first + 1) % MAX_DEPTH;
        connection->count--;
        finished++;
        if (measuring) {
            histogram[bucket_of(took)]++;
            if (took > worst_ns) worst_ns = took;
        }
    }
    if (connection->count == 0 && connection->got > 0) {
        fprintf(stderr, "load: %llu bytes more than were asked for\n", (unsigned long long)connection->got);
        exit(1);
    }
    replies += (uint64_t)finished;
    if (again && finished > 0) request(connection, finished, now);
    return finished;
}

static void start_again(Connection *all) { /* datagrams that were lost, or a server that is stuck */
    for (int i = 0; i < want.connections; i++) {
        int missing = all[i].count;
        lost += (uint64_t)missing;
        all[i].count = 0;
        all[i].unsent = 0;
        all[i].phase = 0;
        request(&all[i], missing, clock_ns(CLOCK_MONOTONIC));
    }
}

/* Run until `until_ns` (0: no limit) or until `until_replies` more replies have come. */
static void run(Connection *all, uint64_t until_ns, uint64_t until_replies, int again) {
    struct epoll_event events[EVENTS];
    uint64_t goal = replies + until_replies;
    int silences = 0;
    for (;;) {
        int n = epoll_wait(epoll_fd, events, EVENTS, SILENCE_MS);
        if (n < 0 && errno != EINTR) fail("epoll_wait");
        if (n == 0) {
            if (want.udp != NULL) start_again(all);
            else if (++silences == SILENT_TCP) refuse("no reply came for 10 seconds");
        } else {
            silences = 0;
        }
        for (int i = 0; i < n; i++) {
            Connection *connection = events[i].data.ptr;
            if (events[i].events & EPOLLOUT) push_out(connection);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) pull_in(connection, again);
            if (until_replies != 0 && replies >= goal) return;
        }
        if (until_ns != 0 && clock_ns(CLOCK_MONOTONIC) >= until_ns) return;
    }
}

static void read_arguments(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (strcmp(name, "--hold") == 0) {
            want.hold = 1;
            continue;
        }
        if (++i == argc) refuse("an option lacks its value");
        const char *value = argv[i];
        if (strcmp(name, "--tcp") == 0) want.tcp = value;
        else if (strcmp(name, "--unix") == 0) want.unix_path = value;
        else if (strcmp(name, "--udp") == 0) want.udp = value;
        else if (strcmp(name, "--tls") == 0) want.tls = value;
        else if (strcmp(name, "--file") == 0) want.file = value;
        else if (strcmp(name, "--framing") == 0) want.framing = value;
        else if (strcmp(name, "--connections") == 0) want.connections = atoi(value);
        else if (strcmp(name, "--depth") == 0) want.depth = atoi(value);
        else if (strcmp(name, "--size") == 0) want.size = strtoull(value, NULL, 10);
        else if (strcmp(name, "--reply") == 0) want.reply = strtoull(value, NULL, 10);
        else if (strcmp(name, "--requests") == 0) want.requests = strtoull(value, NULL, 10);
        else if (strcmp(name, "--warmup") == 0) want.warmup = atof(value);
        else if (strcmp(name, "--seconds") == 0) want.seconds = atof(value);
        else if (strcmp(name, "--pid") == 0) want.pid = (pid_t)atoi(value);
        else refuse("an option is unknown");
    }
    if (want.tcp == NULL && want.unix_path == NULL && want.udp == NULL && want.tls == NULL)
        refuse("no address was given");
    if (want.depth < 1 || want.depth > MAX_DEPTH) refuse("--depth must be 1 to 256");
    if (want.connections < 1) refuse("--connections must be positive");
    if (want.size < 5) refuse("--size must be at least 5");
    if (want.reply == 0) want.reply = want.size;
}

int main(int argc, char **argv) {
    read_arguments(argc, argv);
    if (want.file != NULL) read_request();
    else build_block();
    if (want.tls != NULL) load_tls();
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    Connection *all = calloc((size_t)want.connections, sizeof *all);
    epoll_fd = epoll_create1(0);
    if (all == NULL || epoll_fd < 0) fail("epoll_create1");
    for (int i = 0; i < want.connections; i++) {
        open_connection(&all[i]);
        all[i].waits_to_write = -1;
        watch(&all[i], 0);
    }
    clockid_t server = CLOCK_PROCESS_CPUTIME_ID;
    if (want.pid != 0 && clock_getcpuclockid(want.pid, &server) != 0) refuse("the server's process is gone");

    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < want.connections; i++) request(&all[i], want.hold ? 1 : want.depth, now);
    if (want.hold) {
        run(all, 0, (uint64_t)want.connections, 0);
        printf("{\"connected\": %d}\n", want.connections);
        fflush(stdout);
        char byte;
        while (read(0, &byte, 1) > 0) continue;
        return 0;
    }
    if (want.requests == 0) run(all, now + (uint64_t)(want.warmup * 1e9), 0, 1);

    measuring = 1;
    replies = lost = 0;
    uint64_t cpu = clock_ns(server), own = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t start = clock_ns(CLOCK_MONOTONIC);
    uint64_t end = want.requests != 0 ? 0 : start + (uint64_t)(want.seconds * 1e9);
    run(all, end, want.requests, 1);
    uint64_t stop = clock_ns(CLOCK_MONOTONIC);
    cpu = clock_ns(server) - cpu;
    own = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - own;

    printf("{\"operations\": %llu, \"wall_ns\": %llu, \"cpu_ns\": %llu, \"client_cpu_ns\": %llu, \"lost\": %llu, "
           "\"p50_ns\": %llu, \"p90_ns\": %llu, \"p99_ns\": %llu, \"max_ns\": %llu}\n",
           (unsigned long long)replies, (unsigned long long)(stop - start), (unsigned long long)cpu,
           (unsigned long long)own, (unsigned long long)lost, (unsigned long long)percentile(0.50),
           (unsigned long long)percentile(0.90), (unsigned long long)percentile(0.99),
           (unsigned long long)worst_ns);
    return 0;
}
