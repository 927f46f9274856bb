"""asyncpg on our loop: its protocol is compiled, and talks to our transports directly."""

from __future__ import annotations

import asyncio
import io
import ssl
from typing import Any

import pytest

import eagerloop
from tests.transports.certificates import Authority

from .conftest import Play, play_with

asyncpg: Any = pytest.importorskip("asyncpg", reason="this is about asyncpg")

MEGABYTE = 1_000_000


def connect(port: int, **options: Any) -> Any:
    options = {"ssl": False, "host": "127.0.0.1", "database": "postgres"} | options
    return asyncpg.connect(port=port, user="tester", **options)


def test_queries(play_both: Play, postgres: int) -> None:
    async def main() -> None:
        connection = await connect(postgres)
        rows = await connection.fetch(
            "SELECT n, repeat('x', n) AS t FROM generate_series(1, 2000) n"
        )
        assert [(row["n"], len(row["t"])) for row in rows] == [(n, n) for n in range(1, 2001)]
        async with connection.transaction():
            cursor = [
                row["n"] async for row in connection.cursor("SELECT generate_series(1,500) n")
            ]
        assert cursor == list(range(1, 501))
        with pytest.raises(asyncpg.DivisionByZeroError):
            await connection.fetchval("SELECT 1/0")
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()

    play_both(main)


def test_a_pool(play_both: Play, postgres: int) -> None:
    async def main() -> None:
        async with asyncpg.create_pool(
            host="127.0.0.1",
            port=postgres,
            user="tester",
            database="postgres",
            ssl=False,
            min_size=2,
            max_size=5,
        ) as pool:
            answers = await asyncio.gather(
                *(pool.fetchval("SELECT $1::int * 2", number) for number in range(200))
            )
        assert answers == [2 * number for number in range(200)]

    play_both(main)


@pytest.mark.parametrize("tls", [False, True])
def test_a_hundred_megabytes_through_copy(postgres: int, authority: Authority, tls: bool) -> None:
    """Into a table and out again; by TLS a tenth of it."""
    size = 10 if tls else 100
    row = b"%06d\t" + b"x" * 993 + b"\n"

    async def pieces() -> Any:
        for number in range(size):
            yield b"".join(row % (number * 1000 + line) for line in range(1000))

    async def main() -> None:
        options = {"ssl": authority.client(), "host": "localhost"} if tls else {}
        connection = await connect(postgres, **options)
        await connection.execute("CREATE TEMP TABLE lines (number int, text text)")
        status = await connection.copy_to_table("lines", source=pieces())
        assert status == f"COPY {size * 1000}"
        total = 0

        async def take(data: bytes) -> None:
            nonlocal total
            total += len(data)

        await connection.copy_from_query("SELECT text FROM lines", output=take)
        assert total == size * 1000 * 994
        sample = io.BytesIO()
        await connection.copy_from_query("SELECT number FROM lines ORDER BY 1", output=sample)
        assert sample.getvalue() == b"".join(b"%d\n" % n for n in range(size * 1000))
        await connection.close()

    play_with(eager=tls)(main)


def test_a_query_is_cancelled(play_both: Play, postgres: int) -> None:
    """By a timeout of the client's, by a task's end, and by the server: the connection goes on."""

    async def main() -> None:
        connection = await connect(postgres)
        with pytest.raises(asyncio.TimeoutError):
            await connection.fetchval("SELECT pg_sleep(60)", timeout=0.1)
        assert await connection.fetchval("SELECT 1") == 1
        waiting = asyncio.create_task(connection.fetchval("SELECT pg_sleep(60)"))
        await asyncio.sleep(0.1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await connection.fetchval("SELECT 2") == 2
        other = await connect(postgres)
        waiting = asyncio.create_task(connection.fetchval("SELECT pg_sleep(60)"))
        await asyncio.sleep(0.1)
        await other.execute("SELECT pg_cancel_backend($1)", connection.get_server_pid())
        with pytest.raises(asyncpg.QueryCanceledError):
            await waiting
        await other.close()
        await connection.close()

    play_both(main)


def test_tls(play_both: Play, postgres: int, authority: Authority) -> None:
    """PostgreSQL's way: a plain request first, then start_tls on the same transport."""

    async def main() -> None:
        connection = await connect(postgres, ssl=authority.client(), host="localhost")
        used = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert tuple(await connection.fetchrow(used)) == (True, "TLSv1.3")
        assert len(await connection.fetchval("SELECT repeat('x', 3000000)")) == 3_000_000
        await connection.close()
        with pytest.raises(Exception, match="certificate verify failed"):
            await connect(postgres, ssl=ssl.create_default_context(), host="localhost")

    play_both(main)


def test_the_server_ends_the_connection(play_both: Play, postgres: int) -> None:
    async def main() -> None:
        one, two = await connect(postgres), await connect(postgres)
        ended = eagerloop.get_running_loop().create_future()
        one.add_termination_listener(lambda _: ended.set_result(None))
        await two.execute("SELECT pg_terminate_backend($1)", one.get_server_pid())
        async with asyncio.timeout(10):
            await ended
        assert one.is_closed()
        await two.close()

    play_both(main)


def test_notifications(play_both: Play, postgres: int) -> None:
    async def main() -> None:
        one, two = await connect(postgres), await connect(postgres)
        got: list[str] = []
        done = asyncio.Event()

        def heard(connection: Any, pid: int, channel: str, payload: str) -> None:
            got.append(payload)
            if len(got) == 100:
                done.set()

        await one.add_listener("news", heard)
        for number in range(100):
            await two.execute("SELECT pg_notify('news', $1)", str(number))
        async with asyncio.timeout(10):
            await done.wait()
        assert got == [str(number) for number in range(100)]
        await one.close()
        await two.close()

    play_both(main)
