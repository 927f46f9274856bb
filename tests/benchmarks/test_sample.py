from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from eagerloop.benchmarks.interpreter import SAMPLE


def take(**request: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", str(SAMPLE), json.dumps(request)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_sample_is_one_json_line() -> None:
    done = take(implementation="asyncio", case="queue", operations=1000)
    figures = json.loads(done.stdout)
    assert figures["operations"] == 1000
    assert figures["cpu_ns"] > 0
    assert (done.returncode, done.stderr) == (0, "")


def test_a_peers_process_never_imports_eagerloop() -> None:
    code = (
        "import runpy, sys; sys.argv[1:] = [sys.argv[2]]; runpy.run_path(sys.argv[0]); import sys;"
    )
    request = json.dumps({"implementation": "asyncio", "case": "switch", "operations": 1000})
    code = (
        f"import runpy, sys; sys.argv[:] = [{str(SAMPLE)!r}, {request!r}];"
        f"runpy.run_path({str(SAMPLE)!r}, run_name='__main__');"
        "assert not any(n.split('.')[0] == 'eagerloop' for n in sys.modules), 'imported'"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


def test_probing_tells_what_is_there() -> None:
    found = json.loads(take(probe=["asyncio", "trio"]).stdout)
    assert found["python"] == sys.version
    assert found["implementations"]["asyncio"]["compiled"] is None
    assert "no implementation" in found["implementations"]["trio"]["missing"]


def test_a_missing_implementation_is_one_line() -> None:
    done = take(implementation="trio", case="switch")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
