"""uvloop's own tests, from its source distribution, on eagerloop: `python -m tests.uvloopsuite`."""
