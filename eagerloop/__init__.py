"""All of asyncio anew: one typed Python source, its hot half compiled."""

from . import _pure as _pure  # first: it decides whether the rest is loaded compiled
