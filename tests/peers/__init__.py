"""Talks with programs that are not ours: each test starts, or is given, a real server or client."""
