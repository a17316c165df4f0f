"""Dead code, dead results, common subexpressions, constant folding: code before and after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from flowc.ir import dims, dtypes
from flowc.ir.tensor.assumptions import Specialising
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import ArgumentDim, Message, Module, Parameter, TensorType, Value
from flowc.ir.tensor.printer import print_module
from flowc.ir.tensor.verifier import verify
from flowc.passes.common_subexpressions import EliminateCommonSubexpressions
from flowc.passes.constant_folding import FoldConstants
from flowc.passes.dead_code import EliminateDeadCode
from flowc.passes.dead_results import EliminateDeadResults
from flowc.passes.pass_manager import Pass
from tests.golden import Golden
from tests.graphs import Program
from tests.passes.programs import assert_identical

GOLDEN = Path(__file__).parent / "golden"
N = dims.symbol("n")
Body = Callable[[Builder, Value, Value], Sequence[Value]]


def module_of(body: Body) -> Module:
    """A module of x: float32[n, 3] and k: int32[]."""
    b = Builder(Specialising({"n": 2}))
    x = Parameter(TensorType(dtypes.float32, (N, 3)), "x")
    k = Parameter(TensorType(dtypes.int32, ()), "k")
    results = body(b, x, k)
    messages = tuple(b.messages) or (Message("InvalidArgumentError", "", ""),)
    symbols = {dims.Symbol("n"): ArgumentDim(0, 0)}
    return Module("test", b.computation([x, k], results), symbols, messages=messages)


def dead(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    b.exponential(b.negate(x))
    b.check(b.ge(k, 0), "k is negative")
    return [b.abs(x)]


def dead_in_loop(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    unused = b.negate(x)

    def body(i: Value) -> Value:
        b.add(unused, unused)
        return b.add(i, b.scalar(1, dtypes.int32))

    return b.while_(lambda i: b.lt(i, k), body, [b.scalar(0, dtypes.int32)])


def effect_in_loop(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    def body(i: Value) -> Value:
        b.check(b.lt(i, 9), "too many")
        return b.add(i, b.scalar(1, dtypes.int32))

    b.while_(lambda i: b.lt(i, k), body, [b.scalar(0, dtypes.int32)])
    b.while_(lambda i: b.lt(i, k), lambda i: b.add(i, 1), [b.scalar(0, dtypes.int32)])
    return [x]


def unread_carried(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    """x is doubled for nobody; y feeds z, which is read."""

    def body(i: Value, x: Value, y: Value, z: Value) -> Sequence[Value]:
        return b.add(i, b.scalar(1, dtypes.int32)), b.add(x, x), b.negate(y), b.maximum(z, y)

    zero = b.scalar(0, dtypes.int32)
    return [b.while_(lambda i, *_: b.lt(i, k), body, [zero, x, x, x])[3]]


def unread_branch(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    return [b.case(k, [lambda: [b.abs(x), b.exponential(x)], lambda: [x, b.tanh(x)]])[0]]


def unread_position(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    """The greatest element: its position, which the combiner finds beside it, is not read."""
    places = b.iota(x.type.shape, 1, dtypes.int32)

    def better(a: Value, i: Value, c: Value, j: Value) -> Sequence[Value]:
        return b.maximum(a, c), b.select(b.gt(a, c), i, j)

    initial = [b.scalar(-np.inf, dtypes.float32), b.scalar(0, dtypes.int32)]
    return [b.reduce([x, places], initial, [1], better)[0]]


def read_position(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    """The position alone needs the element too."""
    places = b.iota(x.type.shape, 1, dtypes.int32)

    def better(a: Value, i: Value, c: Value, j: Value) -> Sequence[Value]:
        return b.maximum(a, c), b.select(b.gt(a, c), i, j)

    initial = [b.scalar(-np.inf, dtypes.float32), b.scalar(0, dtypes.int32)]
    return [b.reduce([x, places], initial, [1], better)[1]]


def unread_sorted(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    values = [x, b.negate(x), b.abs(x)]
    return [b.sort(values, 1, lambda a, c, *_: b.lt(a, c))[1]]


def equal_chains(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    left, right = (b.reduce_sum(b.exponential(x), [1]) for _ in range(2))
    return [left, right, b.reduce_max(b.exponential(x), [1])]


def equal_constants(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    zeros = [
        b.emit("constant", value=np.array([zero], np.float32), dtype=dtypes.float32)
        for zero in (0.0, -0.0, 0.0)
    ]
    return [b.add(zeros[0], zeros[2]), b.subtract(zeros[0], zeros[1])]


def equal_in_other_order(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    """x + y is y + x, but -0.0 may be the greater or the lesser of two zeros."""
    y = b.negate(x)
    sums = b.subtract(b.add(x, y), b.add(y, x))
    return [sums, b.maximum(x, y), b.maximum(y, x), b.add(x, x)]


def equal_across_regions(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    """A branch may read what stands outside; generators stay where they are."""
    y = b.exponential(b.multiply(x, 2.0))
    inner = [lambda: b.add(b.exponential(b.multiply(x, 2.0)), x), lambda: b.negate(b.negate(x))]
    return [y, *b.case(k, inner)]


def known_shapes(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    """Integer arithmetic on constants; a broadcast stays one."""
    table = b.multiply(b.add(b.constant(np.arange(4, dtype=np.int32)), 1), 3)
    return [b.broadcast_in_dim(b.add(b.scalar(1, dtypes.int32), 2), (2, 100), ()), table]


def known_but_large(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    """A square of positions would be much larger as a constant."""
    rows, columns = (b.iota((100, 100), axis, dtypes.int32) for axis in (0, 1))
    return [b.convert(b.eq(rows, columns), dtypes.float32)]


def known_part_of_large(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    """Some elements of a long sequence are a small constant."""
    return [b.slice(b.iota((1000,), 0, dtypes.int32), (10,), (990,), (490,))]


def never_known(b: Builder, x: Value, k: Value) -> Sequence[Value]:
    """A check that fails, a loop and random numbers are left to run time."""
    b.check(b.lt(b.scalar(3, dtypes.int32), 2), "three is more than two")
    state = b.constant(np.array([1, 2, 3], np.uint64))
    random = b.emit_all(
        "rng_bit_generator",
        [state],
        {"rng_algorithm": "PHILOX", "shape": (4,), "dtype": dtypes.uint32},
    )
    loop = b.while_(lambda i: b.lt(i, 3), lambda i: b.add(i, 1), [b.scalar(0, dtypes.int32)])
    return [random[1], *loop]


CASES: list[tuple[Pass, Body]] = [
    (EliminateDeadCode(), dead),
    (EliminateDeadCode(), dead_in_loop),
    (EliminateDeadCode(), effect_in_loop),
    (EliminateDeadResults(), unread_carried),
    (EliminateDeadResults(), unread_branch),
    (EliminateDeadResults(), unread_position),
    (EliminateDeadResults(), read_position),
    (EliminateDeadResults(), unread_sorted),
    (EliminateCommonSubexpressions(), equal_chains),
    (EliminateCommonSubexpressions(), equal_constants),
    (EliminateCommonSubexpressions(), equal_in_other_order),
    (EliminateCommonSubexpressions(), equal_across_regions),
    (FoldConstants(), known_shapes),
    (FoldConstants(), known_but_large),
    (FoldConstants(), known_part_of_large),
    (FoldConstants(), never_known),
]


@pytest.mark.parametrize(("pass_", "body"), CASES, ids=[body.__name__ for _, body in CASES])
def test_before_and_after(pass_: Pass, body: Body, golden: Golden) -> None:
    before = module_of(body)
    after = pass_.run(before)
    verify(before)
    verify(after)
    x = np.array([[1.0, np.nan, -0.0], [-np.inf, 2.0, 5.0]], np.float32)
    arguments = (x, np.array(1, np.int32))
    if body is not never_known:
        answers = [Program(m, arguments).answer() for m in (after, before)]
        assert_identical(answers[0], answers[1])
    text = f"// {pass_.name}\n{print_module(before)}// becomes\n{print_module(after)}"
    golden.check(GOLDEN / f"{body.__name__}.mlir", text)


def test_a_constant_is_kept_whole() -> None:
    """Large constants that differ in one element differ."""
    b = Builder(Specialising({}))
    one = np.zeros(10_000, np.float32)
    other = one.copy()
    other[4321] = 1
    values = [b.constant(a) for a in (one, other, one.copy())]
    main = EliminateCommonSubexpressions().run(Module("m", b.computation([], values))).main
    assert len(main.instructions) == 2
    assert main.results[0] is main.results[2]
