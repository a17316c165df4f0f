"""Programs before and after a rule, in the reference interpreter: the same answers?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from flowc.ir.tensor.core import Computation, Instruction, Parameter, Value
from flowc.ir.tensor.interpreter import evaluate
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.printer import print_computation
from flowc.ir.tensor.rewrite import operands_and_captures, post_order
from flowc.passes.simplify.engine import Rule, RuleBuilder
from tests.proofs.numbers import limits_of

Arguments = Mapping[Value, Array]
Sizes = Mapping[str, int]

_BUILDER = RuleBuilder()


def rewritten(rule: Rule, instruction: Instruction) -> tuple[Value, ...] | None:
    """What the rule has in place of the instruction's results, which nothing else reads."""
    found = _BUILDER.rewrite(instruction, [rule])
    return None if found is None else found[1]


def parameters(values: Sequence[Value]) -> list[Parameter]:
    """The parameters that the values depend on, in order of first use."""
    found: dict[Value, None] = dict.fromkeys(values)
    for instruction in reversed(post_order(values)):
        found.update(dict.fromkeys(operands_and_captures(instruction)))
    return [v for v in found if isinstance(v, Parameter)]


def answers(
    values: Sequence[Value], arguments: Mapping[Parameter, Array], sizes: Sizes | None = None
) -> tuple[Array, ...]:
    """The values for these arguments; without sizes, elementwise work on arrays of any shape."""
    environment: dict[Value, Array] = dict(arguments.items())
    with np.errstate(all="ignore"):
        for instruction in post_order(values):
            results = evaluate(instruction, environment, sizes)
            environment.update(zip(instruction.results, results, strict=True))
    return tuple(environment[v] for v in values)


def is_same(left: Array, right: Array, ulps: int = 0, signs: bool = True) -> bool:
    """Equal bit for bit, but that any NaN is any other and denormals are zeros of their sign.

    Without `signs` the two zeros are one.
    """
    if (left.dtype, left.shape) != (right.dtype, right.shape):
        return False
    if left.dtype.kind in "biu":
        return bool(np.array_equal(left, right))
    if left.dtype.kind == "c":
        parts = (left.real, right.real), (left.imag, right.imag)
        return all(is_same(*pair, ulps, signs) for pair in parts)
    with np.errstate(all="ignore"):
        a, c = _flushed(left, signs), _flushed(right, signs)
        near = np.abs(_ordinal(a) - _ordinal(c)) <= ulps
    nan = np.isnan(a), np.isnan(c)
    return bool(np.all(np.where(nan[0] | nan[1], nan[0] & nan[1], near)))


def _flushed(x: Array, signs: bool) -> Array:
    tiny = limits_of(x.dtype).smallest_normal
    wide = x.astype(np.float64)
    zero = np.copysign(0.0, wide) if signs else np.zeros_like(wide)
    return np.where(np.abs(wide) < float(tiny), zero, wide).astype(x.dtype)


def _ordinal(x: Array) -> Array:
    """The place of a float among all in order, -0.0 just before 0.0."""
    bits = np.ascontiguousarray(x).view(f"i{x.dtype.itemsize}").astype(np.int64)
    top = np.int64(-1) << np.int64(8 * x.dtype.itemsize - 1)
    return np.where(bits < 0, top - bits - 1, bits)


def show(values: Sequence[Value]) -> str:
    """The program as text."""
    computation = Computation(tuple(parameters(values)), tuple(post_order(values)), tuple(values))
    return print_computation(computation)
