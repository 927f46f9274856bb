"""WaitQueue: the futures of those who wait, in order of arrival.

It is what asyncio has a deque for, and offers what programs and tests do with that deque (`append`,
`remove`, `popleft`, `len`, iteration, indices); the methods for us say what happens to the waiters.

Strategy. A list and the index of its first entry: adding, and taking from the front, are a few
instructions and never a call, and an empty queue is a tenth of an empty deque. What was taken
leaves None behind, until half of the list is None. Only a waiter that gives up in the middle costs
time by the number of those who wait.

Rules. A future that is done was woken, or cancelled. Where its place counts (locks, events) it
stays until its task runs and leaves; where it does not (a Queue's getters) waking takes it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core import future
from ..core.future import Future

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("WaitQueue",)

SLACK = 64  # entries taken before the list is shortened: seldom, yet little memory


class WaitQueue:
    """Futures in order of arrival."""

    __slots__ = ("_items", "_head")

    def __init__(self) -> None:
        self._items: list[Any] = []
        self._head = 0

    def __len__(self) -> int:
        return len(self._items) - self._head

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items[self._head :])

    def __getitem__(self, index: int) -> Any:
        return self._items[self._head :][index]

    def __repr__(self) -> str:
        return f"WaitQueue({self._items[self._head :]!r})"

    def append(self, waiter: Any) -> None:
        """Add one at the end."""
        self.add(waiter)

    def popleft(self) -> Any:
        """Take the first; IndexError if there is none."""
        if not self.count():
            raise IndexError("pop from an empty WaitQueue")
        return self.take()

    def remove(self, waiter: Any) -> None:
        """Take one out; ValueError if it is not there."""
        if not self.leave(waiter):
            raise ValueError("not in the WaitQueue")

    def count(self) -> int:
        """len(), for compiled code."""
        return len(self._items) - self._head

    def add(self, waiter: Any) -> None:
        """append(), for compiled code."""
        self._items.append(waiter)

    def take(self) -> Any:
        """The first, taken out; there must be one."""
        waiter = self._items[self._head]
        self._items[self._head] = None
        self._head += 1
        if self._head >= SLACK and self._head * 2 >= len(self._items):
            del self._items[: self._head]
            self._head = 0
        return waiter

    def leave(self, waiter: Any) -> bool:
        """Take `waiter` out; False if it is not there."""
        i = self._head
        if i < len(self._items) and self._items[i] is waiter:
            self.take()
            return True
        while i < len(self._items):
            if self._items[i] is waiter:
                del self._items[i]
                return True
            i += 1
        return False

    def is_contended(self) -> bool:
        """True if somebody waits who has not been cancelled."""
        i = self._head
        while i < len(self._items):
            if is_alive(self._items[i]):
                return True
            i += 1
        return False

    def wake_first(self) -> None:
        """Wake who is first, if he is not awake: one who is done passes it on when his task runs."""
        if self._head < len(self._items):
            wake(self._items[self._head])

    def wake_next(self) -> bool:
        """Wake the first who is not done; False if there is none."""
        i = self._head
        while i < len(self._items):
            if wake(self._items[i]):
                return True
            i += 1
        return False

    def wake_all(self) -> None:
        """Wake everybody; they stay until their tasks run."""
        i = self._head
        while i < len(self._items):
            wake(self._items[i])
            i += 1

    def wake_some(self, most: Any) -> None:
        """Wake the first `most` who are not done; they stay until their tasks run."""
        i = self._head
        woken = 0
        while i < len(self._items) and woken < most:
            woken += wake(self._items[i])
            i += 1

    def invite(self) -> None:
        """Take out until one could be woken."""
        while self._head < len(self._items):
            if wake(self.take()):
                break

    def invite_all(self) -> None:
        """Take everybody out, and wake them."""
        while self._head < len(self._items):
            wake(self.take())


def wake(waiter: Any) -> bool:
    """Give `waiter` its result; False if it is done already."""
    if type(waiter) is Future:
        if not future.is_pending(waiter):
            return False
        future.settle(waiter, None)
        return True
    if waiter.done():
        return False
    waiter.set_result(None)
    return True


def is_alive(waiter: Any) -> bool:
    """False if `waiter` has been cancelled."""
    if type(waiter) is Future and future.is_pending(waiter):
        return True
    return not waiter.cancelled()


def new() -> WaitQueue:
    """WaitQueue(), for compiled code."""
    queue = WaitQueue.__new__(WaitQueue)
    queue._items = []
    queue._head = 0
    return queue
