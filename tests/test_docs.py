"""What the documentation lists is what there is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flowc.ops.families import INDEX, index
from flowc.ops.registry import OPS, OpDefinition
from tests.golden import Golden

DOCS = Path(__file__).parents[1] / "docs"
GRADIENTS = {"yes": "yes", "no": "none", "unregistered": ""}


def _where(definition: OpDefinition) -> str:
    if definition.lower is None:
        return "host"
    return "compiled" if definition.host is None else "compiled, or on the host"


def _table() -> str:
    lines = [
        "# The op set",
        "",
        "Every op of the graph level, where it runs, and its gradient: `yes`, `none` (gradients",
        "stop here) or nothing (asking for it is a LookupError). This page is written by",
        "`pytest tests/test_docs.py --bless`.",
        "",
        "An op that is compiled or on the host runs there for strings, and for lists of tensors of",
        "unlike shapes.",
        "",
        "| op | runs | gradient |",
        "|---|---|---|",
    ]
    for name in sorted(OPS):
        definition = OPS[name]
        gradient = GRADIENTS[definition.differentiable]
        lines.append(f"| {name} | {_where(definition)} | {gradient} |")
    return "\n".join(lines) + "\n"


def test_the_table_of_ops_is_true(golden: Golden) -> None:
    golden.check(DOCS / "ops.md", _table())


def _index() -> str:
    """The modules with the ops that each defines."""
    names: dict[str, list[str]] = {}
    for name in sorted(OPS):
        names.setdefault(OPS[name].family, []).append(name)
    return "".join(f"{module}: {' '.join(names[module])}\n" for module in sorted(names))


def test_the_index_of_families_is_true(golden: Golden) -> None:
    golden.check(INDEX, _index())


def test_an_op_is_found_without_importing_every_family() -> None:
    program = (
        "import sys; from flowc.ops import lookup; assert lookup('Relu') is not None;"
        "assert 'flowc.ops.linear_algebra.solvers' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("module", sorted(set(index().values())))
def test_the_index_names_the_module_that_defines(module: str) -> None:
    program = (
        f"import flowc.ops.{module}; from flowc.ops.registry import OPS;"
        "from flowc.ops.families import index;"
        f"missing = [n for n, m in index().items() if m == {module!r} and n not in OPS._defined];"
        "assert not missing, missing"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_signature_parses() -> None:
    for definition in OPS.values():
        assert definition.signature.name == definition.name
