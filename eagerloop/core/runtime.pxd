# What runtime.h offers, by the names its Python twin runtime.py uses. The macros that look into an object's fields are
# declared beside the object's class: each .pxd knows its own layout, and none has to know all.
from .structs cimport el_peer, epoll_event


cdef extern from "runtime.h":
    int init "el_init" () except -1

    void zeroed "el_zeroed" (object cls, object fields) noexcept
    void gc_untrack "el_gc_untrack" (object instance) noexcept
    void gc_track "el_gc_track" (object instance) noexcept
    void mark_finalized "el_mark_finalized" (object instance) noexcept
    void gc_return "el_gc_return" (object instance) noexcept

    # 1. Ring
    object ring_new "el_ring_new" ()
    int ring_push "el_ring_push" (object ring, object entry) except -1
    int ring_clear "el_ring_clear" (object ring) noexcept
    list ring_list "el_ring_list" (object ring)

    # 2. Heap
    object heap_new "el_heap_new" ()
    int heap_clear "el_heap_clear" (object heap) noexcept
    list heap_list "el_heap_list" (object heap)

    # 3. Context
    object snapshot "el_context_snapshot" ()
    object context_given "el_context_given" (object context)
    object context_of "el_context_box" (object snapshot)

    # 4. Send
    enum: YIELDED "EL_YIELDED"
    enum: RETURNED "EL_RETURNED"
    enum: RAISED "EL_RAISED"
    int kind "EL_KIND" (object outcome) noexcept
    object value "EL_VALUE" (object outcome)
    bint is_native "el_is_native" (object instance) noexcept

    # 6. Current
    object running "el_running" ()
    object get_current "el_current_get" (object loop)
    int set_current "el_current_set" (object loop, object task) except -1
    bint places_known "el_places_known" () noexcept
    bint wakes_one_of "el_wakes_one_of" (object callback, object tasks) noexcept

    # 10. Deque and list
    int deque_init "el_deque_init" (object deque) except -1
    int deque_push "el_deque_push" (object deque, object item) except -1
    object deque_pop "el_deque_pop" (object deque)
    object list_pop "el_list_pop" (list items)

    # 11. Bytes
    Py_ssize_t bytes_find "el_bytes_find" (object data, object separator, Py_ssize_t start) except -2
    bytes bytes_cut "el_bytes_cut" (object data, Py_ssize_t start, Py_ssize_t stop)

    # Kernel (kernel.h)
    int check_signals "el_check_signals" () except -1
    int descend "el_descend" () except -1
    void ascend "el_ascend" () noexcept
    double monotonic "el_monotonic" () noexcept
    unsigned long thread_id "PyThread_get_thread_ident" () noexcept
    long next_number "el_next_number" () noexcept
    int epoll_handle "PyObject_AsFileDescriptor" (object owner) except -1
    epoll_event *epoll_events "el_epoll_events" (int size) except NULL
    void epoll_free "PyMem_Free" (epoll_event *events) noexcept
    int epoll_wait "el_epoll_wait" (int epfd, epoll_event *events, int size, double timeout) except -1
    int epoll_control "el_epoll_control" (int epfd, int operation, int fd, unsigned int bits) except -1
    int epoll_arm "el_epoll_arm" (int epfd, int fd, unsigned int bits) except -1
    int event_fd "EL_EVENT_FD" (epoll_event *events, int i) noexcept
    unsigned int event_bits "EL_EVENT_BITS" (epoll_event *events, int i) noexcept
    object sock_recv "EL_SOCK_RECV" (object sock, int fd, Py_ssize_t last)
    object sock_recv_most "EL_SOCK_RECV_MOST" (object sock, int fd, Py_ssize_t most)
    Py_ssize_t sock_recv_into "EL_SOCK_RECV_INTO" (object sock, int fd, object buffer) except -1
    Py_ssize_t sock_send "EL_SOCK_SEND" (object sock, int fd, object data) except -1
    object sock_error "el_sock_error" (Py_ssize_t outcome)
    Py_ssize_t sock_sendmsg "EL_SOCK_SENDMSG" (
        object sock, int fd, list pieces, Py_ssize_t first, Py_ssize_t offset) except -1
    el_peer *peer_new "el_peer_new" (int family) except NULL
    void peer_free "el_peer_free" (el_peer *peer) noexcept
    object sock_recvfrom "el_sock_recvfrom" (object sock, int fd, el_peer *peer)
    object peer_sender "el_peer_sender" (const el_peer *peer)
    Py_ssize_t sock_sendto "el_sock_sendto" (
        object sock, int fd, object data, object name, el_peer *peer) except -1

    # 8. Stock
    int stock "EL_STOCK" (object cls) except -1
    object new "el_stock_new" (object cls)
    object new_untracked "el_stock_new_untracked" (object cls)
    object new_bare "el_stock_bare" (object cls)
