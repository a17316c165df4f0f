"""fft, cholesky, lu and triangular_solve, on the last axes of batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import floordiv
from flowc.ir.tensor.core import Computation, TensorType
from flowc.ir.tensor.primitive import Array, Attributes, Primitive, Region, define
from flowc.ir.tensor.primitives.common import concrete, expect_operands, invalid, listing

Types = Sequence[TensorType]
FFT_TYPES = ("FFT", "IFFT", "RFFT", "IRFFT")
TRANSPOSES = ("NO_TRANSPOSE", "TRANSPOSE", "ADJOINT")
COMPLEX = {dtypes.float32: dtypes.complex64, dtypes.float64: dtypes.complex128}


def _infer_fft(
    types: Types, attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_operands("fft", types, 1)
    (type_,), kind, length = types, attributes["fft_type"], attributes["fft_length"]
    axes = len(length)
    halved = (*length[:-1], floordiv(length[-1], 2) + 1) if length else ()
    real = kind == "RFFT"
    expected = halved if kind == "IRFFT" else length
    if (
        kind not in FFT_TYPES
        or not 1 <= axes <= 3
        or type_.shape[type_.rank - axes :] != expected
        or not (type_.dtype in COMPLEX if real else type_.dtype.is_complex)
    ):
        raise invalid(f"fft: {kind} of length {length} is not defined for {type_}")
    outer = type_.shape[: type_.rank - axes]
    if kind == "RFFT":
        return (TensorType(COMPLEX[type_.dtype], outer + halved),)
    return (TensorType(type_.dtype.real if kind == "IRFFT" else type_.dtype, outer + length),)


def _evaluate_fft(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    (array,), length = arrays, concrete(attributes["fft_length"])
    axes = tuple(range(-len(length), 0))
    functions: dict[str, Callable[..., Array]] = {
        "FFT": np.fft.fftn,
        "IFFT": np.fft.ifftn,
        "RFFT": np.fft.rfftn,
        "IRFFT": np.fft.irfftn,
    }
    kind = attributes["fft_type"]
    dtype = dtypes.as_dtype(array.dtype)
    result = COMPLEX[dtype] if kind == "RFFT" else dtype.real if kind == "IRFFT" else dtype
    if 0 in length:  # which NumPy refuses: a sum of nothing
        last = length[-1] // 2 + 1 if kind == "RFFT" else length[-1]
        return (np.zeros((*array.shape[: -len(length)], *length[:-1], last), result.numpy),)
    return (functions[kind](array, s=length, axes=axes).astype(result.numpy),)


define(Primitive("fft", _infer_fft, _evaluate_fft))


def _expect_square(name: str, type_: TensorType) -> None:
    inexact = type_.dtype.is_floating or type_.dtype.is_complex
    if type_.rank < 2 or type_.shape[-1] != type_.shape[-2] or not inexact:
        raise invalid(f"{name} takes square matrices of floats, not {type_}")


def _infer_cholesky(
    types: Types, attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_operands("cholesky", types, 1)
    _expect_square("cholesky", types[0])
    return (types[0],)


def _adjoint(matrix: Array) -> Array:
    return np.conj(np.swapaxes(matrix, -1, -2))


def _double(array: Array) -> Array:
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _evaluate_cholesky(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    """Reads one triangle; the other of the result is zero. NaN where not positive definite."""
    matrix = _double(arrays[0])
    lower = np.tril(matrix if attributes["lower"] else _adjoint(matrix))
    whole = lower + _adjoint(np.tril(lower, -1))
    result = np.full(matrix.shape, np.nan, matrix.dtype)
    for batch in np.ndindex(matrix.shape[:-2]):
        try:
            result[batch] = np.linalg.cholesky(whole[batch])
        except np.linalg.LinAlgError:
            continue
    result = np.tril(result)
    return ((result if attributes["lower"] else _adjoint(result)).astype(arrays[0].dtype),)


define(Primitive("cholesky", _infer_cholesky, _evaluate_cholesky))


def _infer_lu(
    types: Types, attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_operands("lu", types, 1)
    _expect_square("lu", types[0])
    batch, size = types[0].shape[:-2], types[0].shape[-1]
    order = TensorType(dtypes.int32, (*batch, size))
    return types[0], order, TensorType(dtypes.int32, batch)


def _evaluate_lu(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    """Rows `order` of the matrix as a product of triangles, in one matrix; exchanges of rows."""
    factors = _double(arrays[0])
    *batch, size = arrays[0].shape[:-1]
    order = np.tile(np.arange(size, dtype=np.int32), (*batch, 1))
    swaps = np.zeros(batch, np.int32)
    with np.errstate(all="ignore"):
        for place in np.ndindex(*batch):
            swaps[place] = _eliminate(factors[place], order[place])
    return factors.astype(arrays[0].dtype), order, swaps


def _eliminate(matrix: Array, order: Array) -> int:
    """Gaussian elimination in place; a column of zeros has no multiples to take away."""
    swaps = 0
    for k in range(len(matrix)):
        magnitudes = np.abs(matrix[k:, k])
        pivot = k + int(np.argmax(np.where(np.isnan(magnitudes), -1, magnitudes)))
        matrix[[k, pivot]], order[[k, pivot]] = matrix[[pivot, k]], order[[pivot, k]]
        swaps += pivot != k
        if matrix[k, k] != 0:
            matrix[k + 1 :, k] /= matrix[k, k]
        matrix[k + 1 :, k + 1 :] -= np.outer(matrix[k + 1 :, k], matrix[k, k + 1 :])
    return swaps


define(Primitive("lu", _infer_lu, _evaluate_lu, dialect="flowc"))


def _infer_triangular_solve(
    types: Types, attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_operands("triangular_solve", types, 2)
    a, b = types
    _expect_square("triangular_solve", a)
    side = -2 if attributes["left_side"] else -1
    if (
        attributes["transpose_a"] not in TRANSPOSES
        or (a.dtype, a.shape[:-2]) != (b.dtype, b.shape[:-2])
        or a.shape[-1] != b.shape[side]
    ):
        raise invalid(f"triangular_solve: operands do not fit: {listing(types)}")
    return (b,)


def _evaluate_triangular_solve(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    a, b = map(_double, arrays)
    lower = attributes["lower"]
    a = np.tril(a) if lower else np.triu(a)
    if attributes["transpose_a"] != "NO_TRANSPOSE":
        a, lower = np.swapaxes(a, -1, -2), not lower
        a = np.conj(a) if attributes["transpose_a"] == "ADJOINT" else a
    if not attributes["left_side"]:  # x a = b is a' x' = b'
        a, lower, b = np.swapaxes(a, -1, -2), not lower, np.swapaxes(b, -1, -2)
    x = _substitute(a, b, lower, attributes["unit_diagonal"])
    x = x if attributes["left_side"] else np.swapaxes(x, -1, -2)
    return (x.astype(arrays[1].dtype),)


def _substitute(a: Array, b: Array, lower: bool, unit_diagonal: bool) -> Array:
    """a x = b row by row, from the row that holds one unknown."""
    x = np.zeros_like(b)
    size = a.shape[-1]
    with np.errstate(all="ignore"):
        for row in range(size) if lower else reversed(range(size)):
            known = np.einsum("...k,...kn->...n", a[..., row, :], x)
            rest = b[..., row, :] - known
            x[..., row, :] = rest if unit_diagonal else rest / a[..., row, row, None]
    return x


define(Primitive("triangular_solve", _infer_triangular_solve, _evaluate_triangular_solve))
