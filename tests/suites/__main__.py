"""Other projects' own tests on eagerloop: ``python -m tests.suites [anyio] [aiohttp]``.

A test that fails here runs again alone, then on the stdlib's asyncio: it counts if only ours fails.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence

from tests.suites import environment, known
from tests.suites.environment import SUITES, Suite
from tests.suites.runs import Results, Way, run

ROW = "{:<10}{:<16}{:>8}{:>8}{:>9}{:>8}{:>9}{:>9}"
WAYS = ("loop", "loop-eager", "replace", "replace-eager")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.suites", description=__doc__)
    add = parser.add_argument
    add("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)} (default: all)")
    add("--ways", default=",".join(WAYS), help=f"of {', '.join(WAYS)}, install, stdlib...")
    add("--jobs", type=int, default=2, help="processes, where the suite allows it (default: 2)")
    add("--test", nargs="+", default=[], metavar="ID", help="only these, as pytest names them")
    options = parser.parse_args(arguments)
    unknown = set(options.suites) - set(SUITES)
    if unknown:
        parser.error(f"no such suite: {', '.join(sorted(unknown))}; choose of {', '.join(SUITES)}")
    return options


class Comparison:
    """One suite in one way, beside the stdlib's asyncio."""

    def __init__(self, suite: Suite, way: Way, jobs: int) -> None:
        self.suite = suite
        self.way = way
        self._jobs = jobs
        self._python, self._source = environment.prepare(suite)
        self.results = Results()
        self.retried: list[str] = []  # failed in the whole run, passed when run again alone
        self.shared: list[str] = []  # the stdlib's asyncio fails too
        self.known: dict[str, str] = {}  # test -> why it may
        self.ours: list[str] = []

    def make(self, tests: Sequence[str]) -> None:
        self.results = self._run(self.way, self._jobs, tests)
        failed = self.results.failed()
        if not failed:
            return
        again = self._run(self.way, 1, failed)
        self.retried = [test for test in failed if again.outcomes.get(test) == "passed"]
        left = [test for test in failed if test not in self.retried]
        self.results.details.update(again.details)
        theirs = self._run(self.way.baseline(), 1, left) if left else Results()
        for test in left:
            reason = known.why(self.suite.name, str(self.way), test)
            if theirs.outcomes.get(test) == "failed":
                self.shared.append(test)
            elif reason is not None:
                self.known[test] = reason
            else:
                self.ours.append(test)

    def _run(self, way: Way, jobs: int, tests: Sequence[str]) -> Results:
        jobs = jobs if self.suite.parallel else 1
        return run(self.suite, self._python, self._source, way, jobs=jobs, tests=tests)

    def print(self) -> None:
        count = self.results.count()
        print(
            ROW.format(
                self.suite.name,
                str(self.way),
                count["passed"] + len(self.retried),
                count["skipped"],
                len(self.shared),
                len(self.known),
                len(self.ours),
                f"{self.results.seconds:.0f}",
            )
        )
        for test in self.retried:
            print(f"  passed only when run again alone: {test}")
        places = Counter(test.rpartition("::")[0] for test in self.shared)
        for place, times in places.items():
            print(f"  fail on the stdlib's asyncio too: {times} of {place}")
        for test, reason in self.known.items():
            print(f"  may fail: {test}: {reason}")
        for test in self.ours:
            print(f"\nFAILED HERE ONLY {test}\n{self.results.details[test].rstrip()}\n")
        sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    ways = [Way.parse(text) for text in options.ways.split(",")]
    trouble = False
    heads = ("passed", "skipped", "theirs", "known", "ours", "seconds")
    print(ROW.format(f"on {environment.VERSION}", "way", *heads), flush=True)
    for name in options.suites or SUITES:
        for way in ways:
            comparison = Comparison(SUITES[name], way, options.jobs)
            comparison.make(options.test)
            comparison.print()
            trouble |= bool(comparison.ours)
    return int(trouble)


if __name__ == "__main__":
    sys.exit(main())
