"""Samples of control flow and of the primitives of our own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import TensorType, Value
from tests.ir.tensor.samples.sample import bools, f32, i32, sample


def _powers(b: Builder, limit: Value, base: Value) -> Sequence[Value]:
    """1, base, base**2 ... until the limit; the condition and the body capture."""
    one = b.scalar(1, dtypes.int32)

    def body(value: Value, steps: Value) -> Sequence[Value]:
        return b.multiply(value, base), b.add(steps, 1)

    return b.while_(lambda value, steps: b.lt(value, limit), body, [one, b.scalar(0, dtypes.int32)])


def _branches(b: Builder, index: Value, x: Value) -> Sequence[Value]:
    return b.case(index, [lambda: b.add(x, x), lambda: x, lambda: b.negate(x)])


def _checked(b: Builder, x: Value) -> Value:
    b.check(b.reduce_and(b.gt(x, 0)), "x must be positive")
    return x


def _fused(b: Builder, x: Value, y: Value) -> Sequence[Value]:
    types = [x.type, y.type]
    body = b.region(types, lambda x, y: (b.tanh(b.multiply(x, y)), b.add(x, y)))
    return b.fusion([x, y], body, "loop")


def _nested(b: Builder, x: Value) -> Sequence[Value]:
    """A reduction and a branch within a loop; the branch captures from the loop."""

    def body(i: Value, x: Value) -> Sequence[Value]:
        total = b.reduce_sum(x)
        (y,) = b.case(
            b.convert(b.gt(total, 10), dtypes.int32), [lambda: b.add(x, x), lambda: b.negate(x)]
        )
        return b.add(i, 1), y

    start = b.scalar(0, dtypes.int32)
    return b.while_(lambda i, x: b.lt(i, 3), body, [start, x])[1:]


def _measured(b: Builder, x: Value, count: Value) -> Value:
    size = b.measure(count, 5)
    return b.add(b.slice_axis(x, 0, 0, size), b.iota((size,), 0, x.type.dtype))


SCALAR = TensorType(dtypes.int32, ())
SAMPLES = [
    sample("while", _powers, [np.asarray(100, np.int32), np.asarray(3, np.int32)], 243, 5),
    sample("while", _nested, [f32(1, 2)], [-4, -8]),
    *(
        sample("case", _branches, [np.asarray(i, np.int32), f32(1)], f32(answer))
        for i, answer in [(0, 2), (1, 1), (2, -1), (3, -1), (-1, -1)]
    ),
    sample(
        "size", lambda b, x: b.emit("size", value=7, dtype=dtypes.int64), [f32(0)], np.asarray(7)
    ),
    sample("check", _checked, [i32(1, 2)], [1, 2]),
    sample("measure", _measured, [i32(1, 2, 3, 4, 5), np.asarray(3)], [1, 3, 5]),
    sample(
        "true_positions",
        lambda b, x: b.places(x),
        [bools(False, True, True, False, True)],
        np.array([1, 2, 4]),
    ),
    sample("true_positions", lambda b, x: b.places(x), [bools()], np.zeros(0, np.int64)),
    sample("fusion", _fused, [f32(0, 1), f32(1, -1)], f32(0, np.tanh(-1.0)), f32(1, 0)),
]
