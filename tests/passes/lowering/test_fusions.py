"""The kernels of loop, row and column fusions, compiled."""

from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from tests.passes.lowering.harness import WAYS, check, few_examples, ways

Array = NDArray[Any]
SIZES = st.sampled_from([1, 2, 3, 8, 17, 40])
DTYPES = st.sampled_from(
    [
        np.float32,
        np.float64,
        np.float16,
        ml_dtypes.bfloat16,
        np.complex64,
        np.complex128,
        np.int8,
        np.int32,
        np.uint64,
        np.bool_,
    ]
)


def integers(shape: Sequence[int], dtype: Any = np.float32) -> Array:
    return np.random.default_rng(7).integers(0, 4, tuple(shape)).astype(dtype)


def names_of(rank: int, symbolic: bool) -> list[list[str]] | None:
    return [[f"d{axis}" for axis in range(rank)]] if symbolic else None


def twice(b: Builder, x: Value) -> Value:
    return b.or_(x, x) if x.type.dtype.is_bool else b.add(x, x)


@few_examples
@given(st.permutations(range(3)), st.tuples(SIZES, SIZES, SIZES), DTYPES, st.booleans(), ways)
def test_transpositions(
    order: list[int], shape: tuple[int, ...], dtype: Any, symbolic: bool, way: dict[str, Any]
) -> None:
    def build(b: Builder, x: Value) -> Value:
        return twice(b, b.transpose(x, order))

    check(build, [integers(shape, dtype)], names_of(3, symbolic), **way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", [(100, 37), (64, 256), (8, 1000), (1000, 7)])
def test_matrices_are_transposed_in_tiles(shape: tuple[int, int], way: dict[str, Any]) -> None:
    def build(b: Builder, x: Value, y: Value) -> tuple[Value, Value]:
        turned = b.transpose(x, (1, 0))
        return b.add(turned, y), b.multiply(turned, turned)

    x = integers(shape)
    check(build, [x, integers(shape[::-1])], **way)
    check(build, [x, integers(shape[::-1])], [("a", "b"), ("b", "a")], **way)


def test_a_padded_transposition_reads_only_what_there_is() -> None:
    def build(b: Builder, x: Value) -> Value:
        three = b.scalar(3, x.type.dtype)
        return b.pad(b.transpose(x, (1, 0)), three, (1, 2), (3, 0), (0, 1))

    for way in WAYS:
        check(build, [integers((20, 35))], **way)


@few_examples
@given(st.tuples(SIZES, SIZES), DTYPES, st.booleans(), ways)
def test_movements_of_one_operand_with_several_results(
    shape: tuple[int, int], dtype: Any, symbolic: bool, way: dict[str, Any]
) -> None:
    def build(b: Builder, x: Value) -> list[Value]:
        rows, columns = x.type.shape
        back = b.reverse(twice(b, x), (0, 1))
        joined = b.concatenate([x, back, b.zeros_like(x)], 1)
        padded = b.pad(back, b.ones_like(b.scalar(0, x.type.dtype)), (1, 0), (2, 3), (0, 2))
        sliced = b.slice(joined, (0, 1), (rows, columns * 3), (1, 2))
        spread = b.broadcast_in_dim(b.reshape(back, (rows * columns,)), (3, rows * columns), (1,))
        return [back, joined, padded, sliced, twice(b, spread)]

    check(build, [integers(shape, dtype)], names_of(2, symbolic), **way)


@few_examples
@given(st.tuples(SIZES, SIZES), st.integers(0, 9), DTYPES, st.booleans(), ways)
def test_gathers(
    shape: tuple[int, int], count: int, dtype: Any, symbolic: bool, way: dict[str, Any]
) -> None:
    def build(b: Builder, x: Value, i: Value) -> list[Value]:
        rows, columns = b.take(x, i, 0), b.take(x, i, 1)
        return [twice(b, rows), columns, b.take(b.transpose(x, (1, 0)), i, 0)]

    places = np.random.default_rng(1).integers(-2, max(shape) + 2, count).astype(np.int32)
    names = [("a", "b"), ("n",)] if symbolic else None
    check(build, [integers(shape, dtype), places], names, **way)


Reduce = Callable[[Builder, Value, Sequence[int]], Value]
REDUCTIONS: dict[str, Reduce] = {
    "sum": lambda b, x, axes: b.reduce_sum(x, axes),
    "max": lambda b, x, axes: b.reduce_max(x, axes),
}


@few_examples
@given(
    st.sets(st.integers(0, 2), min_size=1),
    st.tuples(SIZES, SIZES, SIZES),
    st.sampled_from([np.float32, np.float64, np.complex64, np.int32, np.float16]),
    st.booleans(),
    ways,
)
def test_sums_over_any_axes(
    axes: set[int], shape: tuple[int, ...], dtype: Any, symbolic: bool, way: dict[str, Any]
) -> None:
    def build(b: Builder, x: Value) -> tuple[Value, Value]:
        doubled = b.add(x, x)
        return b.reduce_sum(doubled, sorted(axes)), doubled

    check(build, [integers(shape, dtype)], names_of(3, symbolic), rtol=1e-6, **way)


@few_examples
@given(st.tuples(SIZES, st.sampled_from([1, 5, 64, 1000])), st.booleans(), st.booleans(), ways)
def test_normalised_rows(
    shape: tuple[int, int], across: bool, symbolic: bool, way: dict[str, Any]
) -> None:
    axis = 0 if across else 1

    def build(b: Builder, x: Value) -> tuple[Value, Value]:
        def spread(v: Value) -> Value:
            return b.broadcast_in_dim(v, x.type.shape, (1 - axis,))

        greatest = b.reduce_max(x, (axis,))
        e = b.exponential(b.subtract(x, spread(greatest)))
        total = b.reduce_sum(e, (axis,))
        return b.divide(e, spread(total)), b.add(greatest, b.log(total))

    check(build, [integers(shape)], names_of(2, symbolic), rtol=1e-5, **way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (100_003, 1), (300, 700), (3, 40_000)])
@pytest.mark.parametrize("name", REDUCTIONS)
def test_empty_and_long_reductions(name: str, shape: tuple[int, int], way: dict[str, Any]) -> None:
    def build(b: Builder, x: Value) -> list[Value]:
        return [REDUCTIONS[name](b, x, axes) for axes in ((0,), (1,), (0, 1))]

    check(build, [integers(shape)], names_of(2, True), rtol=1e-6, **way)


def test_a_sum_of_everything_takes_in_what_is_read_beside_it() -> None:
    def build(b: Builder, x: Value, y: Value) -> tuple[Value, Value]:
        beside = b.multiply(y, y)
        total = b.broadcast_to(b.reduce_sum(x), b.shape(x))
        return b.add(beside, b.multiply(x, total)), b.reduce_sum(b.multiply(beside, x))

    check(build, [integers((5, 3)), integers((5, 3))])
