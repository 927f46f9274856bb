"""Signals, pipes and child processes, and who exited."""
