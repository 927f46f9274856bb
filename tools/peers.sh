#!/usr/bin/env bash
# Brings the programs that tests/peers/ talk to, for a machine that lacks them: curl, openssl, nginx,
# PostgreSQL and Redis from Debian, their clients and aiodns from PyPI into the virtual environment.
#
#   tools/peers.sh PYTHON-OF-THE-VENV
#
# Nothing is installed, started or configured: Debian's packages are unpacked under build/peers/, for
# which any user's rights do. What cannot be had is told in a line, and its tests skip.
set -uo pipefail
cd "$(dirname "$0")/.."
python=$1
CLIENTS=('aiodns>=3.5' 'asyncpg>=0.30' 'psycopg[binary]>=3.2' 'redis>=5')

stamp=$(dirname "$python")/../.has-peers
if [[ ! $stamp -nt tools/peers.sh ]]; then
  for client in "${CLIENTS[@]}"; do
    "$python" -m pip install -qq --only-binary :all: "$client" 2>build/peers-pip.log ||
      echo "eagerloop: no wheel of $client for this Python; its tests skip (build/peers-pip.log)" >&2
  done
  touch "$stamp"
fi

release=$(. /etc/os-release 2>/dev/null && echo "${ID:-linux}-${VERSION_CODENAME:-}")
root=build/peers/$release # one for each distribution: a clone may be used from several
[[ $root/.ready -nt tools/peers.sh ]] && exit 0
missing=()
# beside the checked programs' own places: Debian keeps these two off a user's PATH
export PATH=$PATH:/usr/sbin:/usr/local/sbin
command -v curl >/dev/null || missing+=(curl)
command -v openssl >/dev/null || missing+=(openssl)
command -v nginx >/dev/null || missing+=(nginx-light)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v postgres >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null ||
  missing+=(postgresql)

fetch() { # fetch PACKAGE...: unpacks them and what they need beside what the system has
  local work=$PWD/$root/apt
  mkdir -p "$work/lists/partial" "$work/archives/partial"
  local options=(-q -y -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work"
    -o "Dir::Cache::archives=$work/archives" -o Debug::NoLocking=1 -o Acquire::Languages=none
    -o APT::Sandbox::User= -o Acquire::http::Timeout=20 -o Acquire::Retries=1
    -o Acquire::Check-Valid-Until=false) # a frozen mirror will do
  apt-get "${options[@]}" update &&
    apt-get "${options[@]}" --no-install-recommends --download-only install "$@" || return 1
  for package in "$work"/archives/*.deb; do
    dpkg-deb -x "$package" "$root" || return 1
  done
  rm -rf "$work"
}

mkdir -p "$root"
if [[ ${#missing[@]} -gt 0 ]]; then
  echo "eagerloop: fetching ${missing[*]} for tests/peers/" >&2
  if ! { command -v apt-get >/dev/null && fetch "${missing[@]}"; } >build/peers-apt.log 2>&1; then
    echo "eagerloop: apt did not (build/peers-apt.log); the tests of ${missing[*]} skip" >&2
    exit 0 # and the next run tries again
  fi
fi
touch "$root/.ready"
