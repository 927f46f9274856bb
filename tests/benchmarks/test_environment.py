from __future__ import annotations

import datetime
import json

from eagerloop.benchmarks import environment


def test_the_machine_is_described() -> None:
    facts = environment.describe()
    assert json.loads(json.dumps(facts)) == facts
    assert facts["cores"] >= 1
    assert facts["processor"]
    when = datetime.datetime.fromisoformat(facts["when"])
    assert abs(datetime.datetime.now(datetime.UTC) - when) < datetime.timedelta(minutes=1)
