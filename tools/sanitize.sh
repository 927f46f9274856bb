#!/usr/bin/env bash
# Builds the extensions with AddressSanitizer in a copy of the tree and runs the suite on them:
# a read after free or past an end in compiled code stops the run with both stacks.
#
#   tools/sanitize.sh [PYTEST ARG ...]      inside the virtual environment (make sanitize)
#
# Leaks are not looked for (the interpreter keeps much until it exits); Python's own allocator is
# switched off, since it hands out pieces of blocks that the sanitizer sees as one. What measures
# is left out: valgrind and the sanitizer do not go together, and times mean nothing here. Descriptor 2
# is not captured: a report would be lost with the process.
set -euo pipefail
cd "$(dirname "$0")/.."
copy=$PWD/build/sanitize-$(python -c 'import sys; print(sys.implementation.cache_tag)')
read -ra compiler <<<"${CC:-cc}" # as in CC="ccache gcc"
library=$("${compiler[@]}" -print-file-name=libasan.so)
[[ $library == /* ]] || { echo "eagerloop: ${compiler[*]} has no libasan.so; Debian: libasan8" >&2; exit 2; }

mkdir -p "$copy"
tar -c --exclude='./build' --exclude='./.[!.]*' --exclude='*.so' --exclude=__pycache__ . |
  tar -x -C "$copy"
cd "$copy"
export PYTHONPATH=$copy
EAGERLOOP_BUILD=require EAGERLOOP_CFLAGS="-O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer" \
  python setup.py -q build_ext --inplace

export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 PYTHONMALLOC=malloc LD_PRELOAD=$library
exec python -m pytest -p no:cacheprovider --capture=sys -o faulthandler_timeout=600 --ignore tests/benchmarks --ignore tests/cli/test_bench.py "$@"
