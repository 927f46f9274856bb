"""Agenda: the live tasks of a loop."""

from __future__ import annotations

import asyncio
import gc

import eagerloop
from eagerloop.core.poller import Poller
from eagerloop.core.scheduler import Scheduler

Loop = eagerloop.EventLoop


def test_live_tasks_come_and_go(loop: Loop) -> None:
    async def main() -> None:
        me = eagerloop.current_task()
        tasks = [loop.create_task(eagerloop.sleep(0)) for _ in range(3)]
        assert set(loop._live_tasks()) == {me, *tasks}
        await eagerloop.gather(*tasks)
        assert loop._live_tasks() == [me]

    loop.run_until_complete(main())
    assert loop._live_tasks() == []


def test_a_forgotten_task_leaves_the_list(loop: Loop) -> None:
    loop.set_exception_handler(lambda *_: None)

    async def wait() -> None:
        await loop.create_future()

    task = loop.create_task(wait())
    loop.run_until_complete(eagerloop.sleep(0))
    del task
    gc.collect()
    assert loop._live_tasks() == []
    assert asyncio.all_tasks(loop) == set()


def test_a_second_init_loses_no_task(loop: eagerloop.EventLoop) -> None:
    agenda = Scheduler(Poller())

    async def nothing() -> None: ...

    first = agenda.create_task(nothing())
    Scheduler.__init__(agenda, Poller())
    second = agenda.create_task(nothing())
    assert set(agenda._live_tasks()) == {first, second}
    first.cancel()
    for made in (first, second):
        made._log_destroy_pending = False
        made.get_coro().close()
    agenda._discard_all()
