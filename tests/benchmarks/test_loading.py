from __future__ import annotations

import resource
from collections.abc import Callable

import pytest

from eagerloop.benchmarks import harness, loading
from eagerloop.benchmarks.case import IdleCase, NetCase
from eagerloop.benchmarks.harness import Plan
from eagerloop.benchmarks.implementations import LIMIT
from eagerloop.benchmarks.processes import Failed

from .conftest import needs_compiler


@needs_compiler
@pytest.mark.parametrize(
    "name",
    [
        "protocol/tcp/1k/10",
        "lines/unix/64/1",
        "udp/1k/50",
        "protocol/tls/100k/1",
        "lines/tls/1k/100",
    ],
)
def test_a_loaded_server_has_figures(plan: Callable[..., Plan], name: str) -> None:
    chosen = plan(name)
    sample = harness.take(chosen, chosen.cases[0], "asyncio", 3)
    assert (sample.case, sample.implementation, sample.round) == (name, "asyncio", 3)
    assert sample.operations > 0
    assert sample.figures["cpu_ns"] > 0
    assert sample.figures["p50_ns"] <= sample.figures["p99_ns"]


@needs_compiler
def test_the_plain_server_is_a_sample_too(plan: Callable[..., Plan]) -> None:
    chosen = plan("protocol/tcp/1k/10")
    assert harness.take(chosen, chosen.cases[0], LIMIT, 0).operations > 0


@needs_compiler
def test_idle_connections_have_bytes(plan: Callable[..., Plan]) -> None:
    chosen = plan("idle/lines")
    sample = harness.take(chosen, chosen.cases[0], "asyncio", 0)
    assert 500 < sample.figures["bytes"] < 50_000


def test_a_server_that_does_not_start_says_why(plan: Callable[..., Plan]) -> None:
    chosen = plan("protocol/tcp/1k/10")
    with pytest.raises(Failed, match="no implementation"):
        harness.take(chosen, chosen.cases[0], "nothing", 0)


def test_only_plain_echoes_have_a_limit() -> None:
    assert loading.has_limit(NetCase("", "", server="lines"))
    assert not loading.has_limit(NetCase("", "", server="pieces"))
    assert not loading.has_limit(NetCase("", "", server="datagram"))
    assert not loading.has_limit(IdleCase("", "", server="protocol"))


def test_too_many_connections_are_refused_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (1024, 4096))
    with pytest.raises(
        Failed, match="5000 connections need as many descriptors; the limit is 4096"
    ):
        loading.check_descriptors(5000)
