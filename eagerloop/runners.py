"""Runner and run(): a loop's whole life around the coroutines that a program is made of.

Ctrl-C while a coroutine runs cancels its task, so that it can clean up; `run` then raises
KeyboardInterrupt, unless the task was being cancelled for another reason too. A second Ctrl-C, or
one that comes when the task is done, raises KeyboardInterrupt where the program is. This needs the
main thread and Python's own SIGINT handler: a program that has set another keeps it.
"""

from __future__ import annotations

import contextvars
import enum
import inspect
import os
import signal
import sys
import threading
from asyncio.events import AbstractEventLoop, _get_running_loop
from asyncio.exceptions import CancelledError
from collections.abc import Awaitable, Callable
from types import FrameType, TracebackType
from typing import Any, TypeVar

from . import constants, events
from .core.eager import eager_task_factory
from .core.registry import all_tasks
from .core.scheduler import Scheduler
from .coroutines import iscoroutine
from .tasks.awaitables import as_coroutine
from .tasks.gathering import gather

__all__ = ("Runner", "run")

_T = TypeVar("_T")


class _State(enum.Enum):
    CREATED = "created"
    INITIALIZED = "initialized"
    CLOSED = "closed"


class Runner:
    """A context manager that makes a loop, runs coroutines in it, and shuts it down in order.

    Args:
        debug: the loop's debug mode; None leaves it to the interpreter's options.
        loop_factory: makes the loop. Without one the event loop policy does, if the program has set
            a policy; otherwise it is an eagerloop `EventLoop`, and it becomes the thread's current
            loop.
        eager: start tasks eagerly, by making `eager_task_factory` the loop's task factory.
    """

    def __init__(
        self,
        *,
        debug: bool | None = None,
        loop_factory: Callable[[], AbstractEventLoop] | None = None,
        eager: bool = False,
    ) -> None:
        self._state = _State.CREATED
        self._debug = debug
        self._loop_factory = loop_factory
        self._eager = eager
        self._loop: Any = None
        self._context: contextvars.Context | None = None
        self._interrupt_count = 0
        self._process = 0  # the loop's
        self._set_event_loop = False

    def __enter__(self) -> Runner:
        self._lazy_init()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cancel what still runs, close the async generators and the executor, and close the
        loop. In a forked child, whose parent goes on with all that, only let go of the loop.
        """
        if self._state is not _State.INITIALIZED:
            return
        loop = self._loop
        try:
            if self._process == os.getpid():
                _cancel_all_tasks(loop)
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.run_until_complete(_shut_executor_down(loop))
        finally:
            if self._set_event_loop:
                events.set_event_loop(None)
            loop.close()
            self._loop = None
            self._state = _State.CLOSED

    def get_loop(self) -> AbstractEventLoop:
        """Return the loop, which is made if need be."""
        self._lazy_init()
        return self._loop  # type: ignore[no-any-return]

    def run(self, coro: Awaitable[_T], *, context: contextvars.Context | None = None) -> _T:
        """Run an awaitable to its end in the loop and return its result.

        Args:
            coro: a coroutine, a future or anything awaitable.
            context: its context; by default one that all calls of this runner share.

        Raises:
            RuntimeError: a loop runs in this thread already, or the runner is closed.
            TypeError: `coro` is not awaitable.
            KeyboardInterrupt: Ctrl-C ended it.
        """
        if _get_running_loop() is not None:
            raise RuntimeError("Runner.run() cannot be called from a running event loop")
        self._lazy_init()
        if not iscoroutine(coro):
            if not inspect.isawaitable(coro):
                raise TypeError("An asyncio.Future, a coroutine or an awaitable is required")
            coro = as_coroutine(coro)
        task = self._loop.create_task(coro, context=self._context if context is None else context)
        handler = self._take_sigint(task)
        self._interrupt_count = 0
        try:
            return self._loop.run_until_complete(task)  # type: ignore[no-any-return]
        except CancelledError:
            if self._interrupt_count > 0:
                # A factory's task need not know how to take a cancellation back.
                uncancel = getattr(task, "uncancel", None)
                if uncancel is not None and uncancel() == 0:
                    raise KeyboardInterrupt()  # noqa: B904  (the traceback tells where the task was)
            raise
        finally:
            if handler is not None and signal.getsignal(signal.SIGINT) is handler:
                signal.signal(signal.SIGINT, signal.default_int_handler)

    def _lazy_init(self) -> None:
        if self._state is _State.CLOSED:
            raise RuntimeError("Runner is closed")
        if self._state is _State.INITIALIZED:
            return
        if self._loop_factory is None:
            self._loop = events.new_event_loop()
            if not self._set_event_loop:
                events.set_event_loop(self._loop)
                self._set_event_loop = True
        else:
            self._loop = self._loop_factory()
        if self._debug is not None:
            self._loop.set_debug(self._debug)
        if self._eager:
            self._loop.set_task_factory(eager_task_factory)
        self._context = contextvars.copy_context()
        self._process = os.getpid()
        self._state = _State.INITIALIZED

    def _take_sigint(self, task: Any) -> _Interrupt | None:
        """Handle SIGINT for `task`, where Python's own handler would; return the handler if so."""
        if (
            threading.current_thread() is not threading.main_thread()
            or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
        ):
            return None
        handler = _Interrupt(self, task)
        try:
            signal.signal(signal.SIGINT, handler)
        except ValueError:  # an embedded interpreter whose main thread takes no signals
            return None
        return handler

    def _on_sigint(self, main_task: Any) -> None:
        self._interrupt_count += 1
        if self._interrupt_count == 1 and not main_task.done():
            main_task.cancel()
            # The loop may be asleep in its poller.
            self._loop.call_soon_threadsafe(_nothing)
            return
        raise KeyboardInterrupt()


class _Interrupt:
    """The SIGINT handler of one run. Older `signal` modules represent a handler: this one is short."""

    def __init__(self, runner: Runner, main_task: Any) -> None:
        self._runner = runner
        self._main_task = main_task

    def __call__(self, signum: int, frame: FrameType | None) -> None:
        self._runner._on_sigint(self._main_task)


def run(
    main: Awaitable[_T],
    *,
    debug: bool | None = None,
    loop_factory: Callable[[], AbstractEventLoop] | None = None,
    eager: bool = False,
) -> _T:
    """Run an awaitable in a loop of its own, shut the loop down, and return the result.

    The arguments are those of `Runner`. The default executor's threads get five minutes to finish.

    Raises:
        RuntimeError: a loop runs in this thread already.
        TypeError: `main` is not awaitable.
    """
    if _get_running_loop() is not None:
        raise RuntimeError("asyncio.run() cannot be called from a running event loop")
    with Runner(debug=debug, loop_factory=loop_factory, eager=eager) as runner:
        return runner.run(main)


def _shut_executor_down(loop: Any) -> Any:
    if sys.version_info < (3, 12) and not isinstance(loop, Scheduler):
        return loop.shutdown_default_executor()  # the stdlib's of 3.11 waits for ever
    return loop.shutdown_default_executor(constants.THREAD_JOIN_TIMEOUT)


def _cancel_all_tasks(loop: Any) -> None:
    left = all_tasks(loop)
    if not left:
        return
    for task in left:
        task.cancel()
    loop.run_until_complete(gather(*left, return_exceptions=True))
    for task in left:
        if not task.cancelled() and (error := task.exception()) is not None:
            loop.call_exception_handler(
                {
                    "message": "unhandled exception during asyncio.run() shutdown",
                    "exception": error,
                    "task": task,
                }
            )


def _nothing() -> None:
    """Wake the loop up."""
