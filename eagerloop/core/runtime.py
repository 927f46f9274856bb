"""`runtime.h` in Python: what the interpreted mode runs in its place.

Never compiled. A compiled module cimports `runtime.pxd` and calls the C functions; an interpreted one imports
this module and calls these. Names and order are the header's. What differs inside:

- a slot always holds a Context, for only C can look into one;
- the heap marks removed entries and sweeps when half of it is marked;
- an outcome that is not a plain yield is wrapped, because another thread may run before `kind` is asked.
"""

from __future__ import annotations

import asyncio.tasks as _tasks
import contextvars
import heapq
import sys
import weakref
from asyncio.events import _get_running_loop
from collections import deque
from types import BuiltinFunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from .kernel import *  # noqa: F403

if TYPE_CHECKING:
    from .future import Future
    from .handle import Handle
    from .task import Task

T = TypeVar("T")

if sys.version_info < (3, 14):
    _current_tasks: Any = _tasks._current_tasks  # type: ignore[attr-defined]
    _swap_current: Any = None
    _get_current: Any = None
else:
    _current_tasks = None
    _swap_current = _tasks._swap_current_task
    _get_current = _tasks.current_task


def init() -> None:
    """The header's statics are a module's own; these are everybody's."""


_fresh: dict[type, dict[str, Any]] = {}


def zeroed(cls: Any, fields: dict[str, Any]) -> None:
    """Gives an object these fields before __init__, beside those of the classes above, as C does."""
    _fresh[cls] = fields
    fields = {name: value for base in cls.__mro__ for name, value in _fresh.get(base, {}).items()}

    def new(kind: Any, *args: Any, **kwargs: Any) -> Any:
        made = object.__new__(kind)
        for name, value in fields.items():
            setattr(made, name, value)
        return made

    cls.__new__ = staticmethod(new)


def gc_untrack(instance: Any) -> None:
    """Only C can tell the collector what it is to do with an object."""


gc_track = gc_return = mark_finalized = gc_untrack


# 1. Ring

ring_new = deque
ring_push = deque.append
ring_clear = deque.clear
ring_list = list


def ready_push(agenda: Any, entry: Any) -> None:
    agenda._ring.append(entry)


def ready_push_for(fut: Any, entry: Any) -> None:
    fut._agenda._ring.append(entry)


def ready_pop(agenda: Any) -> Any:
    return agenda._ring.popleft()


def ready_len(agenda: Any) -> int:
    return len(agenda._ring)


# 2. Heap


class Heap:
    """Timers by time, then by order of arrival. A node is [when, order, entry]; entry None: removed."""

    __slots__ = ("nodes", "order", "removed")

    def __init__(self) -> None:
        self.nodes: list[list[Any]] = []
        self.order = 0
        self.removed = 0

    def push(self, entry: Any, when: float) -> None:
        entry._place = node = [when, self.order, entry]
        self.order += 1
        heapq.heappush(self.nodes, node)

    def remove(self, entry: Any) -> bool:
        node = entry._place
        if node == 0:
            return False
        entry._place = 0
        node[2] = None
        self.removed += 1
        if self.removed * 2 > len(self.nodes):
            self.nodes = [node for node in self.nodes if node[2] is not None]
            heapq.heapify(self.nodes)
            self.removed = 0
        return True

    def settle(self) -> None:
        """Leaves a live entry on top."""
        while self.nodes and self.nodes[0][2] is None:
            heapq.heappop(self.nodes)
            self.removed -= 1

    def clear(self) -> None:
        for _, _, entry in self.nodes:
            if entry is not None:
                entry._place = 0
        self.nodes.clear()
        self.removed = 0


heap_new = Heap
heap_push_delay = heap_push_alarm = Heap.push
heap_remove_handle = heap_remove_delay = heap_remove_alarm = Heap.remove
heap_forget = Heap.remove
heap_clear = Heap.clear


def timer_push(agenda: Any, entry: Any, when: float) -> None:
    agenda._timers.push(entry, when)


def timers_len(agenda: Any) -> int:
    return len(agenda._timers.nodes) - int(agenda._timers.removed)


def timers_due(agenda: Any) -> float:
    agenda._timers.settle()
    when: float = agenda._timers.nodes[0][0]
    return when


def timers_pop(agenda: Any) -> Any:
    agenda._timers.settle()
    entry = heapq.heappop(agenda._timers.nodes)[2]
    entry._place = 0
    return entry


def heap_list(heap: Heap) -> list[Any]:
    heap.settle()
    return [node[2] for node in heap.nodes if node[2] is not None]


# 3. Context

snapshot = contextvars.copy_context


def context_given(context: Any) -> contextvars.Context:
    if context is None:
        return contextvars.copy_context()
    if not isinstance(context, contextvars.Context):
        raise TypeError(f"a contextvars.Context was expected, got {type(context).__name__}")
    return context


def context_of(snapshot: contextvars.Context) -> contextvars.Context:
    return snapshot


def task_context(owner: Task[Any] | Handle) -> contextvars.Context:
    context: contextvars.Context = owner._context
    return context


handle_context = task_context


def call_one(owner: Any, function: Any, argument: Any) -> Any:
    return owner._context.run(function, argument)


def call_two(owner: Any, function: Any, first: Any, second: Any) -> Any:
    return owner._context.run(function, first, second)


def tell_one(owner: Any, function: Any, argument: Any) -> BaseException | None:
    return attempt(owner._context.run, function, argument)


def tell_two(owner: Any, function: Any, first: Any, second: Any) -> BaseException | None:
    return attempt(owner._context.run, function, first, second)


