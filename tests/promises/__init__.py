"""What production users of other loops reported, as promises: where each kind of fault has its tests.

Connects that are cancelled, descriptors that are reused: test_cancelled_connects, test_reused_descriptors.
TLS that ends badly, or begins: test_tls_endings, test_tls_beginnings, test_tls_model; tests/peers.
Timers: test_timers, test_late_alarms; tests/core/test_timers, tests/poll/test_epoll.
Tasks, their factories and groups: test_cancellation, test_eager_groups; tests/core/test_task, test_eager.
Servers: test_load; tests/net/test_listen, test_accept.
Transports, their one end, partial transfers: test_one_end, test_partial, test_faults; tests/transports.
Calls from other threads: test_threads; tests/core/test_scheduler, test_handle.
Signals and forks: test_process, test_fork; tests/process/test_signals.
Child processes: test_process; tests/process.
Names: test_life; tests/net/test_resolve, test_eyeballs.
Datagrams: test_faults, test_life; tests/transports/test_datagram, tests/net/test_endpoint.
Pipes: test_faults; tests/process/test_pipes, tests/transports/test_pipe, test_writepipe.
A loop's life and what it holds: test_life; tests/test_base_events, tests/soak.
io_uring's own faults cannot happen: no poller here uses it.
"""
