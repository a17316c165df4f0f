"""Imports only go down: frontend, runtime, compiler, codegen, passes beside ops, ir."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FLOORS = ("ir", "ops", "passes", "codegen", "compiler", "runtime", "frontend")
BESIDE = {"passes": "ops", "codegen": "ops"}  # what a floor does without, though it is below
ROOT = Path(__file__).resolve().parents[1]


def imported_modules(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported anywhere in a file, also inside functions."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=module, level=0, names=names):
                yield from ((node.lineno, f"{module}.{alias.name}") for alias in names)


def imports_upwards(source: str, folder: str) -> list[str]:
    """`line: module` of each import in `source`, a file of `folder`, from the floors above it.

    The root package counts as above all, because importing it loads the frontend.
    """
    allowed = [f for f in FLOORS[: FLOORS.index(folder) + 1] if f != BESIDE.get(folder)]
    return [
        f"{line}: {name}"
        for line, name in imported_modules(ast.parse(source))
        if name.split(".")[0] == "flowc" and name.split(".")[1:2] not in [[f] for f in allowed]
    ]


@pytest.mark.parametrize("folder", FLOORS)
def test_imports_only_go_down(folder: str) -> None:
    upwards = [
        f"{path.relative_to(ROOT)}:{found}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for found in imports_upwards(path.read_text(), folder)
    ]
    assert not upwards


def in_circles(imports: dict[str, set[str]]) -> set[str]:
    """The modules that import each other, and those that import them; `imports` is by module."""
    left = dict(imports)
    while free := {name for name, found in left.items() if not (found - {name}) & left.keys()}:
        left = {name: found for name, found in left.items() if name not in free}
    return set(left)


@pytest.mark.parametrize("folder", ["runtime", "compiler"])
def test_modules_do_not_import_each_other(folder: str) -> None:
    imports = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        if path.name != "__init__.py":
            names = {name for _, name in imported_modules(ast.parse(path.read_text()))}
            module = ".".join(("flowc", *path.relative_to(ROOT).with_suffix("").parts))
            imports[module] = names | {name.rpartition(".")[0] for name in names}
    assert not in_circles(imports)


def test_the_check_for_circles() -> None:
    imports = {"a": {"b"}, "b": {"c"}, "c": set[str](), "d": {"e"}, "e": {"d"}, "f": {"f", "a"}}
    assert in_circles(imports) == {"d", "e"}


@pytest.mark.parametrize("folder", FLOORS)
def test_package_links_to_the_folder(folder: str) -> None:
    assert (ROOT / "src" / "flowc" / folder).readlink() == Path("../..") / folder


@pytest.mark.parametrize(
    ("folder", "source", "upwards"),
    [
        ("passes", "from flowc.ir import printer", []),
        ("passes", "import flowc.passes.cse", []),
        ("passes", "import flowc.codegen", ["1: flowc.codegen"]),
        ("passes", "from flowc.ops import lookup", ["1: flowc.ops.lookup"]),
        ("ir", "from flowc.ops import lookup", ["1: flowc.ops.lookup"]),
        ("ir", "def f():\n  from flowc import runtime", ["2: flowc.runtime"]),
        ("runtime", "import flowc", ["1: flowc"]),
        ("runtime", "import irrelevant, flowcharts", []),
    ],
)
def test_the_check_itself(folder: str, source: str, upwards: list[str]) -> None:
    assert imports_upwards(source, folder) == upwards
