"""CPython's own asyncio suite against eagerloop: ``python -m tests.conformance``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.conformance import exclusions, report, runner

MODES = ("loop", "package")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance",
        description="Runs the running Python's test.test_asyncio against eagerloop.",
    )
    add = parser.add_argument
    add("--mode", choices=[*MODES, "both"], default="both", help="whose package (default: both)")
    add("--module", nargs="+", metavar="NAME", help="only these modules, e.g. test_tasks")
    add("--test", nargs="+", default=[], metavar="ID", help="only these, e.g. test_tasks.*.test_x")
    add("--jobs", type=int, default=2, help="modules at a time (default: 2)")
    add("--json", type=Path, metavar="FILE", help="write the report there")
    add("--pure", action="store_true", help="with EAGERLOOP_PURE=1")
    add("--retries", type=int, default=1, help="a failed test again, alone (default: once)")
    add("--test-seconds", type=float, default=120.0, help="limit of one test (default: 120)")
    add("--module-seconds", type=float, default=1800.0, help="limit of a module (default: 1800)")
    add("--suite", type=Path, metavar="DIR", help="another Python's folder test/test_asyncio")
    add("--target", default="eagerloop", help="'stdlib' checks the runner itself")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--all", action="store_true", help="leave nothing out, replace no TestLoop")
    what.add_argument("--excluded", action="store_true", help="run just what is left out")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    names = options.module or sorted({test.partition(".")[0] for test in options.test})
    suite = options.suite or runner.own_suite()
    names = names or runner.modules(suite)
    exclude = "nothing" if options.all else "others" if options.excluded else "listed"
    results: dict[str, Sequence[runner.ModuleReport]] = {}
    trouble = False
    for mode in MODES if options.mode == "both" else (options.mode,):
        plan = runner.Plan(
            target=options.target,
            mode=mode,
            exclude=exclude,
            suite=suite,
            test_seconds=options.test_seconds,
            module_seconds=options.module_seconds,
            pure=options.pure,
            only=tuple(options.test),
        )
        reports = runner.run(plan, names, jobs=options.jobs, retries=options.retries)
        results[mode] = reports
        report.print_mode(f"{mode} mode", reports)
        trouble |= any(each.failed() for each in reports)
        if not options.all:
            rules = exclusions.load(mode, version=runner.version(suite))
            report.print_exclusions(mode, rules, reports)
            for pattern in report.stale(rules, reports):
                print(f"exclusions.toml: names no test in {mode} mode: {pattern}")
                trouble = True
    if options.json is not None:
        report.write(options.json, results)
    return int(trouble)


if __name__ == "__main__":
    sys.exit(main())
