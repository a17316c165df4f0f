"""scatter and dynamic_update_slice, compiled."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from flowc.ir import dtypes
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitives.indexing import ScatterDimensionNumbers
from tests.passes.lowering.harness import WAYS, check, few_examples, ways

Array = NDArray[Any]
ROWS = ScatterDimensionNumbers((1,), (0,), (), (), (0,), 1)


def integers(seed: int, shape: tuple[int, ...], dtype: Any = np.float32) -> Array:
    return np.random.default_rng(seed).integers(-9, 9, shape).astype(dtype)


def indices(seed: int, shape: tuple[int, ...], size: int) -> Array:
    return np.random.default_rng(seed).integers(-2, size + 2, shape).astype(np.int32)


def add_rows(b: Builder, x: Value, i: Value, u: Value) -> Value:
    return b.scatter(x, i, u, ROWS, b.or_ if x.type.dtype.is_bool else b.add)


@few_examples
@given(
    st.integers(1, 20),
    st.integers(0, 40),
    st.sampled_from([0, 1, 7, 16, 33]),
    st.sampled_from([np.float32, np.float64, np.int8, np.float16, np.complex64, np.bool_]),
    st.booleans(),
    st.booleans(),
    ways,
)
def test_rows(
    size: int,
    count: int,
    width: int,
    dtype: Any,
    symbolic: bool,
    donated: bool,
    way: dict[str, Any],
) -> None:
    arrays = [
        integers(0, (size, width), dtype),
        indices(1, (count, 1), size),
        integers(2, (count, width), dtype),
    ]
    names = [("n", "d"), ("k", None), ("k", "d")] if symbolic else None
    compiled = check(add_rows, arrays, names, donated={0: 0} if donated else None, **way)
    assert compiled.lowered.places == ((0,) if donated else (3,))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("combine", ["add", "maximum", "replace"])
def test_many_rows_divided_between_threads(combine: str, way: dict[str, Any]) -> None:
    arrays = [integers(0, (300, 64)), indices(1, (2000, 1), 300), integers(2, (2000, 64))]

    def build(b: Builder, x: Value, i: Value, u: Value) -> Value:
        body = (lambda old, new: new) if combine == "replace" else getattr(b, combine)
        return b.scatter(x, i, u, ROWS, body)

    check(build, arrays, **way)
    check(build, arrays, [("n", "d"), ("k", None), ("k", "d")], **way)


NUMBERS: dict[str, tuple[ScatterDimensionNumbers, tuple[tuple[int, ...], ...]]] = {
    "elements": (ScatterDimensionNumbers((), (0, 1), (), (), (0, 1), 1), ((5, 7), (30, 2), (30,))),
    "axes swapped": (
        ScatterDimensionNumbers((), (0, 1), (), (), (1, 0), 0),
        ((5, 7), (2, 30), (30,)),
    ),
    "windows over the edge": (
        ScatterDimensionNumbers((1, 2), (), (), (), (0, 1), 1),
        ((9, 11), (6, 2), (6, 3, 4)),
    ),
    "columns": (ScatterDimensionNumbers((0,), (1,), (), (), (1,), 1), ((5, 7), (9, 1), (5, 9))),
    "no index vector": (
        ScatterDimensionNumbers((1,), (0,), (), (), (0,), 2),
        ((8, 5), (2, 3), (2, 5, 3)),
    ),
    "batches": (
        ScatterDimensionNumbers((2,), (1,), (0,), (0,), (1,), 2),
        ((3, 6, 5), (3, 4, 1), (3, 4, 5)),
    ),
    "one place": (ScatterDimensionNumbers((), (), (), (), (), 1), ((), (4, 0), (4,))),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NUMBERS)
def test_dimension_numbers(name: str, way: dict[str, Any]) -> None:
    numbers, (operand, index, update) = NUMBERS[name]

    def build(b: Builder, x: Value, i: Value, u: Value) -> Value:
        return b.scatter(x, i, u, numbers, b.add)

    check(build, [integers(0, operand), indices(1, index, 5), integers(2, update)], **way)


def test_a_literal_operand_needs_no_memory() -> None:
    def build(b: Builder, i: Value, u: Value) -> Value:
        return add_rows(b, b.full(0, (50, 24), dtypes.float32), i, u)

    compiled = check(build, [indices(0, (40, 1), 50), integers(1, (40, 24))])
    assert compiled.kernels == ["opaque"]


def test_a_transposed_operand_is_copied_in_order() -> None:
    def build(b: Builder, x: Value, i: Value, u: Value) -> Value:
        return add_rows(b, b.transpose(x, (1, 0)), i, u)

    check(build, [integers(2, (24, 50)), indices(0, (40, 1), 50), integers(1, (40, 24))])


def test_the_operand_is_not_overwritten_when_it_is_also_the_update() -> None:
    def build(b: Builder, x: Value, i: Value) -> Value:
        return add_rows(b, x, i, x)

    compiled = check(build, [integers(2, (9, 5)), indices(0, (9, 1), 9)], donated={0: 0})
    assert compiled.lowered.places != (0,)


def slice_updater(rank: int) -> Callable[..., Value]:
    def build(b: Builder, x: Value, u: Value, *starts: Value) -> Value:
        return b.dynamic_update_slice(x, u, list(starts))

    return build


@few_examples
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=3),
    st.lists(st.integers(-3, 12), min_size=3, max_size=3),
    st.booleans(),
    st.sampled_from([np.float32, np.int64, np.complex64]),
    ways,
)
def test_dynamic_update_slice(
    sizes: list[tuple[int, int]], starts: list[int], symbolic: bool, dtype: Any, way: dict[str, Any]
) -> None:
    shape, update = (tuple(f(pair) for pair in sizes) for f in (max, min))
    rank = len(shape)
    corner = [np.asarray(s, np.int32) for s in starts[:rank]]
    names = None
    if symbolic:
        names = [[f"{side}{a}" for a in range(rank)] for side in "xu"] + [None] * rank
    arrays = [integers(0, shape, dtype), integers(1, update, dtype), *corner]
    check(slice_updater(rank), arrays, names, **way)
    check(slice_updater(rank), arrays, names, donated={0: 0}, **way)
