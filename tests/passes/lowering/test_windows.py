"""reduce_window with large or cumulative windows, and select_and_scatter, compiled."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from flowc.ir.dims import Dim, floordiv
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from tests.passes.lowering.harness import WAYS, check, few_examples, ways

Array = NDArray[Any]
Pads = tuple[tuple[int, int], ...]


def integers(shape: tuple[int, ...], dtype: Any = np.float32) -> Array:
    return np.random.default_rng(3).integers(-5, 5, shape).astype(dtype)


def cumulative(axis: int, reverse: bool, exclusive: bool) -> Callable[..., Value]:
    def build(b: Builder, x: Value) -> Value:
        size, rank = x.type.shape[axis], x.type.rank
        low, high = (size, -1) if exclusive else (size - 1, 0)
        padding: list[tuple[Dim, Dim]] = [(0, 0)] * rank
        padding[axis] = (high, low) if reverse else (low, high)
        window: list[Dim] = [1] * rank
        window[axis] = size
        start = b.scalar(0, x.type.dtype)
        return b.reduce_window([x], [start], b.add, window_dimensions=window, padding=padding)[0]

    return build


@few_examples
@given(
    st.tuples(*[st.sampled_from([1, 2, 9, 21])] * 3),
    st.integers(0, 2),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([np.float32, np.int64, np.float16, np.complex64]),
    ways,
)
def test_cumulative_sums(
    shape: tuple[int, ...],
    axis: int,
    reverse: bool,
    exclusive: bool,
    symbolic: bool,
    dtype: Any,
    way: dict[str, Any],
) -> None:
    names = [("a", "b", "c")] if symbolic else None
    check(cumulative(axis, reverse, exclusive), [integers(shape, dtype)], names, **way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (40, 3000), (3000, 40)])
def test_cumulative_sums_of_symbolic_sizes(shape: tuple[int, ...], way: dict[str, Any]) -> None:
    for axis in (0, 1):
        check(cumulative(axis, False, False), [integers(shape)], [("a", "b")], **way)


@pytest.mark.parametrize("way", WAYS)
def test_large_windows(way: dict[str, Any]) -> None:
    def plain(b: Builder, x: Value) -> Value:
        window = (1, 13, 13, 1)
        start = b.scalar(0, x.type.dtype)
        return b.reduce_window([x], [start], b.add, window_dimensions=window)[0]

    def padded(b: Builder, x: Value) -> Value:
        return b.reduce_window(
            [x],
            [b.scalar(0, x.type.dtype)],
            b.add,
            window_dimensions=(1, 130, 2, 1),
            window_strides=(1, 1, 2, 1),
            base_dilations=(1, 3, 1, 1),
            window_dilations=(1, 1, 3, 1),
            padding=((0, 0), (60, 60), (2, 1), (0, 0)),
        )[0]

    x = integers((2, 30, 29, 5))
    for build in (plain, padded):
        check(build, [x], **way)
        check(build, [x], [("n", None, None, "c")], **way)


@pytest.mark.parametrize("read", [slice(0, 2), slice(1, 2)])
def test_windows_over_two_tensors(read: slice) -> None:
    def build(b: Builder, x: Value, y: Value) -> tuple[Value, ...]:
        def better(a: Value, i: Value, c: Value, j: Value) -> list[Value]:
            keep = b.compare(a, c, "GE")
            return [b.select(keep, a, c), b.select(keep, i, j)]

        start = [b.scalar(-9, x.type.dtype), b.scalar(0, y.type.dtype)]
        return b.reduce_window(
            [x, y], start, better, window_dimensions=(2, 3), window_strides=(1, 2)
        )[read]

    x = integers((13, 17))
    check(build, [x, np.arange(x.size, dtype=np.int32).reshape(x.shape)])


def pooling_gradient(
    window: tuple[int, ...], strides: tuple[int, ...], padding: Pads
) -> Callable[..., Value]:
    def build(b: Builder, x: Value, source: Value) -> Value:
        return b.select_and_scatter(
            x,
            source,
            b.scalar(0, x.type.dtype),
            lambda a, c: b.compare(a, c, "GE"),
            b.add,
            window_dimensions=window,
            window_strides=strides,
            padding=padding,
        )

    return build


def source_shape(x: Array, window: tuple[int, ...], strides: tuple[int, ...], pads: Pads) -> Any:
    sizes = zip(x.shape, window, strides, pads, strict=True)
    return tuple(floordiv(d + low + high - k, s) + 1 for d, k, s, (low, high) in sizes)


EXTENTS = st.tuples(st.integers(1, 3), st.integers(1, 4), st.integers(0, 1), st.integers(0, 1))


@few_examples
@given(
    EXTENTS,
    EXTENTS,
    st.sampled_from([1, 3, 16, 20]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([np.float32, np.float16, np.int32]),
    ways,
)
def test_max_pooling_gradient(
    rows: tuple[int, ...],
    columns: tuple[int, ...],
    features: int,
    channels_first: bool,
    symbolic: bool,
    dtype: Any,
    way: dict[str, Any],
) -> None:
    order = [0, 3, 1, 2] if channels_first else [0, 1, 2, 3]
    parts = [(1, 1, 0, 0), rows, columns, (1, 1, 0, 0)]
    shape = (2, 7, 8, features)
    window, strides = (tuple(parts[a][k] for a in order) for k in (0, 1))
    pads = tuple((min(p[2], p[0] - 1), min(p[3], p[0] - 1)) for p in (parts[a] for a in order))
    x = integers(tuple(shape[a] for a in order), dtype)
    source = integers(source_shape(x, window, strides, pads), dtype)
    names = [("n", None, None, None)] * 2 if symbolic else None
    check(pooling_gradient(window, strides, pads), [x, source], names, **way)


@pytest.mark.parametrize("way", WAYS)
def test_gradient_of_large_pooling_windows(way: dict[str, Any]) -> None:
    window, strides, pads = (1, 12, 12, 1), (1, 2, 1, 1), ((0, 0), (1, 0), (0, 1), (0, 0))
    x = integers((2, 19, 14, 5))
    source = integers(source_shape(x, window, strides, pads))
    build = pooling_gradient(window, strides, pads)
    check(build, [x, source], [("n", None, None, "c")] * 2, **way)


@pytest.mark.parametrize("way", WAYS)
def test_windows_that_select_nothing(way: dict[str, Any]) -> None:
    window, pads = (1, 2, 2, 1), ((0, 0), (2, 2), (2, 2), (0, 0))
    x = integers((1, 3, 3, 4))
    source = integers(source_shape(x, window, window, pads))
    check(pooling_gradient(window, window, pads), [x, source], **way)
