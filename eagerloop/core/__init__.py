"""The engine: calls, coroutines, timers and readiness; it knows nothing of sockets or protocols."""
