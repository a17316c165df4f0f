"""Each rule on code it is meant for, and on code like it that it must leave alone.

The files in `rules` hold the cases: a rule's name, code, and what the rule alone (and a sweep of
what became dead) makes of it. `pytest --bless` writes the second part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from flowc.ir import dims
from flowc.ir.dims import Symbol
from flowc.ir.tensor.core import ArgumentDim, Computation, Message, Module, Parameter
from flowc.ir.tensor.parser import parse_computation
from flowc.ir.tensor.printer import print_computation
from flowc.ir.tensor.verifier import verify
from flowc.passes.dead_code import eliminate_dead_code
from flowc.passes.simplify.engine import Rules, Simplifier
from flowc.passes.simplify.simplify import RULES, TOPICS
from tests.graphs import Array, Program, assert_same
from tests.passes.programs import assert_identical

FOLDER = Path(__file__).parent / "rules"
WITHIN_ROUNDING = {"power_of_constant", "power_of_three", "square_root"}
UNLIKE_POWER = {"square_root"}  # of -inf and -0.0


@dataclass(frozen=True)
class Case:
    """`before` becomes `after` by `rule`; it stays where `after` is None."""

    rule: str
    before: str
    after: str | None


def read_cases(path: Path) -> list[Case]:
    """The cases of a file."""
    cases = []
    for part in path.read_text().split("// rule ")[1:]:
        rule, _, rest = part.partition("\n")
        before, becomes, after = rest.partition("// becomes\n")
        stays = rule.endswith(" does not apply")
        cases.append(Case(rule.removesuffix(" does not apply"), before.strip(), None))
        if not stays:
            cases[-1] = Case(rule, before.strip(), after.strip() if becomes else "")
    return cases


def write_cases(path: Path, cases: list[Case]) -> None:
    """Write a file of cases."""
    parts = []
    for case in cases:
        title = f"// rule {case.rule}" + ("" if case.after is not None else " does not apply")
        after = "" if case.after is None else f"// becomes\n{case.after}\n"
        parts.append(f"{title}\n{case.before}\n{after}")
    path.write_text("\n".join(parts))


def rules_named(name: str) -> Rules:
    """The rules of that name alone."""
    chosen = {p: [r for r in found if r.__name__ == name] for p, found in RULES.items()}
    return {primitive: found for primitive, found in chosen.items() if found}


def apply(name: str, computation: Computation) -> Computation:
    """The computation after one rule, without what became dead."""
    return eliminate_dead_code(Simplifier(rules_named(name)).computation(computation))


def as_module(computation: Computation) -> Module:
    """A module whose symbols are the sizes of the first parameters that have them."""
    symbols: dict[Symbol, ArgumentDim] = {}
    for number, parameter in enumerate(computation.parameters):
        for axis, size in enumerate(parameter.type.shape):
            if not isinstance(size, int):
                (symbol,) = dims.symbols(size)
                symbols.setdefault(Symbol(symbol.name), ArgumentDim(number, axis))
    message = Message("InvalidArgumentError", "a message", "node")
    return Module("case", computation, symbols, messages=(message,))


def argument(parameter: Parameter) -> Array:
    """Special and ordinary numbers in turn."""
    shape = tuple(d if isinstance(d, int) else 3 for d in parameter.type.shape)
    dtype = parameter.type.dtype
    numbers = [0.0, -0.0, 1.5, np.inf, -2.0, np.nan, -np.inf, 3.0, 7.25, -1.0]
    if dtype.kind in ("int", "uint"):
        numbers = [0, 1, 5, 2, 7, 3] if dtype.is_unsigned else [0, -1, 5, -128, 127, 3]
    size = int(np.prod(shape))
    with np.errstate(invalid="ignore"):
        return np.resize(np.array(numbers), size).reshape(shape).astype(dtype.numpy)


def all_cases() -> Iterator[Case]:
    for path in sorted(FOLDER.glob("*.mlir")):
        yield from read_cases(path)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.mlir")), ids=lambda p: p.stem)
def test_rules(path: Path, pytestconfig: pytest.Config) -> None:
    found = []
    for case in read_cases(path):
        before = parse_computation(case.before)
        after = apply(case.rule, before)
        module, rewritten = as_module(before), as_module(after)
        verify(module)
        verify(rewritten)
        assert (after is before) == (case.after is None), f"{case.rule} on\n{case.before}"
        assert_same_answer(case.rule, module, rewritten)
        text = print_computation(after).strip()
        found.append(Case(case.rule, case.before, None if after is before else text))
    if pytestconfig.getoption("--bless"):
        write_cases(path, found)
    assert read_cases(path) == found


def assert_same_answer(rule: str, before: Module, after: Module) -> None:
    arguments = tuple(map(argument, before.main.parameters))
    if rule in UNLIKE_POWER:
        arguments = tuple(np.abs(a) for a in arguments)
    ours, expected = (Program(m, arguments).answer() for m in (after, before))
    if rule in WITHIN_ROUNDING:
        assert_same(ours, expected)
    else:
        assert_identical(ours, expected)


def test_every_rule_has_a_case() -> None:
    shown = {case.rule for case in all_cases() if case.after is not None}
    assert {rule.__name__ for found in RULES.values() for rule in found} == shown


@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.__name__.rpartition(".")[2])
def test_every_rule_states_its_equation(topic: object) -> None:
    for found in topic.RULES.values():  # type: ignore[attr-defined]
        for rule in found:
            assert rule.__doc__ is not None
            assert "->" in rule.__doc__ or "are made inside" in rule.__doc__, rule.__name__
