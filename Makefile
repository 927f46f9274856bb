# Each target works as the first command in a fresh clone: it makes .venv-<version>, builds, runs.
# PYTHON=python3.13 chooses the interpreter, ARGS=... is handed to the command.
PYTHON ?= python3
ARGS ?=
IN = tools/venv.sh $(PYTHON)
BUILT = EAGERLOOP_BUILD=require $(IN)

.PHONY: help demo test pure bench bench-check choices results report lint types wheel docs conformance suites uvloop-suite soak fuzz sanitize clean dev compiled

help:         ; @grep -E '^[a-z-]+: .*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14  ## this list
dev:          ; @$(BUILT) dev  ## the virtual environment and an in-place build
demo:         ; @$(BUILT) demo python examples/demo.py $(ARGS)  ## the examples, and web servers under load on three loops
test:         ; @$(MAKE) -s compiled && EAGERLOOP_BUILD=require $(MAKE) -s pure  ## the whole suite compiled, then interpreted
compiled:     ; @$(BUILT) test python -m pytest $(ARGS)  ## the suite compiled only
pure:         ; @EAGERLOOP_PURE=1 $(IN) test python -m pytest $(ARGS)  ## the suite interpreted: no compiler needed
bench:        ; @$(BUILT) bench eagerloop bench $(ARGS)  ## against asyncio, uvloop and rloop
bench-check:  ; @EAGERLOOP_TOOLS=valgrind $(BUILT) bench python bench/check.py $(ARGS)  ## instructions per operation against their floors, two minutes
choices:      ; @EAGERLOOP_TOOLS="valgrind strace" $(BUILT) test python bench/choices.py $(ARGS)  ## what single design choices are worth, in instructions
results:      ; @$(BUILT) demo python bench/report.py --measure $(ARGS)  ## measures what manual and README speak of, for bench/results
report:       ; @$(IN) test python bench/report.py $(ARGS)  ## tables and charts of manual and README, from bench/results
lint:         ; @$(IN) dev tools/lint.sh  ## ruff's format and rules, cython-lint, the structure
types:        ; @$(IN) dev mypy  ## mypy strict on package, tests and tools
wheel:        ; @tools/wheel.sh $(PYTHON)  ## builds a wheel and tries it in an empty environment
docs:         ; @$(IN) docs env NO_MKDOCS_2_WARNING=1 mkdocs build --strict  ## the manual, into site/
conformance:  ; @$(BUILT) test python -m tests.conformance $(ARGS)  ## CPython's own asyncio tests on eagerloop
suites:       ; @$(BUILT) test python -m tests.suites $(ARGS)  ## anyio's and aiohttp's own tests on eagerloop
uvloop-suite: ; @$(BUILT) test python -m tests.uvloopsuite $(ARGS)  ## uvloop's own tests on eagerloop, ten minutes
soak:         ; @$(BUILT) test python -m tests.soak $(ARGS)  ## ten minutes of start, serve, stop, 500 rounds or more: flat memory
fuzz:         ; @EAGERLOOP_PURE=1 $(IN) fuzz python -m tests.fuzz $(ARGS)  ## what parses or buffers, a minute each, guided by coverage
sanitize:     ; @$(IN) test tools/sanitize.sh $(ARGS)  ## the suite under AddressSanitizer
clean:        ; @rm -rf build dist site reports .venv-* *.egg-info .*_cache .hypothesis && find . -name __pycache__ -prune -exec rm -rf {} + && find eagerloop -name '*.so' -delete  ## everything that is made
