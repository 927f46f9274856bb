"""What two files say of one thing must agree: prints each place where they do not, and fails.

- `.py` and `.pxd` of a compiled class: the same fields in the same order, each of them set by
  `__init__`, or by the factory of a class that has none;
- a compiled file has only what Cython compiles to the interpreter's behaviour;
- source and test: `eagerloop/core/future.py` is tested by `tests/core/test_future.py`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from .pairs import PACKAGE, ROOT, Pair, pairs

TESTS = ROOT / "tests"
LONGEST = 500  # lines of a file
IMPLICIT = {"__weakref__", "__dict__"}  # slots that the interpreter fills
STRUCT = re.compile(r"^    cdef (?:\w+\.)?el_\w+ (\w+)", re.MULTILINE)  # fields that only C can set
UNMIRRORED = {  # sources whose test has another name, and where it is
    "_build.py": "tests/test_pure.py, tests/test_build.py",
    "_cython.py": "every interpreted run",
    "core/kernel.py": "every interpreted run; the clock in tests/core/test_runtime.py",
}
CLASS = re.compile(r"^cdef class (\w+)")
FIELD = re.compile(r"^    cdef (?:public |readonly )?([^()=]+)$")
ARRAY = re.compile(r"\[[^]]*\]")


def fields(layout: str) -> dict[str, list[str]]:
    """Class -> its fields in the text of a `.pxd`, in their order."""
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in layout.splitlines():
        line = line.partition("#")[0].rstrip()
        if match := CLASS.match(line):
            names = found.setdefault(match[1], [])
        elif line and not line.startswith(" "):
            names = []  # outside any class
        elif match := FIELD.match(line):
            parts = ARRAY.sub(" ", match[1]).split(",")
            names += [re.findall(r"\w+", part)[-1] for part in parts]
    return found


Functions = dict[str, ast.FunctionDef]


def functions(body: list[ast.stmt]) -> Functions:
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef)}


def given(
    function: ast.FunctionDef, owner: str, methods: Functions, helpers: Functions
) -> set[str]:
    """The attributes of the variable `owner` set by `function` and by whom it hands `owner` to."""
    found: set[str] = set()
    seen: set[str] = set()
    left = [(function, owner)]
    while left:
        function, owner = left.pop()
        if function.name in seen:
            continue
        seen.add(function.name)
        for node in ast.walk(function):
            match node:
                case ast.Attribute(ast.Name(name), attribute, ast.Store()) if name == owner:
                    found.add(attribute)
                case ast.Call(ast.Attribute(ast.Name(name), method)) if name == owner:
                    if method in methods:
                        left.append((methods[method], "self"))
                case ast.Call(ast.Name(helper), [ast.Name(name), *_]) if name == owner:
                    if helper in helpers:
                        left.append((helpers[helper], helpers[helper].args.args[0].arg))
    return found


def set_by_factory(cls: str, methods: Functions, helpers: Functions) -> set[str]:
    """What is set on the object by each function that makes one: `x = cls.__new__(cls)`, or by `runtime.new`."""
    found: set[str] = set()
    for function in helpers.values():
        made = rf"(\w+)(?:: \w+)? = (?:{cls}\.__new__|runtime\.new|runtime\.new_untracked)\({cls}\)"
        for owner in re.findall(made, ast.unparse(function)):
            found |= given(function, owner, methods, helpers)
    return found


def slots(cls: ast.ClassDef) -> list[str] | None:
    for node in cls.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__slots__":
            value = ast.literal_eval(node.value)
            return [value] if isinstance(value, str) else list(value)
    return None


def disagreements(source: str, layout: str) -> Iterator[str]:
    """Where a module's classes and those of its `.pxd` differ."""
    module = ast.parse(source)
    structs = set(STRUCT.findall(layout))
    classes = {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}
    for name, laid_out in fields(layout).items():
        if name not in classes:
            yield f"{name} is a class in the .pxd only"
            continue
        declared = slots(classes[name])
        if declared != laid_out:
            yield f"{name}.__slots__ is {declared}, the .pxd has {laid_out}"
            continue
        methods, helpers = functions(classes[name].body), functions(module.body)
        if "__init__" in methods:
            where, found = "__init__", given(methods["__init__"], "self", methods, helpers)
        else:
            where, found = "a factory", set_by_factory(name, methods, helpers)
        unset = [slot for slot in laid_out if slot not in found | IMPLICIT | structs]
        if unset:
            yield f"{name}: {where} does not set {', '.join(unset)}"


def foreign(source: str) -> Iterator[str]:
    """What a compiled file may not contain, for it would behave differently or not compile."""
    module = ast.parse(source)
    if "from __future__ import annotations" not in source:
        yield "lacks `from __future__ import annotations`"
    guarded = {
        id(inner)
        for node in module.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.AsyncFunctionDef):
            yield f"line {node.lineno}: async def {node.name} is no coroutine function compiled"
        elif isinstance(node, ast.ClassDef) and node not in module.body:
            yield f"line {node.lineno}: class {node.name} is not at the top of the module"
        elif isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in guarded:
            names = {alias.name.partition(".")[0] for alias in node.names}
            module_name = getattr(node, "module", None) or ""
            if module_name.partition(".")[0] == "cython" or (
                "cython" in names and isinstance(node, ast.Import)
            ):
                yield f"line {node.lineno}: import cython outside `if TYPE_CHECKING:`"


def needs_no_test(source: Path) -> bool:
    """A façade: a module that defines nothing, only names what others define."""
    tree = ast.parse(source.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return not any(isinstance(node, kinds) for node in ast.walk(tree))


def unmirrored() -> Iterator[str]:
    """Sources without their test, and tests without their source."""
    sources = {path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")}
    for source in sorted(sources):
        test = TESTS / source.with_name(f"test_{source.name.lstrip('_')}")
        if source.name == "__init__.py":
            test = TESTS / source.parent / f"test_{source.parent.name or PACKAGE.name}.py"
        exempt = str(source) in UNMIRRORED or needs_no_test(PACKAGE / source)
        if not test.exists() and not exempt:
            yield f"eagerloop/{source}: {test.relative_to(ROOT)} is missing"
    rooms = {source.parent for source in sources} - {Path()}
    for test in sorted(TESTS.rglob("test_*.py")):
        place = test.relative_to(TESTS)
        source = place.with_name(place.name.removeprefix("test_"))
        if place.parent in rooms and source not in sources and source.stem != place.parent.name:
            yield f"tests/{place}: there is no eagerloop/{source}"


def too_long() -> Iterator[str]:
    for path in sorted([*PACKAGE.rglob("*.p*"), *TESTS.rglob("*.py"), *ROOT.glob("tools/*.py")]):
        if path.suffix in {".py", ".pxd", ".pyi"}:
            lines = path.read_text().count("\n")
            if lines > LONGEST:
                place = path.relative_to(ROOT)
                yield f"{place}: {lines} lines, at most {LONGEST}: split by concept"


def compiled_problems(pair: Pair) -> list[str]:
    source, layout = pair.source.read_text(), pair.layout.read_text()
    found = [*disagreements(source, layout), *foreign(source)]
    return [f"{pair.source.relative_to(ROOT)}: {line}" for line in found]


def problems() -> list[str]:
    found = [line for pair in pairs() for line in compiled_problems(pair)]
    return [*found, *unmirrored(), *too_long()]


if __name__ == "__main__":
    lines = problems()
    print(*lines, sep="\n", end="\n" if lines else "")
    sys.exit(bool(lines))
