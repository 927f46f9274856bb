from __future__ import annotations

from eagerloop.benchmarks import net
from eagerloop.benchmarks.servers import SERVERS


def test_the_grid_is_whole() -> None:
    names = {case.name for case in net.CASES}
    assert len(names) == len(net.CASES)
    for server in net.FRAMINGS:
        for family in ("tcp", "unix"):
            for size in net.SIZES:
                for connections in net.CONNECTIONS:
                    assert f"{server}/{family}/{size}/{connections}" in names


def test_the_usual_ones_exist() -> None:
    assert {case.name for case in net.CASES} >= net.USUAL


def test_every_server_is_there() -> None:
    assert {case.server for case in net.CASES} <= set(SERVERS)
