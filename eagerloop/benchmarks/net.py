"""Cases of the network: servers under load from another process.

A name is `server/family/size/connections`, with `/dN` for N requests in flight on each
connection. `usual` marks the few that a run without names takes; the rest of the grid is there by
name or pattern.
"""

from __future__ import annotations

from .case import IdleCase, NetCase

SIZES = {"64": 64, "1k": 1024, "16k": 16 * 1024, "100k": 100 * 1024}
CONNECTIONS = (1, 10, 100, 1000)
FRAMINGS = {"protocol": "raw", "buffered": "raw", "lines": "line", "exact": "sized"}
WORDS = {
    "protocol": "a Protocol",
    "buffered": "a BufferedProtocol",
    "lines": "readline() and write() on streams",
    "exact": "readexactly() and write() on streams",
}
USUAL = frozenset(
    {
        "protocol/tcp/64/1",
        "protocol/tcp/1k/100",
        "protocol/tcp/100k/100",
        "protocol/unix/1k/100",
        "buffered/tcp/1k/100",
        "lines/tcp/64/1",
        "lines/tcp/1k/100",
        "lines/unix/1k/100",
        "exact/tcp/1k/100",
        "lines/tcp/64/100/d16",
    }
)


def echo_cases() -> list[NetCase]:
    cases = []
    for server, framing in FRAMINGS.items():
        for family in ("tcp", "unix"):
            for size_name, size in SIZES.items():
                for connections in CONNECTIONS:
                    name = f"{server}/{family}/{size_name}/{connections}"
                    about = f"echo of {size_name} bytes, {connections} connections, {WORDS[server]}"
                    cases.append(
                        NetCase(
                            name,
                            about,
                            name in USUAL,
                            server,
                            family,
                            connections,
                            size,
                            framing=framing,
                        )
                    )
    return cases


def pipelined_cases() -> list[NetCase]:
    return [
        NetCase(
            f"{server}/{family}/64/100/d16",
            f"echo of 64 bytes, 100 connections, 16 in flight each, {WORDS[server]}",
            f"{server}/{family}/64/100/d16" in USUAL,
            server,
            family,
            100,
            64,
            depth=16,
            framing=framing,
        )
        for server, framing in FRAMINGS.items()
        for family in ("tcp", "unix")
    ]


def small_write_cases() -> list[NetCase]:
    return [
        NetCase(
            f"pieces/{family}/{connections}",
            f"a reply in 100 writes of 50 bytes, {connections} connections",
            family == "tcp" and connections == 50,
            "pieces",
            family,
            connections,
            64,
            reply=100 * 50,
        )
        for family in ("tcp", "unix")
        for connections in (1, 50)
    ]


def tls_cases() -> list[NetCase]:
    return [
        NetCase(
            f"{server}/tls/{size_name}/{connections}",
            f"the same over TLS: {size_name} bytes, {connections} connections, {WORDS[server]}",
            (server, size_name, connections) == ("protocol", "1k", 100),
            server,
            "tls",
            connections,
            size,
            framing=framing,
        )
        for server, framing in FRAMINGS.items()
        for size_name, size in SIZES.items()
        for connections in (1, 100)
    ]


def other_cases() -> list[NetCase]:
    return [
        NetCase(
            "socket/tcp/1k/100",
            "echo by sock_recv and sock_sendall",
            True,
            "socket",
            "tcp",
            100,
            1024,
        ),
        NetCase(
            "udp/1k/50",
            "echo of datagrams of 1k bytes, 50 peers",
            True,
            "datagram",
            "udp",
            50,
            1024,
        ),
        NetCase(
            "sendfile/tcp/20",
            "a 1 MiB file by loop.sendfile(), or as the loop can",
            False,
            "sendfile",
            "tcp",
            20,
            64,
            reply=1024 * 1024,
        ),
        IdleCase(
            "idle/protocol", "an idle connection of a Protocol", True, "protocol", "tcp", 2000
        ),
        IdleCase(
            "idle/lines",
            "an idle connection of streams",
            True,
            "lines",
            "tcp",
            2000,
            framing="line",
        ),
        *[
            NetCase(
                f"{server}/tcp/64/100/of{words}",
                f"echo of 64 bytes, 100 connections of {idle + 100:,}, {WORDS[server]}",
                False,
                server,
                "tcp",
                100,
                framing=FRAMINGS[server],
                idle=idle,
            )
            for server in ("protocol", "lines")
            for words, idle in (("1k", 900), ("10k", 9_900))
        ],
        IdleCase("idle/protocol/10k", "10,000 idle connections", False, "protocol", "tcp", 10_000),
        IdleCase(
            "idle/lines/10k", "the same of streams", False, "lines", "tcp", 10_000, framing="line"
        ),
    ]


CASES = (*echo_cases(), *pipelined_cases(), *small_write_cases(), *tls_cases(), *other_cases())
