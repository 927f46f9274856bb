"""System calls of sockets that fail: nothing is lost that was not the kernel's loss, and nothing spins.

The faults are real: strace makes the kernel's answer to the chosen call the chosen error.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace injects the faults")

OUT_OF_RESOURCES = "socket.accept() out of system resource"


def with_fault(
    program: str, call: str, error: str, when: str, path: str | None = None, also: str | None = None
) -> dict[str, Any]:
    """What became of a program of faulty.py whose system calls *call* number *when* fail.

    With a *path*, only those on its descriptors count. *also* is a second fault, in strace's words.
    """
    command = [
        *("strace", "-f", "-qq", "-o", "/dev/null"),
        *(() if path is None else ("-P", path)),
        *("-e", f"inject={call}:error={error}:when={when}"),
        *(() if also is None else ("-e", f"inject={also}")),
        *(sys.executable, "-W", "error", "-m", "tests.promises.faulty", program),
    ]
    variables = os.environ if path is None else {**os.environ, "EAGERLOOP_FIFO": path}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env=variables
    )
    if "PTRACE_TRACEME" in done.stderr or "Operation not permitted" in done.stderr:
        pytest.skip("this machine forbids ptrace")
    assert (done.returncode, done.stderr) == (0, "")
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


@pytest.mark.parametrize("error", ["ECONNABORTED", "EINTR", "EAGAIN"])
def test_accept_goes_on(error: str) -> None:
    outcome = with_fault("server", "accept4", error, "1..3")
    assert outcome["answers"] == ["hello"] * 3
    assert outcome["heard"] == []


@pytest.mark.parametrize("error", ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"])
def test_accept_backs_off_and_recovers(error: str) -> None:
    outcome = with_fault("server", "accept4", error, "2")
    assert outcome["answers"] == ["hello"] * 3
    assert outcome["heard"] == [OUT_OF_RESOURCES]
    assert outcome["seconds"] >= 1


def test_accept_recovers_though_it_cannot_be_watched_at_first() -> None:
    """The poller lacks what accept lacked, when it is time to try again."""
    again = (
        "epoll_ctl:error=ENOMEM:when=7"  # waker, server, client's, back-off, client's twice, this
    )
    outcome = with_fault("server", "accept4", "ENOMEM", "1", also=again)
    assert outcome["answers"] == ["hello"] * 3
    assert outcome["heard"] == [OUT_OF_RESOURCES] * 2
    assert outcome["seconds"] >= 2


def test_accept_reports_what_it_cannot_explain() -> None:
    outcome = with_fault("server", "accept4", "EPERM", "1")
    assert outcome["answers"] == ["hello"] * 3
    assert len(outcome["heard"]) == 1


@pytest.mark.parametrize("call", ["recvfrom,recvmsg", "sendto"])
@pytest.mark.parametrize("error", ["EINTR", "EAGAIN"])
def test_socket_calls_try_again(call: str, error: str) -> None:
    outcome = with_fault("sockets", call, error, "2..9+2")
    assert outcome["got"] == 1_000_000
    assert "error" not in outcome


@pytest.mark.parametrize("error", ["ECONNRESET", "ENOTCONN", "ETIMEDOUT"])
def test_socket_calls_raise(error: str) -> None:
    outcome = with_fault("sockets", "recvfrom,recvmsg", error, "2+")
    assert outcome["error"] in {"ConnectionResetError", "OSError", "TimeoutError"}
    assert not outcome["watched"]


@pytest.mark.parametrize("when", range(2, 8))
def test_a_socket_call_that_cannot_be_watched_raises(when: int) -> None:
    """The waker is the first; then what would begin each wait, or would take it back."""
    outcome = with_fault("sockets", "epoll_ctl", "ENOSPC", str(when))
    assert outcome.get("error") == "OSError" or (when > 2 and outcome["got"] == 1_000_000)
    assert not outcome["watched"]
    assert outcome["heard"] == []


@pytest.mark.parametrize("error", ["EINTR", "EAGAIN"])
@pytest.mark.parametrize("call", ["recvfrom", "sendto,sendmsg", "write,writev"])
def test_transports_try_again(call: str, error: str) -> None:
    outcome = with_fault("transports", call, error, "60..400+3")
    assert outcome["tcp"]
    assert outcome["tls"]
    assert outcome["child"]
    assert outcome["heard"] == []


@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        ("recvfrom", "ECONNRESET", "ConnectionResetError"),
        ("recvfrom", "ETIMEDOUT", "TimeoutError"),
        ("recvfrom", "EHOSTUNREACH", "OSError"),
        ("sendto", "EPIPE", "BrokenPipeError"),
        ("sendto", "ENOBUFS", "OSError"),
        ("sendmsg", "ECONNRESET", "ConnectionResetError"),
        ("sendmsg", "ENOMEM", "OSError"),
    ],
)
def test_a_transports_error_ends_it_once(call: str, error: str, name: str) -> None:
    """For one side; for the other it is the end of the stream, or what its own writes meet."""
    outcome = with_fault("ending", call, error, "2")
    assert name in outcome["ends"]
    assert outcome["heard"] == []


@pytest.mark.parametrize("error", ["EINTR", "EAGAIN"])
@pytest.mark.parametrize("call", ["recvfrom", "sendto"])
def test_datagrams_try_again(call: str, error: str) -> None:
    outcome = with_fault("datagrams", call, error, "1..2")
    assert outcome["back"] == 3
    assert outcome["errors"] == []
    assert outcome["heard"] == []


@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        ("sendto", "ENOBUFS", "OSError"),
        ("sendto", "EPERM", "PermissionError"),
        ("recvfrom", "ECONNREFUSED", "ConnectionRefusedError"),
    ],
)
def test_a_datagrams_error_is_told_once(call: str, error: str, name: str) -> None:
    outcome = with_fault("datagrams", call, error, "1")
    assert outcome["errors"] == [name]
    assert outcome["back"] == (3 if call == "recvfrom" else 2)
    assert outcome["heard"] == []


@pytest.mark.parametrize("error", ["EINTR", "EAGAIN", "EINVAL", "ENOSYS"])
def test_files_arrive_whole(error: str) -> None:
    """Interrupted, delayed, or sent by hand because the kernel will not."""
    outcome = with_fault("file", "sendfile", error, "1")
    assert outcome["sent"] == outcome["got"] == outcome["position"] == 1_000_000


@pytest.mark.parametrize(
    ("error", "name"),
    [
        ("ECONNREFUSED", "ConnectionRefusedError"),
        ("ENETUNREACH", "OSError"),
        ("EADDRNOTAVAIL", "OSError"),
        ("ENOBUFS", "OSError"),
    ],
)
def test_connecting_raises(error: str, name: str) -> None:
    outcome = with_fault("connecting", "connect", error, "1..2")
    assert outcome["errors"] == [name, name]
    assert outcome["heard"] == []


@pytest.mark.parametrize(
    ("when", "ends"), [("2", ["OSError", "NoneType"]), ("6", ["NoneType"] * 2)]
)
def test_a_connection_or_endpoint_that_cannot_be_watched_is_none(
    when: str, ends: list[str]
) -> None:
    """The waker is the first; a connection that is watched counts twice."""
    outcome = with_fault("unwatched", "epoll_ctl", "ENOSPC", when)
    assert outcome["errors"] == [errno.ENOSPC]
    assert outcome["ends"] == ends
    assert outcome["heard"] == []


def test_an_accepted_connection_that_cannot_be_watched_ends() -> None:
    outcome = with_fault("server", "epoll_ctl", "ENOSPC", "4")  # waker, server, client, this
    assert outcome["answers"] == ["", "hello", "hello"]
    assert outcome["heard"] == []


def test_an_accepted_connection_that_cannot_be_set_up_is_closed() -> None:
    outcome = with_fault("server", "setsockopt", "ENOBUFS", "2")  # the listening socket's was first
    assert outcome["answers"] == ["", "hello", "hello"]
    assert outcome["heard"] == []


@pytest.mark.parametrize("when", ["4", "5"])  # waker, two readers; what does not fit, both ways
def test_a_writer_that_cannot_be_watched_ends(when: str) -> None:
    outcome = with_fault("ending", "epoll_ctl", "ENOSPC", when)
    assert "OSError" in outcome["ends"]
    assert outcome["heard"] == []


@pytest.mark.parametrize("call", ["read", "write"])
@pytest.mark.parametrize("error", ["EINTR", "EAGAIN"])
def test_pipes_try_again(call: str, error: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    outcome = with_fault("fifo", call, error, "1..20+2", path=str(tmp_path / "fifo"))
    assert outcome["same"]
    assert outcome["ends"] == ["NoneType", "NoneType"]
    assert outcome["heard"] == []


@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        ("read", "EIO", "OSError"),
        ("write", "EPIPE", "BrokenPipeError"),
        ("write", "EIO", "OSError"),
    ],
)
def test_a_pipe_ends_once_with_the_error(call: str, error: str, name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    outcome = with_fault("fifo", call, error, "2", path=str(tmp_path / "fifo"))
    assert not outcome["same"]
    assert name in outcome["ends"]


@pytest.mark.parametrize("program", ["server", "sockets", "datagrams", "file"])
def test_an_interrupted_poll_goes_on(program: str) -> None:
    outcome = with_fault(program, "epoll_wait,epoll_pwait,epoll_pwait2", "EINTR", "1..20+3")
    assert outcome["heard"] == []
