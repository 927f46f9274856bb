"""Which task runs: ours, written where the stdlib's asyncio looks.

sniffio, anyio, aiohttp and logging ask the stdlib, often through a `current_task` they imported early. So the running
task goes to asyncio's own place: the dict `_current_tasks` up to Python 3.13, the thread state from 3.14.

A task leaves its entry behind when its step ends; the next step overwrites it, and whatever is not a step (a handle,
the poll, the end of the run) clears it first. So a run of steps pays one write each, not two. Likewise an entry of the
ready queue, be it a task or a handle, leaves its Context entered for the next one (steps.h), and whatever is neither
leaves that first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import runtime

if TYPE_CHECKING:
    import cython

    from .agenda import Agenda
else:
    from .. import _cython as cython

if not cython.compiled:  # the .pxd of the agenda declares it
    from .runtime import context_exit

runtime.init()


def current_task(loop: Any = None) -> Any:
    """The task that is running on `loop`, by default the running loop, or None.

    Raises:
        RuntimeError: no loop is given and none is running.
    """
    return runtime.get_current(running_loop() if loop is None else loop)


def running_loop() -> Any:
    """asyncio.get_running_loop(), for compiled code."""
    loop = runtime.running()
    if loop is None:
        raise RuntimeError("no running event loop")
    return loop


def places_are_known() -> bool:
    """Whether the running loop and task are read and written where they are, not by asyncio's functions."""
    return bool(runtime.places_known())


def enter(agenda: Agenda, task: Any) -> None:
    """`task` runs from now on."""
    if agenda._current is not task:
        runtime.set_current(agenda, task)
        agenda._current = task


def clear(agenda: Agenda) -> None:
    """No task of ours runs."""
    if agenda._current is not None:
        agenda._current = None
        runtime.set_current(agenda, None)


def leave(agenda: Agenda) -> None:
    """Neither a task nor a handle of ours runs: what does, does it in the context that the loop was started in."""
    clear(agenda)
    context_exit(agenda)


def swap(agenda: Agenda, task: Any) -> Any:
    """`task` runs from now on, or none; returns who did before, of whatever make."""
    previous = runtime.get_current(agenda)
    if previous is not task:
        runtime.set_current(agenda, task)
    agenda._current = task
    return previous


def restore(agenda: Agenda, previous: Any) -> None:
    """Undoes `swap`."""
    runtime.set_current(agenda, previous)
    agenda._current = previous
