"""Pollers: who asks the kernel which descriptors are ready. The contract is in `eagerloop.core.poller`.

epoll    Linux; called from C when compiled
select   `selectors`, everywhere else
null     no descriptors at all, for tests
"""

from __future__ import annotations

import os

from ..core.poller import Poller as Poller
from .epoll import Epoll as Epoll
from .null import Null as Null
from .select import Select as Select

# Best first; the first that works here is the default.
POLLERS: dict[str, type[Poller]] = {"epoll": Epoll, "select": Select, "null": Null}


def available() -> list[str]:
    """The names of the pollers that work on this platform, best first."""
    return [name for name, cls in POLLERS.items() if cls is not Epoll or Epoll.works()]


def make(name: str | None = None) -> Poller:
    """The poller of that name; by default what EAGERLOOP_POLLER says, else the best.

    Raises:
        ValueError: there is no such poller here.
    """
    names = available()
    wanted = name or os.environ.get("EAGERLOOP_POLLER") or names[0]
    if wanted not in names:
        raise ValueError(f"no poller {wanted!r} on this platform: choose from {', '.join(names)}")
    return POLLERS[wanted]()
