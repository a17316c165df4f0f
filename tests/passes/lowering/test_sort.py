"""sort, compiled."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from tests.passes.lowering.harness import WAYS, check, few_examples, ways

Array = NDArray[Any]


def with_numbers(axis: int, direction: str) -> Callable[..., tuple[Value, ...]]:
    """Sorts values together with where they were, so that the order must be stable."""

    def build(b: Builder, x: Value, places: Value) -> tuple[Value, ...]:
        return b.sort([x, places], axis, lambda a, c, i, j: b.compare(a, c, direction))

    return build


def inputs(shape: tuple[int, ...], dtype: Any = np.float32) -> list[Array]:
    values = np.random.default_rng(5).integers(-20, 20, shape).astype(dtype)
    return [values, np.arange(values.size, dtype=np.int32).reshape(shape)]


@few_examples
@given(
    st.tuples(*[st.sampled_from([1, 2, 5, 70])] * 3),
    st.integers(0, 2),
    st.sampled_from(["LT", "GT"]),
    st.sampled_from([np.float32, np.int8, np.float64, np.float16, np.int64]),
    st.booleans(),
    ways,
)
def test_rows(
    shape: tuple[int, ...],
    axis: int,
    direction: str,
    dtype: Any,
    symbolic: bool,
    way: dict[str, Any],
) -> None:
    names = [("a", "b", "c")] * 2 if symbolic else None
    check(with_numbers(axis, direction), inputs(shape, dtype), names, **way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 128, 129, 1000, 5000, 20_000])
def test_sizes(size: int, way: dict[str, Any]) -> None:
    if size:
        check(with_numbers(0, "LT"), inputs((size,)), **way)
    check(with_numbers(0, "GT"), inputs((size,)), [("n",)] * 2, **way)


@pytest.mark.parametrize("size", [10, 300])
def test_values_that_nothing_reads(size: int) -> None:
    check(lambda b, x, i: with_numbers(0, "GT")(b, x, i)[1], inputs((size,)))
