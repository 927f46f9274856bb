"""Which address of several: one after another, or happy eyeballs (RFC 8305); and what to say if
none answers.
"""

from __future__ import annotations

import socket
from functools import partial
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from ..staggered import staggered_race

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..eventloop import EventLoop
    from .resolve import AddrInfo

    Errors = list[OSError]


def interleave(infos: Sequence[AddrInfo], first_family_count: int = 1) -> list[AddrInfo]:
    """*infos* with the families taking turns, after *first_family_count* addresses of the first
    one.
    """
    families: dict[int, list[AddrInfo]] = {}
    for info in infos:
        families.setdefault(info[0], []).append(info)
    rows = list(families.values())
    lead = max(first_family_count - 1, 0)
    head: list[AddrInfo] = []
    if rows:
        head, rows[0] = rows[0][:lead], rows[0][lead:]
    turns = chain.from_iterable(zip_longest(*rows))
    return head + [info for info in turns if info is not None]


async def connect_any(
    loop: EventLoop,
    infos: list[AddrInfo],
    local_infos: list[AddrInfo] | None,
    delay: float | None,
    first_family_count: int | None,
    all_errors: bool,
) -> socket.socket:
    """A socket connected to one of *infos*.

    Raises:
        OSError: none answers; the one error, or all of their texts.
        ExceptionGroup: none answers and *all_errors* is set.
        TimeoutError: none answers and none says why.
    """
    if first_family_count:
        infos = interleave(infos, first_family_count)
    errors: list[Errors] = []
    try:
        if delay is None:
            sock = await _connect_in_order(loop, infos, local_infos, errors)
        else:
            sock = await _race(loop, infos, local_infos, delay, errors)
        if sock is None:
            raise _failure([exc for attempt in errors for exc in attempt], all_errors)
        return sock
    finally:
        errors.clear()  # each holds a traceback, whose frames hold this list


async def _connect_in_order(
    loop: EventLoop,
    infos: list[AddrInfo],
    local_infos: list[AddrInfo] | None,
    errors: list[Errors],
) -> socket.socket | None:
    for info in infos:
        try:
            return await _connect_one(loop, info, local_infos, errors)
        except OSError:
            continue  # kept in errors; the next address may answer
    return None


async def _race(
    loop: EventLoop,
    infos: list[AddrInfo],
    local_infos: list[AddrInfo] | None,
    delay: float,
    errors: list[Errors],
) -> socket.socket | None:
    connected: list[socket.socket] = []

    async def attempt(info: AddrInfo) -> socket.socket:
        sock = await _connect_one(loop, info, local_infos, errors)
        connected.append(sock)
        return sock

    try:
        attempts = (partial(attempt, info) for info in infos)
        winner: socket.socket | None = (await staggered_race(attempts, delay, loop=loop))[0]
        return winner
    except BaseException:  # cancelled while the losers left: the winner has nobody to go to
        for sock in connected:
            sock.close()
        raise


def _failure(errors: Errors, all_errors: bool) -> Exception:
    if all_errors:
        return ExceptionGroup("create_connection failed", errors)
    if not errors:
        return TimeoutError("create_connection failed")
    texts = [str(exc) for exc in errors]
    if len(set(texts)) == 1:
        return errors[0]
    return OSError(f"Multiple exceptions: {', '.join(texts)}")


async def _connect_one(
    loop: EventLoop,
    info: AddrInfo,
    local_infos: list[AddrInfo] | None,
    errors: list[Errors],
) -> socket.socket:
    """One socket, bound if asked and connected. What went wrong on the way is added to *errors* as
    one list.
    """
    family, type, proto, _, address = info
    mine: Errors = []
    errors.append(mine)
    sock: socket.socket | None = None
    try:
        sock = socket.socket(family, type, proto)
        sock.setblocking(False)
        if local_infos is not None:
            _bind_one(sock, local_infos, mine)
        await loop.sock_connect(sock, address)
        return sock
    except BaseException as exc:  # a cancelled attempt must not leave its socket either
        if sock is not None:
            sock.close()
        if isinstance(exc, OSError):
            mine.append(exc)
        raise
    finally:
        del errors, mine  # break the cycle through the traceback


def _bind_one(sock: socket.socket, local_infos: list[AddrInfo], errors: Errors) -> None:
    """Bind *sock* to the first address of its family that can be had."""
    for family, _, _, _, address in local_infos:
        if family != sock.family:
            continue
        try:
            sock.bind(address)
            return
        except OSError as exc:
            text = f"error while attempting to bind on address {address!r}: {str(exc).lower()}"
            errors.append(OSError(exc.errno, text))
    if errors:
        raise errors.pop()
    raise OSError(f"no matching local address with family={sock.family!r} found")
