"""The executor side of a loop: blocking functions in threads."""

from __future__ import annotations

import concurrent.futures
import threading
import warnings
from collections.abc import Callable
from typing import Any

from .core.scheduler import Scheduler


class Executors(Scheduler):
    """`run_in_executor` and the life of the default executor."""

    __slots__ = ("_default_executor", "_executor_shutdown_called")

    def __init__(self, poller: Any, eager: bool) -> None:
        super().__init__(poller, eager)
        self._default_executor: concurrent.futures.ThreadPoolExecutor | None = None
        self._executor_shutdown_called = False

    def run_in_executor(
        self, executor: concurrent.futures.Executor | None, func: Callable[..., Any], *args: Any
    ) -> Any:
        """A Future of `func(*args)`, called in `executor`, by default in a pool of threads.

        Raises:
            RuntimeError: the loop is closed, or the default executor was shut down.
        """
        self._check_closed()
        if self._debug:
            self._check_callback(func, "run_in_executor")
        if executor is None:
            executor = self._default_executor
            self._check_default_executor()
            if executor is None:
                executor = concurrent.futures.ThreadPoolExecutor(thread_name_prefix="asyncio")
                self._default_executor = executor
        from .tasks.futures import wrap_future

        loop: Any = self  # a mixin of one
        return wrap_future(executor.submit(func, *args), loop=loop)

    def set_default_executor(self, executor: concurrent.futures.ThreadPoolExecutor) -> None:
        """The executor that `run_in_executor(None, ...)` uses.

        Raises:
            TypeError: it is no ThreadPoolExecutor.
        """
        if not isinstance(executor, concurrent.futures.ThreadPoolExecutor):
            raise TypeError("executor must be ThreadPoolExecutor instance")
        self._default_executor = executor

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Waits until the default executor's threads have ended, at most `timeout` seconds.

        After that time a RuntimeWarning is given and the threads are left alone (CPython 3.12).
        """
        self._executor_shutdown_called = True
        executor = self._default_executor
        if executor is None:
            return
        ended = self.create_future()

        def wait_for_threads() -> None:
            try:
                executor.shutdown(wait=True)
                error = None
            except BaseException as exc:  # handed to the waiter
                error = exc
            if not self._closed:
                try:
                    self.call_soon_threadsafe(settle, error)
                except RuntimeError:  # closed in between: nobody waits
                    pass

        def settle(error: BaseException | None) -> None:
            if ended.done():
                return
            if error is None:
                ended.set_result(None)
            else:
                ended.set_exception(error)

        thread = threading.Thread(target=wait_for_threads)
        thread.start()
        timer = None
        if timeout is not None:
            timer = self.call_later(timeout, settle, TimeoutError())
        try:
            await ended
        except TimeoutError:
            warnings.warn(
                f"The executor did not finishing joining its threads within {timeout} seconds.",
                RuntimeWarning,
                stacklevel=2,
            )
            executor.shutdown(wait=False)
        else:
            thread.join()
        finally:
            if timer is not None:
                timer.cancel()

    def _check_default_executor(self) -> None:
        if self._executor_shutdown_called:
            raise RuntimeError("Executor shutdown has been called")

    def _check_closed(self) -> None:
        if self._closed:
            raise RuntimeError("Event loop is closed")
