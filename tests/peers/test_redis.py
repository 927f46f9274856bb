"""redis-py's asyncio client on our loop."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from .conftest import Play, redis_on
from .programs import free_port

redis: Any = pytest.importorskip("redis.asyncio", reason="this is about redis-py")


def test_pipelines(play_both: Play, redis_server: int) -> None:
    async def main() -> None:
        async with redis.Redis(port=redis_server) as client:
            await client.flushall()
            async with client.pipeline(transaction=True) as pipe:
                for number in range(2_000):
                    pipe.set(f"key:{number}", b"v" * (number % 100))
                assert await pipe.execute() == [True] * 2_000
            async with client.pipeline(transaction=False) as pipe:
                for number in range(2_000):
                    pipe.get(f"key:{number}")
                got = await pipe.execute()
            assert got == [b"v" * (number % 100) for number in range(2_000)]
            large = bytes(range(256)) * 40_000  # 10 MB each way
            await client.set("large", large)
            assert await client.get("large") == large

    play_both(main)


def test_many_clients_of_a_pool(play_both: Play, redis_server: int) -> None:
    async def main() -> None:
        async with redis.Redis(port=redis_server, max_connections=20) as client:
            await client.delete("counter")

            async def count() -> None:
                for _ in range(20):
                    await client.incr("counter")

            async with asyncio.TaskGroup() as group:
                for _ in range(20):
                    group.create_task(count())
            assert await client.get("counter") == b"400"

    play_both(main)


def test_publish_and_subscribe(play_both: Play, redis_server: int) -> None:
    async def main() -> None:
        async with redis.Redis(port=redis_server) as client, client.pubsub() as channel:
            await channel.subscribe("news")
            assert (await channel.get_message(timeout=10))["type"] == "subscribe"
            got = []

            async def listen() -> None:
                async for message in channel.listen():
                    got.append(message["data"])
                    if message["data"] == b"end":
                        return

            listening = asyncio.create_task(listen())
            for number in range(500):
                await client.publish("news", str(number))
            await client.publish("news", "end")
            async with asyncio.timeout(20):
                await listening
            assert got == [*(str(number).encode() for number in range(500)), b"end"]
            assert await channel.get_message(timeout=0.05) is None

    play_both(main)


def test_a_cancelled_command_does_not_spoil_the_next(play_both: Play, redis_server: int) -> None:
    async def main() -> None:
        async with redis.Redis(port=redis_server) as client:
            await client.set("one", "1")
            waiting = asyncio.create_task(client.blpop("nothing", 30))
            await asyncio.sleep(0.05)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert await client.get("one") == b"1"

    play_both(main)


def test_reconnects_to_a_server_that_was_started_again(play_both: Play, tmp_path: Path) -> None:
    port = free_port()

    async def main() -> None:
        async with redis.Redis(port=port) as client:
            with redis_on(port, tmp_path):
                assert await client.ping()
            with pytest.raises(redis.ConnectionError):
                await client.ping()
            with redis_on(port, tmp_path):
                assert await client.ping()

    play_both(main)
