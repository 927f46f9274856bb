#!/usr/bin/env bash
# Prints the path of the interpreter that NAME means (python3.13, a path): PATH's, or pyenv's where
# its shim is on PATH but switched off. Exit code 1 if there is none.
set -uo pipefail
name=$1
found=$("$name" -c 'import sys; print(sys.executable)' 2>/dev/null) && echo "$found" && exit
command -v pyenv >/dev/null || exit 1
version=$(pyenv latest "${name#python}" 2>/dev/null) && PYENV_VERSION=$version pyenv which "$name" 2>/dev/null
