"""Inferred shapes are the shapes of the answers, for all sizes that symbols may take.

The interpreter compares each result with its inferred type at the sizes of the run, so running is
the check. Here are the primitives whose shapes need arithmetic; `tests/test_graphs.py` has others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Symbol
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.tensor.assumptions import Specialising
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import ArgumentDim, Module, Parameter, TensorType, Value
from flowc.ir.tensor.interpreter import run
from flowc.ir.tensor.primitives.contraction import ConvDimensionNumbers
from flowc.ir.tensor.primitives.indexing import GatherDimensionNumbers
from flowc.ir.tensor.verifier import verify

N, M = dims.symbol("n"), dims.symbol("m")
NWC = ConvDimensionNumbers(0, 2, (1,), 1, 2, (0,), 0, 2, (1,))
ROWS = GatherDimensionNumbers((1,), (0,), (), (), (0,), 1)
MAP = GatherDimensionNumbers((0, 2), (), (), (), (1,), 1)
quick = settings(max_examples=60, deadline=None)
sizes = st.integers(0, 9)
edges = st.integers(-2, 3)
positive = st.integers(1, 3)


def shapes_agree(
    build: Callable[..., Value | Sequence[Value]],
    shapes: Sequence[tuple[Dim, ...]],
    n: int,
    m: int = 0,
) -> None:
    """Build over symbols n and m, verify, and run with these sizes."""
    b = Builder(Specialising({"n": n, "m": m}))
    binding = [(N, M), *shapes]
    parameters = [Parameter(TensorType(dtypes.float32, shape)) for shape in binding]
    result = build(b, *parameters[1:])
    results = [result] if not isinstance(result, Sequence) else list(result)
    symbols = {Symbol("n"): ArgumentDim(0, 0), Symbol("m"): ArgumentDim(0, 1)}
    module = Module("test", b.computation(parameters, results), symbols)
    verify(module)
    random = np.random.default_rng(0)
    bound = {"n": n, "m": m}
    run(
        module,
        [
            np.asarray(random.random([dims.evaluate(d, bound) for d in shape]), np.float32)
            for shape in binding
        ],
    )


@quick
@given(sizes, sizes, st.tuples(edges, edges), positive, positive, positive, positive)
def test_convolution(
    n: int, m: int, padding: tuple[int, int], stride: int, base: int, dilation: int, taps: int
) -> None:
    def build(b: Builder, x: Value, kernel: Value) -> Value:
        return b.convolution(
            x,
            kernel,
            NWC,
            window_strides=(stride,),
            padding=(padding,),
            lhs_dilation=(base,),
            rhs_dilation=(dilation,),
        )

    shapes_agree(build, [(M, N, 2), (taps, 2, 3)], n, m)


@quick
@given(sizes, positive, positive)
def test_convolution_padded_to_the_same_size(n: int, stride: int, taps: int) -> None:
    """TensorFlow's SAME padding, whose amounts are expressions."""
    outputs = dims.ceildiv(N, stride)
    total = dims.maximum((outputs - 1) * stride + taps - N, 0)
    low = dims.floordiv(total, 2)

    def build(b: Builder, x: Value, kernel: Value) -> Value:
        return b.convolution(
            x, kernel, NWC, window_strides=(stride,), padding=((low, total - low),)
        )

    shapes_agree(build, [(1, N, 1), (taps, 1, 1)], n)


@quick
@given(sizes, st.tuples(edges, edges), positive, positive, positive, positive)
def test_reduce_window(
    n: int, padding: tuple[int, int], stride: int, base: int, dilation: int, taps: int
) -> None:
    def build(b: Builder, x: Value) -> Sequence[Value]:
        return b.reduce_window(
            [x],
            [b.scalar(0, dtypes.float32)],
            b.add,
            window_dimensions=(taps, 1),
            window_strides=(stride, 1),
            base_dilations=(base, 1),
            window_dilations=(dilation, 1),
            padding=(padding, (0, 0)),
        )

    shapes_agree(build, [(N, 2)], n)


@quick
@given(st.integers(1, 9))
def test_cumulative_sum(n: int) -> None:
    def build(b: Builder, x: Value) -> Sequence[Value]:
        zero = b.scalar(0, dtypes.float32)
        return b.reduce_window([x], [zero], b.add, window_dimensions=(N,), padding=((N - 1, 0),))

    shapes_agree(build, [(N,)], n)


@quick
@given(st.integers(4, 9), edges, edges, st.integers(0, 3))
def test_pad(n: int, low: int, high: int, interior: int) -> None:
    shapes_agree(lambda b, x: b.pad(x, 0, (low,), (high,), (interior,)), [(N,)], n)


@quick
@given(st.integers(3, 9), st.integers(0, 3), positive)
def test_slice(n: int, start: int, stride: int) -> None:
    shapes_agree(lambda b, x: b.slice_axis(x, 0, start, N, stride), [(N,)], n)


@quick
@given(st.integers(1, 9), st.integers(0, 9))
def test_gather(n: int, m: int) -> None:
    def rows(b: Builder, x: Value, i: Value) -> Value:
        return b.gather(x, b.convert(i, dtypes.int32), ROWS, (1, M))

    def windows(b: Builder, x: Value, i: Value) -> Value:
        return b.gather(x, b.convert(i, dtypes.int32), MAP, (N, 0))

    shapes_agree(rows, [(N, M), (M, 1)], n, m)
    shapes_agree(windows, [(N, M), (3, 1)], n, m)


@quick
@given(sizes, sizes)
def test_concatenate_and_reshape(n: int, m: int) -> None:
    def build(b: Builder, x: Value, y: Value) -> Value:
        joined = b.concatenate([x, y, x], 0)
        return b.reshape(joined, (3, 2 * N + M))

    shapes_agree(build, [(N, 3), (M, 3)], n, m)


@quick
@given(sizes, sizes)
def test_random_bits(n: int, m: int) -> None:
    def build(b: Builder) -> Any:
        state = b.constant(np.array([1, 2, 3], np.uint64))
        return b.rng_bit_generator(state, (N, M))

    shapes_agree(build, [], n, m)


@quick
@given(st.integers(2, 9), st.integers(1, 3), st.integers(1, 2))
def test_pooling_gradient(n: int, stride: int, taps: int) -> None:
    outputs = dims.floordiv(N - taps, stride) + 1

    def build(b: Builder, x: Value, gradient: Value) -> Value:
        return b.select_and_scatter(
            x,
            gradient,
            b.scalar(0, dtypes.float32),
            b.ge,
            b.add,
            window_dimensions=(taps,),
            window_strides=(stride,),
        )

    shapes_agree(build, [(N,), (dims.maximum(outputs, 0),)], n)


def test_concatenate_of_different_ranks() -> None:
    b = Builder(Specialising({}))
    x, y = (Parameter(TensorType(dtypes.int32, shape)) for shape in ((2, 3), (2,)))
    with pytest.raises(InvalidArgumentError, match="do not fit along axis 1"):
        b.emit_all("concatenate", [x, y], {"dimension": 1})


@pytest.mark.parametrize("name", ["shift_right_logical", "shift_right_arithmetic", "shift_left"])
def test_shifts_of_scalars(name: str) -> None:
    shapes_agree(lambda b, x: b.emit(name, b.size(N), b.size(N)), [(N,)], 3)
