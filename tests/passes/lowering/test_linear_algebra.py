"""cholesky and triangular_solve, compiled."""

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
FLOATS = st.sampled_from([np.float32, np.float64, np.complex64, np.complex128])


def random(shape: tuple[int, ...], dtype: Any) -> Array:
    generator = np.random.default_rng(11)
    values = generator.uniform(-1, 1, shape)
    if np.dtype(dtype).kind == "c":
        values = values + 1j * generator.uniform(-1, 1, shape)
    return values.astype(dtype)


def definite(shape: tuple[int, ...], dtype: Any) -> Array:
    x = random(shape, dtype)
    product = x @ np.conj(np.swapaxes(x, -1, -2)) + 2 * np.eye(shape[-1])
    return np.asarray(product, dtype)


@few_examples
@given(st.sampled_from([(), (1,), (3,)]), st.integers(0, 20), FLOATS, st.booleans(), ways)
def test_cholesky(
    batch: tuple[int, ...], size: int, dtype: Any, lower: bool, way: dict[str, Any]
) -> None:
    matrix = definite((*batch, size, size), dtype)
    names = [(*(f"b{n}" for n in range(len(batch))), "n", "n")]
    for sizes in (None, names):
        check(lambda b, x: b.cholesky(x, lower), [matrix], sizes, rtol=1e-5, **way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_matrices_that_are_not_definite_give_nan(place: int, way: dict[str, Any]) -> None:
    matrices = definite((3, 5, 5), np.float32)
    matrices[1, place, place] = -1
    for lower in (True, False):
        check(lambda b, x, lower=lower: b.cholesky(x, lower), [matrices], rtol=1e-5, **way)


@few_examples
@given(
    st.sampled_from([(), (3,)]),
    st.integers(0, 12),
    st.sampled_from([0, 1, 5, 70]),
    FLOATS,
    st.tuples(*[st.booleans()] * 4),
    st.sampled_from(["NO_TRANSPOSE", "TRANSPOSE", "ADJOINT"]),
    ways,
)
def test_triangular_solve(
    batch: tuple[int, ...],
    size: int,
    columns: int,
    dtype: Any,
    flags: tuple[bool, ...],
    transpose: str,
    way: dict[str, Any],
) -> None:
    left, lower, unit, symbolic = flags

    def build(b: Builder, a: Value, known: Value) -> Value:
        return b.triangular_solve(
            a,
            known,
            left_side=left,
            lower=lower,
            unit_diagonal=unit,
            transpose_a=transpose,
        )

    matrix = random((*batch, size, size), dtype) / 4 + np.eye(size, dtype=dtype)
    sides = (size, columns) if left else (columns, size)
    outer = [f"b{n}" for n in range(len(batch))]
    names = [(*outer, "n", "n"), (*outer, *(("n", "m") if left else ("m", "n")))]
    arrays = [matrix.astype(dtype), random((*batch, *sides), dtype)]
    check(build, arrays, names if symbolic else None, rtol=1e-4, **way)


@few_examples
@given(st.sampled_from([(), (1,), (3,)]), st.sampled_from([0, 1, 2, 5, 33, 70]), FLOATS, ways)
def test_lu(batch: tuple[int, ...], size: int, dtype: Any, way: dict[str, Any]) -> None:
    matrix = random((*batch, size, size), dtype)
    names = [(*(f"b{n}" for n in range(len(batch))), "n", "n")]
    for sizes in (None, names):
        check(lambda b, x: b.lu(x), [matrix], sizes, rtol=1e-5, **way)


@pytest.mark.parametrize("way", WAYS)
def test_lu_of_singular_matrices_has_a_zero(way: dict[str, Any]) -> None:
    matrices = np.array([[[1, 2, 3], [2, 4, 6], [1, 1, 1]], np.zeros((3, 3))], np.float64)
    check(lambda b, x: b.lu(x), [matrices], rtol=1e-12, **way)
