"""CPython's own asyncio test suite, run against eagerloop."""
