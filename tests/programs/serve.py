"""Serves one of the example applications, and tells at the end what it left behind.

    python serve.py LOOP SCRIPT PORT

The script runs as `__main__` and ends by SIGTERM, as under any process manager. Then one line of
JSON: {"descriptors": [...]} with what is open now and was not before. Whatever goes wrong on the
way (warnings, exceptions nobody retrieved, pending tasks) is on stderr, which has to stay empty.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import signal
import sys
import warnings


def descriptors() -> dict[str, str]:
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue  # the descriptor of this very listing
    return found


def main() -> None:
    loop, script, port = sys.argv[1:]
    warnings.simplefilter("always", ResourceWarning)
    # uvicorn raises the signal again when it has stopped; the report comes after that.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    if loop == "eagerloop":
        import eagerloop

        eagerloop.install()
    before = descriptors()
    sys.argv = [script, port]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit:
        pass  # both servers may end so
    gc.collect()
    left = {name: what for name, what in descriptors().items() if before.get(name) != what}
    print(json.dumps({"descriptors": sorted(left.values())}), flush=True)


if __name__ == "__main__":
    main()
