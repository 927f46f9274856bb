"""Rules that keep two files, or two rooms, in step; and that their checks see a breach."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

import pytest

from eagerloop import _build, _pure
from tools import contents, layers, mirror, pairs


def test_what_is_written_twice_agrees() -> None:
    assert mirror.problems() == []


def test_imports_point_down() -> None:
    assert layers.problems() == []


@pytest.mark.skipif(not _build.extensions(), reason="nothing is compiled here")
def test_what_has_a_layout_is_compiled() -> None:
    assert sorted(_build.extensions()) == sorted(pair.name for pair in pairs.pairs())
    assert _build.compiled() != _pure.wanted()


LAYOUT = """
from . cimport other

cdef class Heap:
    # grows
    cdef readonly Py_ssize_t size, limit
    cdef object[16] nodes
    cdef object __weakref__

    cdef int push(self, object item) except -1

cdef int helper(object x)
"""
SOURCE = """
from __future__ import annotations

class Heap:
    __slots__ = ("size", "limit", "nodes", "__weakref__")

    def __init__(self):
        self.size, self.limit = 0, 1
        self.clear()

    def clear(self):
        self.nodes = []
"""


def test_a_class_and_its_layout_agree() -> None:
    assert list(mirror.disagreements(SOURCE, LAYOUT)) == []
    assert list(mirror.foreign(SOURCE)) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('"size", "limit"', '"limit", "size"', "Heap.__slots__ is"),
        ('"nodes", ', "", "Heap.__slots__ is"),
        ("self.nodes = []", "pass", "Heap: __init__ does not set nodes"),
        ("class Heap", "class Ring", "Heap is a class in the .pxd only"),
    ],
)
def test_a_disagreement_is_seen(old: str, new: str, complaint: str) -> None:
    (line,) = mirror.disagreements(SOURCE.replace(old, new), LAYOUT)
    assert line.startswith(complaint)


def test_a_factory_counts_where_there_is_no_init() -> None:
    source = textwrap.dedent("""
        class Wait:
            __slots__ = ("value", "waiter")

        def waiting():
            made = Wait.__new__(Wait)
            made.value = None
            return made
    """)
    layout = "cdef class Wait:\n    cdef object value, waiter\n"
    assert list(mirror.disagreements(source, layout)) == ["Wait: a factory does not set waiter"]


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("async def f(): pass", "async def f"),
        ("def f():\n    class Inner: pass", "class Inner"),
        ("import cython", "import cython"),
        ("from cython.cimports.libc import math", "import cython"),
    ],
)
def test_what_cython_treats_otherwise_is_seen(code: str, complaint: str) -> None:
    (line,) = mirror.foreign("from __future__ import annotations\n" + code)
    assert complaint in line


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small package in the place of ours."""
    made = tmp_path / "eagerloop"
    for room in ("core", "cli", "tasks"):
        (made / room).mkdir(parents=True)
    for tool in (contents, layers, mirror, pairs):
        monkeypatch.setattr(tool, "PACKAGE", made)
        monkeypatch.setattr(tool, "ROOT", tmp_path)
    return made


@pytest.mark.parametrize(
    ("place", "code", "seen"),
    [
        ("core/sample.py", "from ..tasks import groups", "tasks"),
        ("core/sample.py", "import eagerloop.cli", "cli"),
        ("core/sample.py", "def f():\n    from .. import run", "__init__"),
        ("core/sample.pxd", "from ..tasks.groups cimport Group", "tasks"),
        ("tasks/sample.py", "from .. import cli", "cli"),
    ],
)
def test_an_import_that_points_up_is_seen(package: Path, place: str, code: str, seen: str) -> None:
    (package / "tasks" / "groups.pxd").touch()
    (package / place).write_text(code)
    (line,) = layers.problems()
    assert line.startswith(f"eagerloop/{place}:")
    assert f"imports {seen}, which is not below it" in line


@pytest.mark.parametrize(
    "code",
    [
        "from ..core import sample",
        "import asyncio",
        "from . import groups",
        "if TYPE_CHECKING:\n    from .. import cli",
    ],
)
def test_an_import_that_points_down_is_let_be(package: Path, code: str) -> None:
    (package / "tasks" / "sample.py").write_text(code)
    assert layers.problems() == []


def test_a_library_older_than_what_it_is_made_from_is_named(package: Path) -> None:
    core = package / "core"
    (core / "a.py").touch()
    (core / "a.pxd").write_text("from .b cimport B")
    (core / "b.pxd").touch()
    (pair,) = pairs.pairs()
    pair.library.touch()
    for path in core.iterdir():
        os.utime(path, (1000, 1000))
    assert pairs.stale() == []
    os.utime(core / "b.pxd", (2000, 2000))
    assert pairs.stale() == [
        f"eagerloop/core/{pair.library.name} is older than eagerloop/core/b.pxd"
    ]


def test_half_a_build_is_seen(package: Path) -> None:
    for name in ("a.py", "a.pxd", "b.py", "b.pxd"):
        (package / "core" / name).touch()
    assert pairs.half_built() == []
    pairs.pairs()[0].library.touch()
    assert pairs.half_built() == ["eagerloop.core.b"]


def test_a_source_without_a_test_is_named(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "TESTS", package.parent / "tests")
    (package / "core" / "sample.py").write_text("def f(): pass")
    (package / "core" / "names.py").write_text("from .sample import f")
    (line,) = mirror.unmirrored()
    assert line == "eagerloop/core/sample.py: tests/core/test_sample.py is missing"
    (mirror.TESTS / "core").mkdir(parents=True)
    (mirror.TESTS / "core" / "test_sample.py").touch()
    (mirror.TESTS / "core" / "test_gone.py").touch()
    (line,) = mirror.unmirrored()
    assert line == "tests/core/test_gone.py: there is no eagerloop/core/gone.py"


def test_a_wheel_with_too_much_or_too_little_is_seen(package: Path) -> None:
    (package / "core" / "a.py").touch()
    (package / "core" / "a.pxd").touch()
    library = f"eagerloop/core/{pairs.pairs()[0].library.name}"
    whole = ["eagerloop-0.dist-info/RECORD", "eagerloop/core/a.py", library]
    assert contents.problems(whole) == []
    assert contents.problems([*whole[:2], "eagerloop/core/a.c"]) == [
        f"{library} is missing",
        "eagerloop/core/a.c does not belong there",
    ]
