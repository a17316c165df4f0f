"""How a rule is proved: its equations on programs that its own code rewrites."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Protocol

import numpy as np
from hypothesis import settings

from flowc.ir import dims, dtypes
from flowc.ir.dtypes import DType
from flowc.ir.errors import InternalError, InvalidArgumentError
from flowc.ir.tensor.attributes import symbolic_dims
from flowc.ir.tensor.core import Instruction, Parameter, Result, Value
from flowc.ir.tensor.interpreter import evaluate
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.primitives.common import Undecidable, concrete
from flowc.ir.tensor.primitives.control import CheckFailed
from flowc.ir.tensor.rewrite import operands_and_captures, post_order
from flowc.passes.simplify.engine import Rule, RuleBuilder
from flowc.passes.simplify.simplify import RULES
from tests.proofs import numbers, scalars
from tests.proofs.equations import Equation, theorems
from tests.proofs.programs import Arguments, Sizes, answers, is_same, parameters, rewritten, show
from tests.proofs.terms import Domain, Patterns

THOROUGH = settings.get_current_profile_name() == "thorough"

INTEGERS = (
    dtypes.int8,
    dtypes.int16,
    dtypes.int32,
    dtypes.int64,
    dtypes.uint8,
    dtypes.uint16,
    dtypes.uint32,
    dtypes.uint64,
)
FLOATS = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)
EVERY = (dtypes.bool_, *INTEGERS, *FLOATS, dtypes.complex64)
BY_Z3 = (dtypes.bool_, *INTEGERS, *(FLOATS if THOROUGH else FLOATS[:3]))
FLUSHED = FLOATS[1:] if THOROUGH else FLOATS[1:3]  # denormals of float16 are none in float32


class Proof(Protocol):
    """How rules of a kind are proved."""

    def check(self, rule: Rule) -> None:
        """Fails unless the rule holds."""


def rewrites(
    rule: Rule, patterns: Patterns, equations: Sequence[Equation], seen: set[str]
) -> Iterator[tuple[Instruction, Sequence[Value]]]:
    """Programs of the left sides that the rule rewrites, and what it makes of them.

    Each result must be what one of the right sides says. The equations that applied, and the
    primitives that the rule looked at, are added to `seen`.
    """
    for equation in equations:
        for before, env in patterns.programs(equation.before):
            assert isinstance(before, Result)
            after = rewritten(rule, before.instruction)
            if after is None:
                continue
            fits = any(patterns.matches(e.after, after[0], env) for e in equations)
            assert fits, f"not as it is stated:\n{explain(before.instruction, after)}"
            seen |= {equation.text, before.instruction.primitive}
            yield before.instruction, after


def explain(before: Instruction, after: Sequence[Value]) -> str:
    """Both programs as text."""
    return f"{show(before.results)}becomes\n{show(after)}"


def equations_of(rule: Rule) -> list[Equation]:
    return [t for t in theorems(rule) if isinstance(t, Equation)]


def expect_all(rule: Rule, seen: set[str]) -> None:
    """Fails unless every equation applied, at every primitive that the rule is entered for."""
    idle = {e.text for e in equations_of(rule)} - seen
    assert not idle, f"never applies: {idle}"
    unseen = {p for p, rules in RULES.items() if rule in rules} - seen
    assert not unseen, f"never applied to {unseen}"


@dataclass(frozen=True)
class Elementwise:
    """Of scalars: for all numbers by z3, and in the interpreter for some, or all of a type."""

    domain: Domain = field(default_factory=lambda: Domain(numbers=numbers.specials))
    dtypes: Sequence[DType] = EVERY
    solved: bool = True  # by z3, not only tried
    ulps: int = 0
    signs: bool = True  # of zeros, in the interpreter
    arguments: Callable[[Array], Array] = lambda a: a  # the numbers that the theorem is about

    def check(self, rule: Rule) -> None:
        seen = set[str]()
        for dtype in self.dtypes:
            patterns = Patterns(self.domain, dtype)
            for before, after in rewrites(rule, patterns, equations_of(rule), seen):
                self._by_z3(before, after, dtype)
                self._by_trying(before, after)
        expect_all(rule, seen)

    def _by_z3(self, before: Instruction, after: Sequence[Value], dtype: DType) -> None:
        if not self.solved or not scalars.is_expressible([before.result, *after]):
            return
        for flush in (False, True):
            if dtype in (FLUSHED if flush else BY_Z3):
                found = scalars.counterexample(before.result, after[0], flush)
                assert found is None, f"{explain(before, after)}{found}"

    def _by_trying(self, before: Instruction, after: Sequence[Value]) -> None:
        given = parameters(before.results)
        tried = {1: numbers.every, 2: numbers.several}.get(len(given), numbers.some)
        columns = np.meshgrid(*(self.arguments(tried(p.type.dtype)) for p in given))
        arguments = dict(zip(given, columns, strict=True))
        shape = columns[0].shape if columns else ()
        results = answers([before.result, *after], arguments)
        old, new = (np.broadcast_to(a, shape) for a in results)
        assert is_same(new, old, self.ulps, self.signs), explain(before, after)


SIZES: Sequence[Sizes] = [
    {"n": n, "m": m} for n, m in ((0, 1), (1, 3), (2, 2), (3, 0), (4, 1), (2, 5))
]


@dataclass(frozen=True)
class Shapes:
    """Of tensors of all small shapes, in the interpreter; symbols stand for several sizes."""

    domain: Domain
    dtypes: Sequence[DType] = (dtypes.int32,)
    signs: bool = True  # of zeros

    def check(self, rule: Rule) -> None:
        seen = set[str]()
        for dtype in self.dtypes:
            patterns = Patterns(self.domain, dtype)
            for before, after in rewrites(rule, patterns, equations_of(rule), seen):
                assert is_same_tensor(before, after, self.signs), explain(before, after)
        expect_all(rule, seen)


def is_same_tensor(before: Instruction, after: Sequence[Value], signs: bool = True) -> bool:
    """Whether the results are the same for all sizes for which the program is valid."""
    values = (*before.results, *after)
    given = parameters(values)
    for sizes in SIZES if is_symbolic(values, given) else [{}]:
        arguments = {p: argument(p, sizes, k) for k, p in enumerate(given)}
        try:
            old = answers(before.results, arguments, sizes)
        except (InvalidArgumentError, InternalError, Undecidable, ValueError):
            continue  # no valid program for these sizes
        new = answers(after, arguments, sizes)
        if not all(is_same(a, c, signs=signs) for a, c in zip(new, old, strict=True)):
            return False
    return True


def is_symbolic(values: Sequence[Value], given: Sequence[Parameter]) -> bool:
    """True where a size is a symbol, in between too."""
    made = post_order(values)
    shapes = [p.type.shape for p in given] + [t.shape for i in made for t in i.types]
    return any(any(symbolic_dims(x)) for x in (*shapes, *(i.attributes for i in made)))


def argument(parameter: Parameter, sizes: Sizes, number: int) -> Array:
    """Distinct numbers; of floats, special ones among them."""
    shape = tuple(dims.evaluate(d, sizes) for d in parameter.type.shape)
    dtype, count = parameter.type.dtype, math.prod(shape)
    if dtype.is_floating:
        every = np.array([*map(float, numbers.specials(dtype)[:14]), *range(4, 60)])
        return np.roll(np.resize(every, count), 5 * number).reshape(shape).astype(dtype.numpy)
    return (np.arange(count) + 1 + 50 * number).reshape(shape).astype(dtype.numpy)


@dataclass(frozen=True)
class Programs:
    """Of programs that a function builds, for small arguments; checks fail alike."""

    programs: Callable[[], Iterable[Instruction]]

    def check(self, rule: Rule) -> None:
        applied = 0
        for before in self.programs():
            found = RuleBuilder().rewrite(before, [rule])
            if found is not None:
                applied += 1
                self._same(before, *found)
        assert applied, "never applies"

    def _same(
        self, before: Instruction, emitted: Sequence[Instruction], after: Sequence[Value]
    ) -> None:
        outside = [*operands_and_captures(before), *after]
        outside += [v for i in emitted for v in operands_and_captures(i)]
        inside = {v for i in emitted for v in i.results}
        values = [v for v in dict.fromkeys(outside) if v not in inside]
        given = parameters(values)
        for numbers_ in product((-1, 0, 1, 2, 3), repeat=len(given)):
            arguments = {
                p: np.full(concrete(p.type.shape), k).astype(p.type.dtype.numpy)
                for p, k in zip(given, numbers_, strict=True)
            }
            environment = dict(zip(values, answers(values, arguments, {"n": 3}), strict=True))
            old = outcome([before], before.results, environment)
            new = outcome(emitted, after, environment)
            failed = old is None or new is None
            same = old is new if failed else all(map(is_same, new, old))  # type: ignore[arg-type]
            assert same, f"for {numbers_}: {explain(before, after)}"


def outcome(
    instructions: Sequence[Instruction], results: Sequence[Value], known: Arguments
) -> Sequence[Array] | None:
    """The results, or None where a check failed."""
    environment = dict(known)
    try:
        for i in instructions:
            environment.update(zip(i.results, evaluate(i, environment, {"n": 3}), strict=True))
    except CheckFailed:
        return None
    return [environment[v] for v in results]
