"""All of asyncio anew: one typed Python source, its hot half compiled.

    import eagerloop as asyncio        the whole of asyncio, of the newest CPython
    eagerloop.run(main())              asyncio.run, on our loop
    eagerloop.install()                our names in place of asyncio's, for libraries imported afterwards

Layout, from the ground up; imports point down only (docs/architecture.md):

    core/         the engine: futures, tasks, timers, the turn; knows no sockets
    poll/         who asks the kernel: epoll, select, null
    transports/   bytes in, bytes out: sockets, datagrams, pipes, TLS
    sync/ tasks/  locks and queues; groups, time limits, gather and their kin
    streams/ net/ process/     readers and writers; connections and servers; children and signals
    base_events, eventloop, runners     the loop, and the ways to run one
    cli/ benchmarks/           the command

The other modules carry asyncio's submodule names and re-export what the rooms define.
"""

import sys as _sys
from typing import TYPE_CHECKING

from . import _python as _python  # isort: skip  (first: it refuses an old Python)
from . import _pure as _pure  # isort: skip  (then: it decides whether the rest is loaded compiled)

from . import (
    base_events,
    base_futures,  # noqa: F401  (asyncio's modules are attributes, these without public names too)
    base_subprocess,  # noqa: F401
    base_tasks,  # noqa: F401
    coroutines,
    events,
    exceptions,
    futures,
    graph,
    locks,
    mixins,  # noqa: F401
    protocols,
    queues,
    runners,
    selector_events,  # noqa: F401
    sslproto,  # noqa: F401
    streams,
    subprocess,
    taskgroups,
    tasks,
    threads,
    timeouts,
    transports,
    unix_events,
)
from ._build import compiled as compiled
from .base_events import *
from .coroutines import *
from .events import *
from .exceptions import *
from .futures import *
from .graph import *
from .locks import *
from .protocols import *
from .queues import *
from .runners import *
from .streams import *
from .subprocess import *
from .taskgroups import *
from .tasks import *
from .threads import *
from .timeouts import *
from .transports import *
from .unix_events import *

# isort: split  (after the stars: these are more than asyncio's)
from .eventloop import EventLoop as EventLoop
from .install import install as install
from .install import uninstall as uninstall

__version__ = "0.1.0"
__all__ = [
    *base_events.__all__,
    *coroutines.__all__,
    *events.__all__,
    *exceptions.__all__,
    *futures.__all__,
    *graph.__all__,
    *locks.__all__,
    *protocols.__all__,
    *queues.__all__,
    *runners.__all__,
    *streams.__all__,
    *subprocess.__all__,
    *taskgroups.__all__,
    *tasks.__all__,
    *threads.__all__,
    *timeouts.__all__,
    *transports.__all__,
    *unix_events.__all__,
    "install",
    "uninstall",
]

# A type checker would take it that every name is there; a module without is faster to look into.
if _sys.version_info >= (3, 14) and not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """The names that 3.14 deprecated and 3.16 removes."""
        return events.deprecated(name, __name__)
