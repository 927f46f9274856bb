#!/usr/bin/env bash
# Builds sdist and wheel into dist/ and tries the wheel as a user would: in an empty environment, in
# an empty folder, away from these sources.
#
#   tools/wheel.sh PYTHON
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
export EAGERLOOP_BUILD=require
tools/venv.sh "$1" test
version=$(tools/venv.sh "$1" test python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
build=$root/.venv-$version/bin/python

echo "1. the source distribution, and from it the wheel (compiles everything once more)"
"$build" -c 'from setuptools import build_meta as b; b.build_sdist("dist")' >build/sdist.log 2>&1 ||
  { cat build/sdist.log; exit 1; }
sdist=$(ls -t dist/eagerloop-*.tar.gz | head -n 1)
"$build" -m pip wheel -qq --no-deps --no-build-isolation -w dist "$sdist"
wheel=$(ls -t dist/eagerloop-*-cp"${version/./}"-*.whl | head -n 1)

echo "2. what $wheel has and has not"
"$build" -m tools.contents "$wheel"

echo "3. in an empty environment"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$build" -m venv "$place/venv"
"$place/venv/bin/pip" install -qq "$wheel"
cp -r examples "$place/examples"
cd "$place"
export PATH=$place/venv/bin:$PATH
eagerloop info
EAGERLOOP_PURE=1 eagerloop info | grep -i interpreted
for program in examples/*.py; do
  [[ $program == */demo.py || $program == */web_*.py ]] && continue # need more than the wheel
  echo "--- eagerloop run $program"
  timeout 300 eagerloop run "$program"
done
echo "the wheel works: $wheel"
