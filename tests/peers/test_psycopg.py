"""psycopg 3 on our loop: it waits for libpq's own sockets by add_reader and add_writer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import eagerloop
from tests.transports.certificates import Authority

from .conftest import Play, play_with

psycopg: Any = pytest.importorskip("psycopg", reason="this is about psycopg")


def connect(port: int, **options: Any) -> Any:
    options = {"host": "127.0.0.1", "sslmode": "disable"} | options
    return psycopg.AsyncConnection.connect(
        port=port, user="tester", dbname="postgres", autocommit=True, **options
    )


def test_queries(play_both: Play, postgres: int) -> None:
    async def main() -> None:
        async with await connect(postgres) as connection:
            cursor = await connection.execute(
                "SELECT n, repeat('x', n) FROM generate_series(1, 2000) n"
            )
            assert await cursor.fetchall() == [(n, "x" * n) for n in range(1, 2001)]
            async with connection.pipeline():
                cursors = [await connection.execute("SELECT %s::int", (n,)) for n in range(100)]
            assert [await each.fetchone() for each in cursors] == [(n,) for n in range(100)]
            with pytest.raises(psycopg.errors.DivisionByZero):
                await connection.execute("SELECT 1/0")
            async with connection.transaction():
                assert await (await connection.execute("SELECT 1")).fetchone() == (1,)

    play_both(main)


def test_many_connections(play_both: Play, postgres: int) -> None:
    async def main() -> None:
        async def ask(number: int) -> int:
            async with await connect(postgres) as connection:
                row = await (await connection.execute("SELECT %s::int", (number,))).fetchone()
                answer: int = row[0]
                return answer

        assert await asyncio.gather(*map(ask, range(20))) == list(range(20))

    play_both(main)


def test_a_hundred_megabytes_through_copy(postgres: int) -> None:
    """libpq's writes fill the socket again and again; its reads empty it."""
    row = b"%06d\t" + b"x" * 993 + b"\n"

    async def main() -> None:
        async with await connect(postgres) as connection, connection.cursor() as cursor:
            await cursor.execute("CREATE TEMP TABLE lines (number int, text text)")
            async with cursor.copy("COPY lines FROM STDIN") as copy:
                for number in range(100):
                    await copy.write(b"".join(row % (number * 1000 + n) for n in range(1000)))
            assert cursor.rowcount == 100_000
            total = 0
            async with cursor.copy(
                "COPY (SELECT repeat(text, 100) FROM lines LIMIT 1000) TO STDOUT"
            ) as copy:
                async for data in copy:
                    total += len(data)
            assert total == 1000 * (99_300 + 1)

    play_with(eager=False)(main)


def test_a_query_is_cancelled(play_both: Play, postgres: int) -> None:
    """By the connection, and by the end of the task that waits."""

    async def main() -> None:
        async with await connect(postgres) as connection:
            waiting = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
            await asyncio.sleep(0.1)
            await connection.cancel_safe()
            with pytest.raises(psycopg.errors.QueryCanceled):
                await waiting
            waiting = asyncio.create_task(connection.execute("SELECT pg_sleep(60)"))
            await asyncio.sleep(0.1)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert await (await connection.execute("SELECT 2")).fetchone() == (2,)

    play_both(main)


def test_tls(play_both: Play, postgres: int, authority: Authority) -> None:
    async def main() -> None:
        options = {"sslmode": "verify-full", "sslrootcert": str(authority.certificate)}
        async with await connect(postgres, **options, host="localhost") as connection:
            used = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            assert await (await connection.execute(used)).fetchone() == (True, "TLSv1.3")
            row = await (await connection.execute("SELECT repeat('x', 3000000)")).fetchone()
            assert len(row[0]) == 3_000_000

    play_both(main)


def test_notifications(play_both: Play, postgres: int) -> None:
    async def main() -> None:
        async with await connect(postgres) as one, await connect(postgres) as two:
            await one.execute("LISTEN news")
            for number in range(100):
                await two.execute(f"NOTIFY news, '{number}'")
            async with eagerloop.timeout(10):
                got = [each.payload async for each in one.notifies(stop_after=100)]
            assert got == [str(number) for number in range(100)]

    play_both(main)
