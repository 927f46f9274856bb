from __future__ import annotations

from collections.abc import Callable

from eagerloop.benchmarks import harness
from eagerloop.benchmarks.catalogue import CASES
from eagerloop.benchmarks.harness import Plan
from eagerloop.benchmarks.implementations import LIMIT


def test_samples_are_interleaved_and_take_turns_at_going_first(plan: Callable[..., Plan]) -> None:
    chosen = plan("switch", "queue", rounds=2, on=("eagerloop", "asyncio", LIMIT))
    steps = [(number, case.name, name) for number, case, name in chosen.steps()]
    assert steps == [
        (0, "switch", "eagerloop"),
        (0, "switch", "asyncio"),
        (0, "queue", "eagerloop"),
        (0, "queue", "asyncio"),
        (1, "switch", "asyncio"),
        (1, "switch", "eagerloop"),
        (1, "queue", "asyncio"),
        (1, "queue", "eagerloop"),
    ]


def test_the_limit_concerns_plain_echoes_only() -> None:
    assert harness.concerns(CASES["protocol/tcp/1k/100"], LIMIT)
    assert not harness.concerns(CASES["switch"], LIMIT)
    assert not harness.concerns(CASES["idle/lines"], LIMIT)


def test_an_eager_case_runs_eagerloop_eagerly_and_peers_as_they_are() -> None:
    assert harness.variant(CASES["light_eager"], "eagerloop") == "eagerloop+eager"
    assert harness.variant(CASES["light_eager"], "asyncio") == "asyncio"
    assert harness.variant(CASES["switch"], "eagerloop") == "eagerloop"


def test_a_task_sample_has_figures(plan: Callable[..., Plan]) -> None:
    chosen = plan("switch")
    sample = harness.take(chosen, chosen.cases[0], "asyncio", 0)
    assert sample.operations == 5000
    assert sample.figures["cpu_ns"] > 0
    assert sample.figures["wall_ns"] > 0
