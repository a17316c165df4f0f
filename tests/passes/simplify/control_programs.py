"""Programs for the rules whose equations are no terms: control flow, effects, constants.

Each is one instruction; its operands, and what its regions read from outside, are parameters or
constants.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from flowc.ir import dims, dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.core import Instruction, Parameter, Result, Shape, TensorType, Value
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.primitives.common import concrete
from flowc.passes.simplify.engine import RuleBuilder
from tests.proofs import numbers
from tests.proofs.rules import EVERY

I32 = TensorType(dtypes.int32, ())
PREDICATE = TensorType(dtypes.bool_, ())


def _of(results: Sequence[Value]) -> Instruction:
    first = results[0]
    assert isinstance(first, Result)
    return first.instruction


def constants() -> Iterator[Instruction]:
    """Of none, one and several numbers, alike and not."""
    for dtype in EVERY:
        every = numbers.specials(dtype)[-8:]
        for pair in itertools.product(every, repeat=2):
            for shape in ((), (0,), (1,), (2,), (2, 3)):
                yield _constant(pair, shape, dtype)


def _constant(pair: Sequence[Array], shape: Shape, dtype: DType) -> Instruction:
    every = (k % 2 for k in range(math.prod(concrete(shape))))
    array = np.array([pair[k] for k in every], dtype.numpy).reshape(concrete(shape))
    return _of([RuleBuilder().constant(array, dtype)])


def cases() -> Iterator[Instruction]:
    """One to three branches, which may fail; a known or an unknown number."""
    for count, known in itertools.product((1, 2, 3), (None, -1, 0, 1, 2, 3)):
        b = RuleBuilder()
        x = Parameter(I32, "x")
        index = Parameter(I32, "index") if known is None else b.constant(np.int32(known))
        branches = [_branch(b, x, k) for k in range(count)]
        yield _of(b.case(index, branches))


def _branch(b: RuleBuilder, x: Value, k: int) -> Callable[[], Sequence[Value]]:
    def branch() -> Sequence[Value]:
        b.check(b.ne(x, k), "x is the branch's number")
        return b.multiply(x, k + 2), x

    return branch


def captured_generators() -> Iterator[Instruction]:
    """Regions that read constants, iota, sizes and their broadcasts from outside."""
    n = dims.symbol("n")
    makers: list[Callable[[RuleBuilder], Value]] = [
        lambda b: b.full(3, (2,), dtypes.int32),
        lambda b: b.iota((2,), 0, dtypes.int32),
        lambda b: b.broadcast_in_dim(b.size(n), (2,), ()),
        lambda b: b.constant(np.array([5, 7], np.int32)),
    ]
    for first, second in itertools.product(makers, repeat=2):
        b = RuleBuilder()
        yield from _reading(b, first(b), second(b))


def _reading(b: RuleBuilder, a: Value, c: Value) -> Iterator[Instruction]:
    x, p = Parameter(TensorType(dtypes.int32, (2,)), "x"), Parameter(I32, "p")

    def body(i: Value, v: Value) -> Sequence[Value]:
        return b.add(i, 1), b.add(b.multiply(v, a), c)

    yield _of(b.case(p, [lambda: [b.add(x, a)], lambda: [c]]))
    yield _of(b.while_(lambda i, v: b.lt(i, 3), body, [b.constant(np.int32(0)), x]))


def loops() -> Iterator[Instruction]:
    """Three carried values, each of which becomes one of several; conditions known and not."""
    updates: list[Callable[..., Value]] = [
        lambda b, x, u, v: u,
        lambda b, x, u, v: v,
        lambda b, x, u, v: b.add(u, v),
        lambda b, x, u, v: x,
        lambda b, x, u, v: b.constant(np.int32(5)),
    ]
    conditions: list[Callable[..., Value]] = [
        lambda b, i, u, v: b.lt(i, 3),
        lambda b, i, u, v: b.and_(b.lt(i, 2), b.lt(u, 4)),
        lambda b, i, u, v: b.constant(np.bool_(False)),
    ]
    for condition, first, second in itertools.product(conditions, updates, updates):
        yield _loop(condition, first, second)


def _loop(
    condition: Callable[..., Value], first: Callable[..., Value], second: Callable[..., Value]
) -> Instruction:
    b = RuleBuilder()
    i, x, y = (Parameter(I32, name) for name in "ixy")

    def body(i: Value, u: Value, v: Value) -> Sequence[Value]:
        return b.add(i, 1), first(b, x, u, v), second(b, x, v, u)

    return _of(b.while_(lambda *carried: condition(b, *carried), body, [i, x, y]))


def checks() -> Iterator[Instruction]:
    """Of true, false and an unknown."""
    for known in (True, False, None):
        b = RuleBuilder()
        p = Parameter(PREDICATE, "p") if known is None else b.constant(np.bool_(known))
        yield Instruction("check", (p,), {"code": 1}, ())
