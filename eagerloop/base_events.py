"""BaseEventLoop: the life of a loop: run, stop, close; what it reports, and to whom.

I/O is in eventloop.py; calls, timers and tasks are in core/scheduler.py, the turn itself in core/turn.py.
"""

from __future__ import annotations

import asyncio.events as _events
import sys
import threading
import traceback
import warnings
import weakref
from asyncio.base_events import (  # type: ignore[attr-defined]
    _run_until_complete_cb,  # anyio knows root tasks by it
)
from asyncio.exceptions import SendfileNotAvailableError
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any

from . import coroutines, poll
from .core import fork, registry
from .core.eager import eager_task_factory
from .core.future import isfuture
from .core.poller import Poller
from .core.task import Task
from .executor import Executors
from .log import logger
from .poll.waker import Waker
from .process.signals import SignalHandlers
from .tasks.spawning import ensure_future

if TYPE_CHECKING:  # what AbstractEventLoop.create_server is declared to give must fit an annotation
    from asyncio.base_events import Server
if not TYPE_CHECKING:  # no else: the manual is made by what takes the last
    from .net.listen import Server

__all__ = ("BaseEventLoop", "Server")

CONTEXT_KEYS_SHOWN_ABOVE = ("message", "exception")


class BaseEventLoop(Executors, _events.AbstractEventLoop):  # type: ignore[misc]
    """A loop without I/O methods.

    Args:
        poller: "epoll", "select" or "null"; by default EAGERLOOP_POLLER, or the best of the platform.
        eager: tasks start eagerly unless `eager_start=False` is given.

    Raises:
        ValueError: there is no such poller here.
    """

    # From 3.12 on the interpreter finds a method faster where an object's __dict__ has nothing in it.
    __slots__ = (
        "_asyncgens",
        "_asyncgens_shutdown_called",
        "_clock_resolution",
        "_eager_at_first",
        "_exception_handler",
        "_origin_tracking_depth",
        "_poller_object",
        "_previous_asyncgen_hooks",
        "_signals",
        "_wake",
        "_waker",
    )

    def __init__(self, *, poller: str | Poller | None = None, eager: bool = False) -> None:
        made = poller if isinstance(poller, Poller) else poll.make(poller)
        super().__init__(made, eager)
        self._eager_at_first = eager
        self._poller_object: Any = made
        self._exception_handler: Callable[..., object] | None = None
        self._asyncgens: weakref.WeakSet[AsyncGenerator[Any, Any]] = weakref.WeakSet()
        self._asyncgens_shutdown_called = False
        self._origin_tracking_depth: int | None = None
        self._clock_resolution = 1e-9
        self._signals = SignalHandlers(self)
        self._waker: Waker | None = None
        if isinstance(made, poll.Null):
            self._wake = made.wake
        else:
            self._waker = Waker(self._signals.deliver)
            self._wake = self._waker.wake
            self._watch_read(self._waker.reader.fileno(), self._waker)
        self.set_debug(coroutines._is_debug_mode())
        registry.register_loop(self)
        fork.adopt(self)

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} running={self.is_running()} "
            f"closed={self.is_closed()} debug={self.get_debug()}>"
        )

    def __del__(self, _warn: Any = warnings.warn) -> None:
        if not hasattr(self, "_poller_object"):
            return  # __init__ refused the poller: there is nothing to close
        if not self.is_closed():
            _warn(f"unclosed event loop {self!r}", ResourceWarning, source=self)
            if not self.is_running():
                self.close()

    # Running.

    def run_forever(self) -> None:
        """Runs until `stop`.

        Raises:
            RuntimeError: the loop is closed, or runs, or another loop runs in this thread.
        """
        self._run_forever_setup()
        try:
            self._turns()
        finally:
            self._run_forever_cleanup()

    def run_until_complete(self, future: Any) -> Any:
        """Runs until a future or coroutine is done; returns its result or raises its exception.

        Raises:
            RuntimeError: as `run_forever`; or the loop was stopped before the future was done.
        """
        self._check_closed()
        self._check_running()
        is_new = not isfuture(future)
        future = ensure_future(future, loop=self)
        if is_new:
            future._log_destroy_pending = False  # it is told below
        future.add_done_callback(_run_until_complete_cb)
        try:
            self.run_forever()
        except BaseException as exc:
            # whatever stopped the run; the future's own exception is not lost by that, and is told if it is the same
            if future.done() and not future.cancelled():
                if is_new or getattr(future, "_exception", None) is exc:
                    future.exception()
            raise
        finally:
            future.remove_done_callback(_run_until_complete_cb)
        if not future.done():
            raise RuntimeError("Event loop stopped before Future completed.")
        return future.result()

    def _run_forever_setup(self) -> None:
        self._check_closed()
        self._check_running()
        self._previous_asyncgen_hooks = sys.get_asyncgen_hooks()
        try:
            self._set_coroutine_origin_tracking(self._debug)
            self._begin_run()
            sys.set_asyncgen_hooks(
                firstiter=self._asyncgen_firstiter_hook, finalizer=self._asyncgen_finalizer_hook
            )
            self._signals.begin_run()
            _events._set_running_loop(self)
        except BaseException:  # an interrupt, or no memory: it does not run, and may later
            self._run_forever_cleanup()
            raise

    def _run_forever_cleanup(self) -> None:
        try:
            self._end_run()
            _events._set_running_loop(None)
        finally:  # an interrupt must not leave the thread what was the run's
            try:
                self._set_coroutine_origin_tracking(False)
                sys.set_asyncgen_hooks(*self._previous_asyncgen_hooks)
            finally:
                self._signals.end_run()

    def stop(self) -> None:
        """Lets `run_forever` return after the current turn."""
        self._stopping = True

    def close(self) -> None:
        """Ends the loop for good: what is scheduled is dropped, the default executor not waited for.

        Raises:
            RuntimeError: it runs.
        """
        if self.is_running():
            raise RuntimeError("Cannot close a running event loop")
        if self._closed:
            return
        if self._debug:
            logger.debug("Close %r", self)
        self._signals.close()
        self._discard_all()
        self._executor_shutdown_called = True
        executor, self._default_executor = self._default_executor, None
        if executor is not None:
            executor.shutdown(wait=False)
        if self._waker is not None:
            self._waker.close()
        self._poller_object.close()

    def _check_running(self) -> None:
        if self.is_running():
            raise RuntimeError("This event loop is already running")
        if _events._get_running_loop() is not None:
            raise RuntimeError("Cannot run the event loop while another loop is running")

    def _write_to_self(self) -> None:
        self._wake()

    def _after_fork(self, poller: Poller) -> None:
        """In a forked child: gives up what is shared with the parent, whose loop this is."""
        self._disown(poller)
        for task in self._live_tasks():  # they go on in the parent
            task._log_destroy_pending = False
        self._poller_object.close()
        self._poller_object = poller
        if self._waker is not None:
            self._waker.close()

    # What test kits do to a loop's time.

    @property
    def _selector(self) -> Any:
        """asyncio's name for what its loop polls with: test kits patch its `select`, and the loop's `time`.

        Whoever asks for it gets one of `selectors`, and the loop polls with that from then on. None
        when the loop is closed; the poller itself if it polls no descriptors, or in another thread
        than the loop's.
        """
        if self._closed:
            return None
        before = self._poller_object
        if isinstance(before, poll.Epoll):
            if self.is_running() and self._thread_id != threading.get_ident():
                return before
            self._set_poller(poll.Select())
            before.close()
        elif not isinstance(before, poll.Select):
            return before
        self._ask_clock()
        return self._poller_object.selector

    @_selector.setter
    def _selector(self, selector: Any) -> None:
        self._set_poller(poll.Select(selector, owner=self))
        self._ask_clock()

    @_selector.deleter
    def _selector(self) -> None:
        self._set_poller(poll.Select())  # mock.patch.object takes its own back in this way

    def _set_poller(self, poller: poll.Select) -> None:
        self._poll_with(poller)
        self._poller_object = poller

    # Debug mode.

    def set_debug(self, enabled: bool) -> None:
        """Switches debug mode: slow callbacks, wrong threads, where objects were made."""
        self._debug = bool(enabled)
        if self.is_running():
            self.call_soon_threadsafe(self._set_coroutine_origin_tracking, self._debug)

    def _set_coroutine_origin_tracking(self, enabled: bool) -> None:
        if enabled == (self._origin_tracking_depth is not None):
            return
        if enabled:
            self._origin_tracking_depth = sys.get_coroutine_origin_tracking_depth()
            sys.set_coroutine_origin_tracking_depth(10)
        elif self._origin_tracking_depth is not None:
            sys.set_coroutine_origin_tracking_depth(self._origin_tracking_depth)
            self._origin_tracking_depth = None

    def _check_callback(self, callback: Any, method: str) -> None:
        if coroutines.iscoroutine(callback) or coroutines._iscoroutinefunction(callback):
            raise TypeError(f"coroutines cannot be used with {method}()")
        if not callable(callback):
            raise TypeError(f"a callable object was expected by {method}(), got {callback!r}")

    def _report_slow(self, entry: Any, seconds: float) -> None:
        owner = getattr(getattr(entry, "_callback", None), "__self__", None)
        what = repr(owner) if isinstance(owner, Task) else str(entry)
        logger.warning("Executing %s took %.3f seconds", what, seconds)

    # Asynchronous generators.

    def _asyncgen_firstiter_hook(self, agen: AsyncGenerator[Any, Any]) -> None:
        if self._asyncgens_shutdown_called:
            warnings.warn(
                f"asynchronous generator {agen!r} was scheduled after "
                f"loop.shutdown_asyncgens() call",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )
        self._asyncgens.add(agen)

    def _asyncgen_finalizer_hook(self, agen: AsyncGenerator[Any, Any]) -> None:
        self._asyncgens.discard(agen)
        if not self.is_closed():
            self.call_soon_threadsafe(self.create_task, agen.aclose())

    async def shutdown_asyncgens(self) -> None:
        """Closes every asynchronous generator that the loop has seen and that is not finished."""
        self._asyncgens_shutdown_called = True
        closing = list(self._asyncgens)
        self._asyncgens.clear()
        if not closing:
            return
        from .tasks.gathering import gather

        results = await gather(*(agen.aclose() for agen in closing), return_exceptions=True)
        for result, agen in zip(results, closing, strict=True):
            if isinstance(result, BaseException):
                self.call_exception_handler(
                    {
                        "message": "an error occurred during closing of "
                        f"asynchronous generator {agen!r}",
                        "exception": result,
                        "asyncgen": agen,
                    }
                )

    # Tasks.

    def set_task_factory(self, factory: Callable[..., Any] | None) -> None:
        """Who makes tasks: `factory(loop, coro, **kwargs)`; None: the loop.

        Raises:
            TypeError: it cannot be called.
        """
        if factory is not None and not callable(factory):
            raise TypeError("task factory must be a callable or None")
        self._task_factory = factory
        # the loop itself does what this one does
        self._eager = factory is eager_task_factory or (factory is None and self._eager_at_first)

    def get_task_factory(self) -> Callable[..., Any] | None:
        """The task factory, or None; on a loop made with `eager`, `eager_task_factory`."""
        factory: Callable[..., Any] | None = self._task_factory
        return eager_task_factory if factory is None and self._eager else factory

    def _create_task_otherwise(
        self, coro: Any, name: object, context: Any, eager_start: Any, kwargs: dict[str, Any]
    ) -> Any:
        if self._task_factory is None:  # what a Task takes is among our own parameters
            raise TypeError(f"Task() got an unexpected keyword argument {next(iter(kwargs))!r}")
        if context is not None:
            kwargs["context"] = context
        if eager_start is not ...:
            kwargs["eager_start"] = eager_start
        if sys.version_info >= (3, 14):
            if name is not None:
                kwargs["name"] = name
            return self._task_factory(self, coro, **kwargs)
        made = self._task_factory(self, coro, **kwargs)
        if name is not None:
            made.set_name(name)
        return made

    # Files: for a loop whose platform has no system call for it.

    async def _sendfile_native(self, transp: Any, file: Any, offset: int, count: int | None) -> int:
        raise SendfileNotAvailableError("sendfile syscall is not supported")

    async def _sock_sendfile_native(
        self, sock: Any, file: Any, offset: int, count: int | None
    ) -> int:
        raise SendfileNotAvailableError(
            f"syscall sendfile is not available for socket {sock!r} and file {file!r} combination"
        )

    # Exceptions that nobody else hears of.

    def get_exception_handler(self) -> Callable[..., object] | None:
        """The handler that was set, or None."""
        return self._exception_handler

    def set_exception_handler(self, handler: Callable[..., object] | None) -> None:
        """Who hears of errors: `handler(loop, context)`; None: `default_exception_handler`.

        Raises:
            TypeError: it cannot be called.
        """
        if handler is not None and not callable(handler):
            raise TypeError(f"A callable object or None is expected, got {handler!r}")
        self._exception_handler = handler

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Logs a context as asyncio does: the message, its other entries, the traceback."""
        message = context.get("message") or "Unhandled exception in event loop"
        exception = context.get("exception")
        exc_info: Any = False
        if exception is not None:
            exc_info = (type(exception), exception, exception.__traceback__)
        lines = [message]
        for key in sorted(context):
            if key in CONTEXT_KEYS_SHOWN_ABOVE:
                continue
            value = context[key]
            if key == "source_traceback":
                trace = "".join(traceback.format_list(value))
                lines.append(
                    f"source_traceback: Object created at (most recent call last):\n{trace.rstrip()}"
                )
            elif key == "handle_traceback":
                trace = "".join(traceback.format_list(value))
                lines.append(
                    f"handle_traceback: Handle created at (most recent call last):\n{trace.rstrip()}"
                )
            else:
                lines.append(f"{key}: {value!r}")
        logger.error("\n".join(lines), exc_info=exc_info)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Hands a context to the exception handler; keys as asyncio's: message, exception, future, task, handle...

        A handler's own failure is logged, never raised; SystemExit and KeyboardInterrupt pass.
        """
        if self._exception_handler is None:
            try:
                self.default_exception_handler(context)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException:  # a subclass's handler may fail in any way
                logger.error("Exception in default exception handler", exc_info=True)
            return
        try:
            run_in: Any = next(
                (
                    context[key]
                    for key in ("task", "future", "handle")
                    if context.get(key) is not None
                ),
                None,
            )
            within = run_in.get_context() if hasattr(run_in, "get_context") else None
            if within is not None:
                within.run(self._exception_handler, self, context)
            else:
                self._exception_handler(self, context)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as exc:  # a user's handler may fail in any way
            try:
                self.default_exception_handler(
                    {
                        "message": "Unhandled error in exception handler",
                        "exception": exc,
                        "context": context,
                    }
                )
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException:  # and so may a subclass's
                logger.error(
                    "Exception in default exception handler "
                    "while handling an unexpected error in custom exception handler",
                    exc_info=True,
                )
