#!/usr/bin/env bash
# Everything that is checked without running the package; all of it, then the verdict.
set -uo pipefail
cd "$(dirname "$0")/.."
verdict=0
ruff format --check --diff || verdict=1
ruff check || verdict=1
cython-lint $(find eagerloop -name '*.pxd' | sort) || verdict=1
python -m tools.mirror || verdict=1
python -m tools.layers || verdict=1
exit $verdict
