"""A chat server on streams: each line that one client sends, every other client receives.

Without arguments it serves a room of clients of its own and tells how fast lines are delivered;
with a port it serves you: try `nc localhost 8888` in two terminals.

    python examples/chat.py [PORT]
    eagerloop run examples/chat.py
"""

from __future__ import annotations

import sys
import time

import eagerloop

CLIENTS = 50
LINES = 100  # that each client sends


class Room:
    """Who is here, and the server's side of a connection."""

    def __init__(self) -> None:
        self.writers: set[eagerloop.StreamWriter] = set()

    async def enter(self, reader: eagerloop.StreamReader, writer: eagerloop.StreamWriter) -> None:
        self.writers.add(writer)
        try:
            while line := await reader.readline():
                others = [each for each in self.writers if each is not writer]
                for each in others:
                    each.write(line)
                for each in others:
                    await each.drain()
        except ConnectionError:  # gone without a word: the others stay
            pass
        finally:
            self.writers.discard(writer)
            writer.close()


async def client(port: int, number: int, everyone: eagerloop.Barrier) -> int:
    """Send LINES lines, receive those of all others; return how many came."""
    reader, writer = await eagerloop.open_connection("127.0.0.1", port)
    await everyone.wait()
    for line in range(LINES):
        writer.write(b"%d says %d\n" % (number, line))
        await writer.drain()
    for _ in range((CLIENTS - 1) * LINES):
        await reader.readline()
    await everyone.wait()
    writer.close()
    await writer.wait_closed()
    return (CLIENTS - 1) * LINES


async def measure() -> None:
    room = Room()
    server = await eagerloop.start_server(room.enter, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    everyone = eagerloop.Barrier(CLIENTS)
    start = time.perf_counter()
    async with server, eagerloop.TaskGroup() as group:
        clients = [group.create_task(client(port, n, everyone)) for n in range(CLIENTS)]
    taken = time.perf_counter() - start
    delivered = sum(each.result() for each in clients)
    print(
        f"a chat of {CLIENTS} clients, server and clients in one process: {delivered:,} lines "
        f"delivered in {taken:.2f} s, {delivered / taken:,.0f} lines/s"
    )


async def serve(port: int) -> None:
    server = await eagerloop.start_server(Room().enter, "127.0.0.1", port)
    print(f"chat on 127.0.0.1:{port}; Ctrl-C ends it", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        eagerloop.run(serve(int(sys.argv[1])) if len(sys.argv) > 1 else measure())
    except KeyboardInterrupt:
        pass