def dict_drop(owner: Any) -> None:
    """The interpreter makes a `__dict__` when somebody wants it."""


dict_for_methods = dict_drop


def has_no_dict(owner: Any) -> bool:
    """Nobody has set an attribute of the instance: only C can ask without making one."""
    return False


def context_is_empty(owner: Any) -> bool:
    return not owner._context


def context_slim(owner: Any) -> None:
    """Only C can take the variables out of a Context."""


def context_exit(agenda: Any) -> None:
    """Interpreted, no Context stays entered."""


def stay_end(agenda: Any) -> None:
    """Nor is one kept to be entered again."""


def call(handle: Handle) -> BaseException | None:
    run, callback, args = handle._context.run, handle._callback, handle._args
    del handle  # as in `send`
    try:
        run(callback, *args)
    except BaseException as exc:  # whatever a callback raises is for the caller to report
        return exc
    finally:
        del callback, args
    return None


def call_entry(agenda: Any, handle: Handle) -> BaseException | None:
    return call(handle)


def attempt(function: Any, *args: Any) -> BaseException | None:
    try:
        function(*args)
    except BaseException as exc:  # as in `call`
        return exc
    finally:
        del args
    return None


# 4. Send

YIELDED, RETURNED, RAISED = 0, 1, 2


class Outcome:
    """How a step ended, other than by a plain yield."""

    __slots__ = ("kind", "value")

    def __init__(self, kind: int, value: Any) -> None:
        self.kind = kind
        self.value = value


def _step(coroutine: Any, error: BaseException | None) -> Any:
    try:
        if error is None:
            return coroutine.send(None)
        return coroutine.throw(error)
    except StopIteration as stop:
        return Outcome(RETURNED, stop.value)
    except BaseException as exc:  # whatever a task raises is its outcome
        if exc.__traceback__ is not None:
            # without this frame, which would keep its callers' frames, and so the task, alive
            exc.__traceback__ = exc.__traceback__.tb_next
        return Outcome(RAISED, exc)
    finally:
        # a frame of the coroutine that lives on in a traceback keeps this one and its callers'
        error = None


def send(task: Task[Any], error: BaseException | None) -> Any:
    run, coroutine = task._context.run, task._coro
    del task  # this frame lives on behind an exception's traceback, and must not keep the task
    try:
        return run(_step, coroutine, error)
    except BaseException as exc:
        # a Context that is entered already: the task's fault, and its failure
        return Outcome(RAISED, exc)
    finally:
        error = None


def send_entry(agenda: Any, task: Task[Any], error: BaseException | None) -> Any:
    try:
        return send(task, error)
    finally:  # as in `send`
        del task
        error = None


def kind(outcome: Any) -> int:
    return outcome.kind if type(outcome) is Outcome else YIELDED


def value(outcome: Any) -> Any:
    return outcome.value if type(outcome) is Outcome else outcome


def is_native(instance: Any) -> bool:
    return type(instance).__module__.partition(".")[0] == "eagerloop"


# 5. Awaitable: interpreted, `__await__` is a generator and serves


def install_future(cls: type, poll: Any, take: Any) -> None:
    """Only C can fill a type's slots."""


install_operation = install_future


# 6. Current

running = _get_running_loop


def get_current(loop: Any) -> Any:
    return _get_current(loop) if _current_tasks is None else _current_tasks.get(loop)


def set_current(loop: Any, task: Any) -> None:
    if _current_tasks is None:
        _swap_current(loop, task)
    elif task is None:
        _current_tasks.pop(loop, None)
    else:
        _current_tasks[loop] = task


def places_known() -> bool:
    return False


def wakes_one_of(callback: Any, tasks: Any) -> bool:
    return (
        type(callback) is BuiltinFunctionType
        and type(callback.__self__) is tasks
        and callback.__name__ == "task_wakeup"
    )


# 7. Tasks


def task_link(agenda: Any, task: Future[Any]) -> None:
    agenda._tasks.add(task)


def task_unlink(task: Task[Any]) -> None:
    agenda: Any = task._agenda
    if agenda is not None:
        agenda._tasks.discard(task)


def task_list(agenda: Any) -> list[Any]:
    return list(agenda._tasks)


def tasks_begin(agenda: Any) -> None:
    agenda._tasks = weakref.WeakSet()


def tasks_abandon(agenda: Any) -> None:
    """The set goes with its loop."""


# 9. Front doors


def front(function: Any, *owner_and_fast: Any) -> None:
    """The interpreter makes a dict for keywords in any case."""


# 10. Deque and list


def deque_init(kind: type) -> None:
    """Only C can call what a method is made of."""


deque_push = deque.append
deque_pop = deque.popleft
list_pop = list.pop


# 11. Bytes


def bytes_find(data: bytes | bytearray, separator: Any, start: int) -> int:
    return data.find(separator, start)


def bytes_cut(data: bytes | bytearray, start: int, stop: int) -> bytes:
    with memoryview(data) as view:
        return bytes(view[start:stop])


# 8. Stock


def stock(cls: type, linked: Any = None) -> None:
    """Only C can keep an object's memory."""


stock_linked = stock


def new(cls: type[T]) -> T:
    """An object of a stocked class, without `__init__`."""
    return cls.__new__(cls)


new_untracked = new_bare = new


def handle_write(
    handle: Handle, callback: Any, args: tuple[Any, ...], context: Any, loop: Any
) -> None:
    handle._callback = callback
    handle._args = args
    handle._context = context
    handle._loop = loop
