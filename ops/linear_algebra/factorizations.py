"""LU; and host kernels (LAPACK by NumPy): QR, singular values, eigenvalues, tridiagonal systems.

Gradients follow Walter, Lehmann and Lamour (2012) for QR and Townsend (2016) for the SVD.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from flowc.ir.dims import minimum
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, UnknownValue, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import Tensors, abstract, fail, or_zeros, show
from flowc.ops.linear_algebra.solvers import (
    check_invertible,
    factored,
    halved_diagonal,
    hermitian,
    lower_triangle,
    multiply,
    square,
    wide,
)
from flowc.ops.registry import GraphBuilder, Operation, Tensor, host_op, op

_TYPES = "T: {float64, float32, float16, complex}"


def _matrices(x: Array) -> None:
    require(x.ndim >= 2, f"Input must have rank >= 2, got {show(x.shape)}")


# QR


@host_op(f"Qr(input: T[...,:,:]; full_matrices: bool = false, {_TYPES}) -> q: T, r: T")
def qr(input: Array, *, full_matrices: bool) -> tuple[Array, Array]:
    """input = q r with orthonormal columns of q and upper triangular r."""
    _matrices(input)
    q, r = np.linalg.qr(wide(input), "complete" if full_matrices else "reduced")
    return np.ascontiguousarray(q, input.dtype), np.ascontiguousarray(r, input.dtype)


@qr.infer
def _(b: Builder, input: Value, *, full_matrices: bool) -> tuple[Value, ...]:
    *batch, rows, columns = b.shape(input)
    inner = rows if full_matrices else minimum(rows, columns)
    dtype = input.type.dtype
    return abstract(b, dtype, *batch, rows, inner), abstract(b, dtype, *batch, inner, columns)


@qr.gradient
def _(g: GraphBuilder, op: Operation, dq: Tensor | None, dr: Tensor | None) -> Tensors:
    q, r = op.outputs
    dq, dr = or_zeros(g, dq, q), or_zeros(g, dr, r)
    shape = g.shape_of(op.inputs[0])
    if shape is None or shape[-1] is None or shape[-2] is None:
        raise fail("the gradient of Qr needs known matrix sizes")
    rows, columns = shape[-2], shape[-1]
    if op.get_attr("full_matrices") and rows != columns:
        raise fail(f"QrGrad not implemented when nrows != ncols and full_matrices: {shape}")
    if rows >= columns:
        return (_deep_qr_gradient(g, q, r, dq, dr),)
    a = op.inputs[0]
    left, right = (slice(None, rows), slice(rows, None))
    y, u, du, dv = a[..., :, right], r[..., :, left], dr[..., :, left], dr[..., :, right]
    dy = multiply(g, q, dv)
    dx = _deep_qr_gradient(g, q, u, dq + multiply(g, y, dv, adj_y=True), du)
    return (g("ConcatV2", [dx, dy], g.constant(-1)),)


def _times_inverse(g: GraphBuilder, x: Tensor, r: Tensor) -> Any:
    """x r^-H for upper triangular r."""
    solved = g("MatrixTriangularSolve", r, hermitian(g, x), lower=False, adjoint=False)
    return hermitian(g, solved)


def _deep_qr_gradient(g: GraphBuilder, q: Tensor, r: Tensor, dq: Tensor, dr: Tensor) -> Any:
    qdq, rdr = multiply(g, q, dq, adj_x=True), multiply(g, r, dr, adj_y=True)
    skew = qdq - hermitian(g, qdq) + rdr - hermitian(g, rdr)
    first = multiply(g, q, dr + _times_inverse(g, lower_triangle(g, skew), r))
    result = first + _times_inverse(g, dq - multiply(g, q, qdq), r)
    if not q.dtype.is_complex:
        return result
    m = rdr - hermitian(g, qdq)
    diagonal = g("MatrixDiag", g("MatrixDiagPart", m))
    real = g("Real", diagonal, Tout=q.dtype.real)
    imaginary = diagonal - g("Complex", real, g("ZerosLike", real), Tout=q.dtype)
    return result + _times_inverse(g, multiply(g, q, hermitian(g, imaginary)), r)


# Eigenvalues


@host_op(f"SelfAdjointEigV2(input: T[...,:,:]; compute_v: bool = true, {_TYPES}) -> e: T, v: T")
def self_adjoint_eig(input: Array, *, compute_v: bool) -> tuple[Array, Array]:
    """Eigenvalues in ascending order and eigenvectors of self-adjoint matrices (lower half)."""
    _matrices(input)
    require(input.shape[-1] == input.shape[-2], f"Input matrix must be square: {show(input.shape)}")
    finite = bool(np.isfinite(np.tril(input)).all())
    require(
        finite, "Self-adjoint eigen decomposition was not successful. The input might not be valid."
    )
    if not compute_v:
        return np.linalg.eigvalsh(wide(input)).astype(input.dtype), np.zeros((0,), input.dtype)
    e, v = np.linalg.eigh(wide(input))
    return e.astype(input.dtype), np.ascontiguousarray(v, input.dtype)


@self_adjoint_eig.infer
def _(b: Builder, input: Value, *, compute_v: bool) -> tuple[Value, ...]:
    shape = square(b, input)
    dtype = input.type.dtype
    return abstract(b, dtype, *shape[:-1]), abstract(b, dtype, *(shape if compute_v else (0,)))


@host_op(
    "Eig(input: T[...,:,:]; compute_v: bool = true, T: {float32, float64, complex},"
    " Tout: {complex}) -> e: Tout, v: Tout"
)
def eig(input: Array, *, compute_v: bool, Tout: DType) -> tuple[Array, Array]:
    """Eigenvalues and eigenvectors of any square matrices, in no order."""
    _matrices(input)
    precise = input.dtype.char in "dD"
    require(Tout.size == (16 if precise else 8), f"Invalid output dtype {Tout.name}")
    require(input.shape[-1] == input.shape[-2], f"Input matrix must be square: {show(input.shape)}")
    require(
        bool(np.isfinite(input).all()),
        "Eigen decomposition was not successful. The input might not be valid.",
    )
    if not compute_v:
        return np.linalg.eigvals(wide(input)).astype(Tout.numpy), np.zeros((0,), Tout.numpy)
    e, v = np.linalg.eig(wide(input))
    return e.astype(Tout.numpy), np.ascontiguousarray(v, Tout.numpy)


@eig.infer
def _(b: Builder, input: Value, *, compute_v: bool, Tout: DType) -> tuple[Value, ...]:
    shape = square(b, input)
    return abstract(b, Tout, *shape[:-1]), abstract(b, Tout, *(shape if compute_v else (0,)))


def _safe_reciprocal(g: GraphBuilder, x: Tensor) -> Any:
    """1 / x, and 0 where x is 0."""
    return x * g("Reciprocal", g("Square", x) + g.constant(1e-20, x.dtype))


def _last_two(g: GraphBuilder, x: Tensor) -> tuple[Any, Any]:
    """A vector as a row and as a column."""
    return g("ExpandDims", x, g.constant(-2)), g("ExpandDims", x, g.constant(-1))


@self_adjoint_eig.gradient
def _(g: GraphBuilder, op: Operation, de: Tensor | None, dv: Tensor | None) -> Tensors:
    e, v = op.outputs
    de = or_zeros(g, de, e)
    middle = g("MatrixDiag", de)
    if op.get_attr("compute_v"):
        row, column = _last_two(g, e)
        if dv is not None:
            gaps = g("MatrixSetDiag", _safe_reciprocal(g, row - column), g("ZerosLike", e))
            middle = middle + gaps * multiply(g, v, dv, adj_x=True)
    else:
        _, v = g("SelfAdjointEigV2", op.inputs[0])
    whole = multiply(g, v, multiply(g, middle, v, adj_y=True))
    return (halved_diagonal(g, whole + hermitian(g, whole)),)


# Singular values


@host_op(
    f"Svd(input: T[...,:,:]; compute_uv: bool = true, full_matrices: bool = false, {_TYPES})"
    " -> s: T, u: T, v: T"
)
def svd(input: Array, *, compute_uv: bool, full_matrices: bool) -> tuple[Array, ...]:
    """input = u diag(s) v^H with descending s."""
    _matrices(input)
    valid = np.isfinite(input).all(axis=(-2, -1), keepdims=True)
    nan = np.where(valid, 0, np.nan).astype(input.dtype)
    matrices = np.where(valid, wide(input), 0)  # LAPACK gives up on a batch with NaN
    if not compute_uv:
        s = np.linalg.svd(matrices, compute_uv=False).astype(input.dtype) + nan[..., 0]
        return s, np.zeros((), input.dtype), np.zeros((), input.dtype)
    u, s, vh = np.linalg.svd(matrices, full_matrices=full_matrices)
    u, s, v = u + nan, s + nan[..., 0], np.conj(np.swapaxes(vh, -1, -2)) + nan
    return s.astype(input.dtype), *(np.ascontiguousarray(m, input.dtype) for m in (u, v))


@svd.infer
def _(
    b: Builder, input: Value, *, compute_uv: bool, full_matrices: bool
) -> tuple[Value | UnknownValue, ...]:
    *batch, rows, columns = b.shape(input)
    inner, dtype = minimum(rows, columns), input.type.dtype
    s = abstract(b, dtype, *batch, inner)
    if not compute_uv:  # TensorFlow infers empty vectors, and gives scalars
        return s, UnknownValue(dtype), UnknownValue(dtype)
    left, right = (rows, columns) if full_matrices else (inner, inner)
    return s, abstract(b, dtype, *batch, rows, left), abstract(b, dtype, *batch, columns, right)


@svd.gradient
def _(
    g: GraphBuilder, op: Operation, ds: Tensor | None, du: Tensor | None, dv: Tensor | None
) -> Tensors:
    a, s = op.inputs[0], op.outputs[0]
    if a.dtype.is_complex and not op.get_attr("compute_uv"):
        raise fail("SVD gradient of complex matrices needs compute_uv")
    ds = or_zeros(g, ds, s)
    if not op.get_attr("compute_uv"):
        _, u, v = g("Svd", a, compute_uv=True)
        return (multiply(g, u, multiply(g, g("MatrixDiag", ds), v, adj_y=True)),)
    shape = g.shape_of(a)
    if shape is None or shape[-1] is None or shape[-2] is None:
        raise fail(
            "SVD gradient has not been implemented for input with unknown inner matrix shape"
        )
    rows, columns = shape[-2], shape[-1]
    if op.get_attr("full_matrices") and abs(rows - columns) > 1:
        raise fail("svd gradient is not implemented for abs(m - n) > 1 when full_matrices is True")
    # A wide matrix is treated as its adjoint, which exchanges u and v.
    u, v = op.outputs[1:]
    wide = rows < columns
    if wide:
        u, v, du, dv = v, u, dv, du
    result = _tall_svd_gradient(g, s, u, v, ds, du, dv, max(rows, columns), min(rows, columns))
    return (hermitian(g, result) if wide else result,)


def _tall_svd_gradient(
    g: GraphBuilder,
    s: Tensor,
    u: Tensor,
    v: Tensor,
    ds: Tensor,
    du: Tensor | None,
    dv: Tensor | None,
    rows: int,
    columns: int,
) -> Any:
    thin = u[..., :, :columns]
    middle = g("MatrixDiag", ds)
    row, column = _last_two(g, g("Square", s))
    gaps = g("MatrixSetDiag", _safe_reciprocal(g, row - column), g("ZerosLike", s))
    scale = g("MatrixDiag", s)
    result = None
    if du is not None:
        udu = multiply(g, thin, du[..., :, :columns], adj_x=True)
        f = gaps * udu
        middle = middle + multiply(g, f + hermitian(g, f), scale)
        if rows > columns:
            rest = du[..., :, :columns] - multiply(g, thin, udu)
            inverse = g("ExpandDims", g("Reciprocal", s), g.constant(-2))
            result = multiply(g, rest * inverse, v, adj_y=True)
    if dv is not None:
        f = gaps * multiply(g, v, dv, adj_x=True)
        middle = middle + multiply(g, scale, f + hermitian(g, f))
    main = multiply(g, thin, multiply(g, middle, v, adj_y=True))
    return main if result is None else main + result


# LU


@op(
    "Lu(input: T[...,:,:]; output_idx_type: {index} = int32, T: {float64, float32,"
    " float16, complex})"
    " -> lu: T, p: output_idx_type"
)
def lu(b: Builder, input: Value, *, output_idx_type: DType) -> tuple[Value, Value]:
    """Rows p of the input as a unit lower times an upper triangular matrix, in one matrix."""
    square(b, input)
    factors, order, _ = factored(b, input)
    check_invertible(b, factors, "Input is not invertible.")
    return b.convert(factors, input.type.dtype), b.convert(order, output_idx_type)


# Tridiagonal systems


@host_op(
    "TridiagonalMatMul(superdiag: T[...,:,:], maindiag: T[...,:,:], subdiag: T[...,:,:],"
    " rhs: T[...,:,:]; T: {float64, float32, complex}) -> output: T"
)
def tridiagonal_matmul(upper: Array, main: Array, lower: Array, rhs: Array) -> Array:
    """A x, where the diagonals of A are rows, each as long as A is wide."""
    wanted = (*rhs.shape[:-2], 1, rhs.shape[-2])
    fits = all(diagonal.shape == wanted for diagonal in (upper, main, lower))
    require(fits, f"each diagonal must have shape {show(wanted)} for rhs {show(rhs.shape)}")
    above, on, below = (diagonal.swapaxes(-1, -2) for diagonal in (upper, main, lower))
    result = on * rhs
    result[..., :-1, :] += above[..., :-1, :] * rhs[..., 1:, :]
    result[..., 1:, :] += below[..., 1:, :] * rhs[..., :-1, :]
    return np.asarray(result)


@tridiagonal_matmul.infer
def _(b: Builder, upper: Value, main: Value, lower: Value, rhs: Value) -> Value:
    return abstract(b, rhs.type.dtype, *b.shape(rhs))


@host_op(
    "TridiagonalSolve(diagonals: T[...,:,:], rhs: T[...,:,:]; partial_pivoting: bool = true,"
    " perturb_singular: bool = false, T: {float64, float32, complex}) -> output: T"
)
def tridiagonal_solve(diagonals: Array, rhs: Array) -> Array:
    """x of A x = rhs, where the diagonals of A are super, main, sub, each as long as A is wide."""
    require(diagonals.shape[-2] == 3, f"Expected 3 diagonals got {diagonals.shape[-2]}")
    size = diagonals.shape[-1]
    require(rhs.shape[-2] == size, "The length of diagonals and the number of rows of rhs differ")
    upper, main, lower = (diagonals[..., i, :] for i in range(3))
    matrix = np.zeros((*diagonals.shape[:-2], size, size), diagonals.dtype)
    line = np.arange(size)
    matrix[..., line, line] = main
    matrix[..., line[:-1], line[1:]] = upper[..., :-1]
    matrix[..., line[1:], line[:-1]] = lower[..., 1:]
    try:
        return np.asarray(np.linalg.solve(matrix, rhs), rhs.dtype)
    except np.linalg.LinAlgError:
        raise fail("The matrix is not invertible.") from None


@tridiagonal_solve.infer
def _(b: Builder, diagonals: Value, rhs: Value) -> Value:
    return abstract(b, rhs.type.dtype, *b.shape(rhs))


@tridiagonal_solve.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    diagonals, x = op.inputs[0], op.outputs[0]
    transposed = _transposed_diagonals(g, diagonals)
    pivoting = op.get_attr("partial_pivoting")
    by_rhs = g("TridiagonalSolve", transposed, grad, partial_pivoting=pivoting)
    return _diagonal_products(g, by_rhs, x), by_rhs


def _shifted(g: GraphBuilder, x: Tensor, axis: int, by: int) -> Any:
    """x moved along an axis, with a zero where nothing comes from."""
    size = g.shape_of(x)
    if size is None:
        raise fail("the gradient of TridiagonalSolve needs a known rank")
    pads = [[0, 0] for _ in size]
    pads[axis] = [1, 0] if by > 0 else [0, 1]
    cut: list[Any] = [slice(None)] * len(size)
    cut[axis] = slice(None, -1) if by > 0 else slice(1, None)
    return g("Pad", x[tuple(cut)], g.constant(pads))


def _transposed_diagonals(g: GraphBuilder, diagonals: Tensor) -> Any:
    """The diagonals of the adjoint matrix."""
    if diagonals.dtype.is_complex:
        diagonals = g("Conj", diagonals)
    upper, main, lower = (diagonals[..., i, :] for i in range(3))
    new_upper, new_lower = _shifted(g, lower, -1, -1), _shifted(g, upper, -1, 1)
    return g("Pack", [new_upper, main, new_lower], axis=-2)


def _diagonal_products(g: GraphBuilder, y: Tensor, x: Tensor) -> Any:
    """The three diagonals of -y x^H."""
    x = g("Conj", x) if x.dtype.is_complex else x
    ahead, behind = _shifted(g, x, -2, -1), _shifted(g, x, -2, 1)
    parts = [g("Sum", -(y * other), g.constant(-1)) for other in (ahead, x, behind)]
    return g("Pack", parts, axis=-2)
