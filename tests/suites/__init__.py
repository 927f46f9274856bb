"""Other projects' own test suites, run on eagerloop and compared with the stdlib's asyncio."""
