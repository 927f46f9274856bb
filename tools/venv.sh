#!/usr/bin/env bash
# Runs a command in this folder's virtual environment for one Python, made and brought up to date
# first, with the package built in place (EAGERLOOP_BUILD as in setup.py). EAGERLOOP_TOOLS names programs
# that the command calls.
#
#   tools/venv.sh PYTHON EXTRA[,EXTRA...] [COMMAND [ARG ...]]
#   e.g. tools/venv.sh python3.13 test python -m pytest tests/core
#
# What Debian splits off from Python, the C compiler and those programs are installed by apt if they are
# missing and this user may; a machine without apt gets one line that says what to install.
set -euo pipefail
cd "$(dirname "$0")/.."
fail() { echo "eagerloop: $*" >&2; exit 2; }

python=$(tools/find-python.sh "$1") || fail "there is no $1 here; choose one: make ... PYTHON=python3.11"
extras=$2
shift 2
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
case $version in
  3.11 | 3.12 | 3.13 | 3.14 | 3.15) ;;
  *) fail "$python is Python $version; eagerloop runs on 3.11 to 3.15" ;;
esac
venv=$PWD/.venv-$version
mkdir -p build
exec {lock}>"build/venv-$version.lock"
flock "$lock" # `make -j lint types`: one of the two prepares, the other waits

missing=()
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=("python$version-venv")
if [[ ${EAGERLOOP_BUILD:-} == require ]]; then # else setup.py falls back, and says so
  command -v "${CC:-cc}" >/dev/null || missing+=(gcc libc6-dev)
  header=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include") + "/Python.h")')
  [[ -e $header ]] || missing+=("python$version-dev" libc6-dev)
fi
for tool in ${EAGERLOOP_TOOLS:-}; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
if [[ ${#missing[@]} -gt 0 ]]; then
  sudo=
  [[ $EUID -eq 0 ]] || sudo="sudo -n"
  echo "eagerloop: installing ${missing[*]}" >&2
  { command -v apt-get && {
      $sudo apt-get update || echo "no new lists of packages: the old ones may do"
    } && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y --no-install-recommends "${missing[@]}"
  } >build/apt.log 2>&1 || {
    tail -n 20 build/apt.log >&2
    fail "apt did not (see build/apt.log): please install ${missing[*]}"
  }
fi

if [[ ! -x $venv/bin/pip ]]; then
  echo "eagerloop: making ${venv##*/} with $("$python" --version)" >&2
  "$python" -m venv --clear "$venv"
  "$venv/bin/pip" install -qq --upgrade pip
fi
if [[ ! $venv/.build-tools -nt pyproject.toml ]]; then
  "$venv/bin/pip" install -qq 'setuptools>=77' 'Cython>=3.3'
  touch "$venv/.build-tools"
fi
alone() { flock build/cython.lock "$@"; } # the generated C is every Python's, and written in place
alone "$venv/bin/python" setup.py -q build_ext --inplace >&2
if [[ ! $venv/.has-$extras -nt pyproject.toml ]]; then
  echo "eagerloop: installing for $extras into ${venv##*/}" >&2
  alone "$venv/bin/pip" install -qq --no-build-isolation -e ".[$extras]"
  touch "$venv/.has-$extras"
fi
[[ $extras != test ]] || tools/peers.sh "$venv/bin/python"

flock -u "$lock"
exec {lock}>&-
[[ $# -gt 0 ]] || exit 0
export PATH=$venv/bin:$PATH VIRTUAL_ENV=$venv
exec "$@"
