"""What single design choices are worth: counts of an operation with each, and without it.

    python bench/choices.py [CHOICE ...]        writes bench/results/choices.json

Counted are user-space instructions (valgrind) or system calls (strace), which are the same on a busy machine
and on a quiet one. "Without" is what the same loop does where the choice is out of play: the interpreted
sources, the standard library's primitive, a subclass that goes the usual way; or asyncio's own loop.

Each body runs twice in forked processes that differ in nothing but the number of operations.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import eagerloop

RESULT = Path(__file__).parent / "results" / "choices.json"
FEW, MANY = 500, 2_500  # operations of the two processes
INSTRUCTIONS, CALLS = "instructions", "system calls"
TOOLS = {
    INSTRUCTIONS: (
        *("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"),
    ),
    CALLS: ("strace", "-f", "-qq"),
}
TOTAL = re.compile(r"==(\d+)== I\s+refs:\s+([\d,]+)")
CALL = re.compile(r"^\[pid +(\d+)\] (?:send|sendto|sendmsg|write|writev|epoll_p?wait2?)\(", re.M)
Body = Callable[[int], Awaitable[None]]


async def light() -> None:
    """A coroutine that never waits."""


class Group(eagerloop.TaskGroup):
    """A subclass, of which the group cannot know what it overrides: it is told by callbacks."""


async def queue(n: int) -> None:
    items: eagerloop.Queue[int] = eagerloop.Queue(100)

    async def produce() -> None:
        for number in range(n):
            await items.put(number)

    producer = eagerloop.create_task(produce())
    for _ in range(n):
        await items.get()
    await producer


def grouped(kind: type[Any]) -> Body:
    async def body(n: int) -> None:
        async with kind() as group:
            create = group.create_task
            for _ in range(n):
                create(light())

    return body


def created(context: Callable[[], contextvars.Context | None]) -> Body:
    async def body(n: int) -> None:
        create = eagerloop.get_running_loop().create_task
        for _ in range(n):
            await create(light(), context=context())

    return body


def woken(make: Callable[[], Any]) -> Body:
    async def body(n: int) -> None:
        loop = eagerloop.get_running_loop()
        for _ in range(n):
            future = make()
            loop.call_soon(future.set_result, None)
            await future

    return body


def locked(kind: type[Any]) -> Body:
    async def body(n: int) -> None:
        lock = kind()
        for _ in range(n):
            async with lock:
                pass

    return body


def limited(limit: Callable[[float], Any]) -> Body:
    async def body(n: int) -> None:
        for _ in range(n):
            async with limit(60):
                pass

    return body


def slept(sleep: Callable[[float], Awaitable[None]]) -> Body:
    async def body(n: int) -> None:
        for _ in range(n):
            await sleep(1e-9)

    return body


def read(kind: type[Any]) -> Body:
    async def body(n: int) -> None:
        reader = kind(loop=eagerloop.get_running_loop())
        for _ in range(n):
            reader.feed_data(b"a line of some twenty bytes\n")
            await reader.readline()

    return body


def replied(aio: Any) -> Body:
    async def body(n: int) -> None:
        ours, theirs = socket.socketpair()
        _, writer = await aio.open_unix_connection(sock=ours)
        for _ in range(n // 100):
            for _ in range(100):
                writer.write(b"fifty bytes, as a template's pieces are; and so on")
            await writer.drain()
            await aio.sleep(0)
            theirs.recv(65536)
        writer.close()
        theirs.close()

    return body


def turned(aio: Any) -> Body:
    async def body(n: int) -> None:
        for _ in range(n):
            await aio.sleep(0)

    return body


@dataclass(frozen=True)
class Choice:
    about: str
    operation: str
    chosen: Body
    other: Body
    unit: str = INSTRUCTIONS
    eager: bool = False  # "with" runs on an eager loop
    interpreted: bool = False  # "without" runs the sources
    foreign: bool = False  # "without" runs on asyncio's loop


def new_future() -> Any:
    return eagerloop.get_running_loop().create_future()


CHOICES = {
    "compiled": Choice(
        "what runs per callback or per task step is compiled",
        "one item through a Queue, against the same sources interpreted",
        queue,
        queue,
        interpreted=True,
    ),
    "eager": Choice(
        "a task may take its first step at once",
        "a task that never waits, against a lazy one",
        grouped(eagerloop.TaskGroup),
        grouped(eagerloop.TaskGroup),
        eager=True,
    ),
    "overseer": Choice(
        "a group is told of its children without a callback for each",
        "a lazy task in a TaskGroup, against a group with callbacks",
        grouped(eagerloop.TaskGroup),
        grouped(Group),
    ),
    "variables": Choice(
        "a task keeps the variables of its context, and borrows a Context to run in",
        "create and await a task, against one with a Context of its own",
        created(lambda: None),
        created(contextvars.copy_context),
    ),
    "waiter": Choice(
        "a future holds the task that waits for it, and puts it into the ready queue itself",
        "one wake-up, against a future of asyncio's with its callback",
        woken(new_future),
        woken(lambda: asyncio.Future()),
    ),
    "operation": Choice(
        "primitives return state machines where asyncio has coroutines",
        "async with on a free Lock, against asyncio's Lock on the same loop",
        locked(eagerloop.Lock),
        locked(asyncio.Lock),
    ),
    "alarm": Choice(
        "a time limit is its own entry among the timers, which knows its place and leaves it",
        "one timeout() block, against asyncio's timeout() on the same loop",
        limited(eagerloop.timeout),
        limited(asyncio.timeout),
    ),
    "delay": Choice(
        "a sleeping task's future is its own timer",
        "one short sleep(), against asyncio's sleep() on the same loop",
        slept(eagerloop.sleep),
        slept(asyncio.sleep),
    ),
    "reader": Choice(
        "a stream's reader is compiled, and what is there is taken without waiting",
        "one line fed and read, against asyncio's StreamReader on the same loop",
        read(eagerloop.StreamReader),
        read(asyncio.StreamReader),
    ),
    "joined": Choice(
        "small writes of one turn go out together",
        "one of 100 small writes, against asyncio",
        replied(eagerloop),
        replied(asyncio),
        CALLS,
        foreign=True,
    ),
    "polling": Choice(
        "while there is work, the kernel is asked every 64 turns or 50 µs",
        "one turn of the loop, against asyncio",
        turned(eagerloop),
        turned(asyncio),
        CALLS,
        foreign=True,
    ),
}


def main(names: list[str]) -> int:
    if names[:1] == ["--body"]:
        play(CHOICES[names[1]], chosen=names[2] == "chosen")
        return 0
    chosen = names or list(CHOICES)
    for unit in {CHOICES[name].unit for name in chosen}:
        if shutil.which(TOOLS[unit][0]) is None:
            print(f"choices: {unit} are counted by {TOOLS[unit][0]}, which is not installed")
            return 2
    found = json.loads(RESULT.read_text()) if RESULT.exists() else {"choices": {}}
    found["python"] = platform.python_version()
    for name in chosen:
        found["choices"][name] = entry = weighed(name)
        print(f"{name:10} {entry['chosen']:12,.2f} {entry['other']:12,.2f} {entry['unit']}")
    found["choices"] = {
        name: found["choices"][name] for name in CHOICES if name in found["choices"]
    }
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def weighed(name: str) -> dict[str, Any]:
    choice = CHOICES[name]
    return {
        "about": choice.about,
        "operation": choice.operation,
        "unit": choice.unit,
        "chosen": counted(name, "chosen", choice.unit, pure=False),
        "other": counted(name, "other", choice.unit, pure=choice.interpreted),
    }


def counted(name: str, which: str, unit: str, *, pure: bool) -> float:
    """The count of one operation."""
    environment = {**os.environ, "EAGERLOOP_PURE": "1" if pure else "0", "PYTHONHASHSEED": "0"}
    command = [*TOOLS[unit], sys.executable, __file__, "--body", name, which]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    few, many = done.stdout.split()
    totals = dict(counts(unit, done.stderr, few, many))
    return (totals[many] - totals[few]) / (MANY - FEW)


def counts(unit: str, report: str, few: str, many: str) -> Iterator[tuple[str, int]]:
    """Process -> what it did."""
    if unit == INSTRUCTIONS:
        for process, number in TOTAL.findall(report):
            yield process, int(number.replace(",", ""))
    else:
        made = CALL.findall(report)
        yield from ((process, made.count(process)) for process in (few, many))


def play(choice: Choice, *, chosen: bool) -> None:
    """Run the body in two children; print their ids."""
    body = choice.chosen if chosen else choice.other
    gc.disable()
    for number in (FEW, MANY):
        child = os.fork()
        if child == 0:
            if choice.foreign and not chosen:
                asyncio.run(alive(body, number))
            else:
                eagerloop.run(alive(body, number), eager=choice.eager and chosen)
            os._exit(0)
        os.waitpid(child, 0)
        print(child)


async def alive(body: Body, number: int) -> None:
    """As in any server there is a socket: a loop without one need not poll."""
    ours, theirs = socket.socketpair()
    loop = asyncio.get_running_loop()
    loop.add_reader(ours, print)
    await body(number)
    loop.remove_reader(ours)
    ours.close()
    theirs.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
