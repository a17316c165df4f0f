"""Matrix factorisations, inverses and solvers.

Inverses, determinants and systems come from factors (`Builder.lu`) and triangular systems. Least
squares and square roots run on the host in NumPy, where LAPACK does them. Gradients are those of
M. Giles, "Collected matrix derivative results" (2008) and, for the SVD and QR, of S. Walter et al.
(2012), as graph ops.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import product
from flowc.ir.tensor.builder import Builder, accumulator, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.checks import check_all
from flowc.ops.common import Tensors, abstract, conjugate, fail, or_zeros, show, static_shape
from flowc.ops.registry import GraphBuilder, Operation, Tensor, host_op, op

_TYPES = "T: {float32, float64, float16, complex}"
_SOLVABLE = "T: {bfloat16, float32, float64, float16, complex}"


def square(b: Builder, x: Value) -> Shape:
    """The shape of a batch of square matrices. Raises InvalidArgumentError."""
    shape = b.shape(x)
    require(len(shape) >= 2, f"Input tensor must have rank >= 2, got shape {show(shape)}")
    same = b.assumptions.equal(shape[-1], shape[-2])
    require(same, f"Input matrix must be square, got shape {show(shape)}")
    return b.shape(x)


def _expect_square(x: Array) -> None:
    fits = x.ndim >= 2 and x.shape[-1] == x.shape[-2]
    require(fits, f"Input matrix must be square, got shape {show(x.shape)}")


def _adjoint(x: Array) -> Array:
    return np.conj(np.swapaxes(x, -1, -2))


# Matrix products in gradients


def multiply(
    g: GraphBuilder, x: Tensor, y: Tensor, adj_x: bool = False, adj_y: bool = False
) -> Any:
    """Products of the matrices in the last two dimensions."""
    return g("BatchMatMulV2", x, y, adj_x=adj_x, adj_y=adj_y)


def hermitian(g: GraphBuilder, x: Tensor) -> Any:
    """The conjugate transpose of a graph tensor's matrices."""
    rank = g("Rank", x)
    zero, one = g.constant(0), g.constant(1)
    swapped = g("Pack", [rank - 1, rank - 2])
    order = g("ConcatV2", [g("Range", zero, rank - 2, one), swapped], zero)
    return g("ConjugateTranspose", x, order) if x.dtype.is_complex else g("Transpose", x, order)


def halved_diagonal(g: GraphBuilder, x: Tensor) -> Any:
    """The lower triangle with half of the diagonal."""
    halved = g("MatrixSetDiag", x, g("MatrixDiagPart", x) * g.constant(0.5, x.dtype))
    return lower_triangle(g, halved)


def lower_triangle(g: GraphBuilder, x: Tensor) -> Any:
    """Zeros above the diagonal."""
    return g("MatrixBandPart", x, g.constant(-1), g.constant(0))


def upper_triangle(g: GraphBuilder, x: Tensor) -> Any:
    """Zeros below the diagonal."""
    return g("MatrixBandPart", x, g.constant(0), g.constant(-1))


def _column(g: GraphBuilder, x: Tensor) -> Any:
    """Each number as a matrix of one element."""
    return g("ExpandDims", g("ExpandDims", x, g.constant(-1)), g.constant(-1))


# Cholesky


@op(f"Cholesky(input: T[...,:,:]; {_TYPES}) -> output: T")
def cholesky(b: Builder, input: Value) -> Value:
    """The lower triangular L with L L^H = input; NaN where that is not positive definite."""
    shape = square(b, input)
    factor = b.cholesky(input)
    parts = [b.real(factor), b.imag(factor)] if factor.type.dtype.is_complex else [factor]
    rank = len(shape)
    finite = [b.reduce_and(b.is_finite(part), [rank - 2, rank - 1]) for part in parts]
    valid = b.broadcast_in_dim(reduce(b.and_, finite), shape, range(rank - 2))
    row, column = (b.iota(shape, axis, dtypes.int32) for axis in (rank - 2, rank - 1))
    return b.select(b.or_(valid, b.lt(row, column)), factor, float("nan"))


@cholesky.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    factor = op.outputs[0]
    ones = g("OnesLike", g("MatrixDiagPart", factor))
    eye = g("MatrixDiag", ones)
    inverse = g("MatrixTriangularSolve", factor, eye)
    middle = halved_diagonal(g, multiply(g, factor, grad, adj_x=True))
    half = multiply(g, multiply(g, inverse, middle, adj_x=True), inverse)
    return ((half + hermitian(g, half)) * g.constant(0.5, half.dtype),)


@op("CholeskyGrad(l: T[...,:,:], grad: T; T: {float16, float32, float64}) -> output: T")
def cholesky_grad(b: Builder, factor: Value, grad: Value) -> Value:
    """The gradient of Cholesky by its input, from its result; both are read below the diagonal."""
    shape = square(b, factor)
    rank = len(shape)
    row, column = (b.iota(shape, axis, dtypes.int32) for axis in (rank - 2, rank - 1))
    factor = b.select(b.ge(row, column), factor, 0)
    lower = b.select(b.ge(row, column), grad, 0)
    middle = b.matmul(factor, lower, transpose_x=True)
    middle = b.select(b.eq(row, column), b.multiply(middle, 0.5), middle)
    middle = b.select(b.ge(row, column), middle, 0)
    # L^-H middle L^-1
    left = b.triangular_solve(factor, middle, transpose_a="ADJOINT")
    half = b.triangular_solve(factor, left, left_side=False)
    flipped = b.transpose(half, [*range(rank - 2), rank - 1, rank - 2])
    return b.multiply(b.add(half, flipped), 0.5)


# Triangular systems


@op(
    "MatrixTriangularSolve(matrix: T[...,:,:], rhs: T[...,:,:]; lower: bool = true,"
    " adjoint: bool = false,"
    f" {_SOLVABLE}) -> output: T"
)
def triangular_solve(b: Builder, matrix: Value, rhs: Value, *, lower: bool, adjoint: bool) -> Value:
    """x of matrix x = rhs, or of matrix^H x = rhs, for triangular matrices."""
    shape, right = square(b, matrix), b.shape(rhs)
    require(len(right) >= 2, f"In[1] ndims must be >= 2: {len(right)}")
    same = b.assumptions.equal(shape[-1], right[-2])
    require(same, f"In[0] and In[1] have incompatible shapes: {show(shape)} vs. {show(right)}")
    batch = b.broadcast_shapes(shape[:-2], right[:-2])
    matrix, rhs = (b.broadcast_to(v, (*batch, *b.shape(v)[-2:])) for v in (matrix, rhs))
    way = "ADJOINT" if adjoint else "NO_TRANSPOSE"
    return b.triangular_solve(matrix, rhs, lower=lower, transpose_a=way)


@triangular_solve.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    a, rhs = op.inputs
    adjoint, lower = op.get_attr("adjoint"), op.get_attr("lower")
    x = op.outputs[0]
    by_rhs = g("MatrixTriangularSolve", a, grad, lower=lower, adjoint=not adjoint)
    pair = (x, by_rhs) if adjoint else (by_rhs, x)
    by_a = -multiply(g, *pair, adj_y=True)
    by_a = lower_triangle(g, by_a) if lower else upper_triangle(g, by_a)
    return _sum_batches(g, (a, by_a), (rhs, by_rhs))


def _sum_batches(g: GraphBuilder, *pairs: tuple[Tensor, Tensor]) -> Tensors:
    """Gradients summed over the batch dimensions along which an operand was repeated."""
    first, second = (static_shape(g, x) for x, _ in pairs)
    if first is not None and second is not None and first[:-2] == second[:-2]:
        return tuple(grad for _, grad in pairs)
    sizes = [g("Shape", x) for x, _ in pairs]
    axes = g("BroadcastGradientArgs", *(size[:-2] for size in sizes))
    return tuple(
        g("Reshape", g("Sum", grad, over), size)
        for (_, grad), over, size in zip(pairs, axes, sizes, strict=True)
    )


# Inverses and determinants


@op(f"MatrixInverse(input: T[...,:,:]; adjoint: bool = false, {_TYPES}) -> output: T")
def matrix_inverse(b: Builder, input: Value, *, adjoint: bool) -> Value:
    """The inverses, or their adjoints, of square matrices."""
    shape = square(b, input)
    identity = b.convert(on_diagonal(b, shape), input.type.dtype)
    return solved(b, input, identity, adjoint, "Input is not invertible.")


def factored(b: Builder, matrix: Value) -> tuple[Value, Value, Value]:
    """`Builder.lu`; half precision is factored in float32."""
    return b.lu(b.convert(matrix, accumulator(matrix.type.dtype)))


def solved(b: Builder, matrix: Value, rhs: Value, adjoint: bool, refusal: str) -> Value:
    """x of matrix x = rhs, or of matrix^H x = rhs; the step fails where the matrix is singular."""
    factors, order, _ = factored(b, _adjoint_of(b, matrix) if adjoint else matrix)
    check_invertible(b, factors, refusal)
    rows = taken_rows(b, b.convert(rhs, factors.type.dtype), order)
    half = b.triangular_solve(factors, rows, lower=True, unit_diagonal=True)
    return b.convert(b.triangular_solve(factors, half, lower=False), rhs.type.dtype)


def _adjoint_of(b: Builder, matrix: Value) -> Value:
    rank = matrix.type.rank
    return conjugate(b, b.transpose(matrix, [*range(rank - 2), rank - 1, rank - 2]))


def check_invertible(b: Builder, factors: Value, refusal: str) -> None:
    """Fail the step where a factor that `Builder.lu` gave has a zero in its diagonal."""
    elsewhere = b.not_(on_diagonal(b, b.shape(factors)))
    check_all(b, b.or_(elsewhere, b.ne(factors, b.zeros_like(factors))), refusal)


def on_diagonal(b: Builder, shape: Shape) -> Value:
    """Bool: whether an element of a matrix is on its diagonal."""
    rank = len(shape)
    return b.eq(*(b.iota(shape, axis, dtypes.int32) for axis in (rank - 2, rank - 1)))


def taken_rows(b: Builder, matrices: Value, order: Value) -> Value:
    """The rows of each matrix of a batch in the order that a vector of numbers gives."""
    *batch, rows, columns = b.shape(matrices)
    count = product(tuple(batch))
    height = b.broadcast_to(b.size(rows, dtypes.int64), (count, rows))
    first = b.multiply(b.iota((count, rows), 0, dtypes.int64), height)
    places = b.add(b.convert(b.reshape(order, (count, rows)), dtypes.int64), first)
    if 0 in (count, rows):
        return matrices
    flat = b.reshape(matrices, (count * rows, columns))
    return b.reshape(b.take(flat, b.reshape(places, (count * rows,))), (*batch, rows, columns))


def _diagonal_of_lu(b: Builder, matrix: Value) -> tuple[Value, Value]:
    """The diagonal of the upper factor, and the sign that exchanging rows gives a determinant."""
    factors, _, swaps = factored(b, matrix)
    odd = b.eq(b.and_(swaps, 1), 1)
    sign = b.convert(b.select(odd, b.full_like(swaps, -1), b.ones_like(swaps)), factors.type.dtype)
    shape = b.shape(factors)
    kept = b.select(on_diagonal(b, shape), factors, b.zeros_like(factors))
    return b.reduce_sum(kept, [len(shape) - 1]), sign


def wide(x: Array) -> Array:
    """LAPACK has no half precision."""
    return x.astype(np.float32) if x.dtype == np.float16 else x


@matrix_inverse.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    inverse, adjoint = op.outputs[0], op.get_attr("adjoint")
    inner = multiply(g, grad, inverse, adj_x=adjoint, adj_y=not adjoint)
    return (-multiply(g, inverse, inner, adj_x=not adjoint),)


@op(f"MatrixDeterminant(input: T[...,:,:]; {_TYPES}) -> output: T")
def matrix_determinant(b: Builder, input: Value) -> Value:
    """The determinants of square matrices."""
    square(b, input)
    factors, sign = _diagonal_of_lu(b, input)
    found = b.multiply(b.reduce_prod(factors, [factors.type.rank - 1]), sign)
    return b.convert(found, input.type.dtype)


@matrix_determinant.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    inverse = g("MatrixInverse", op.inputs[0], adjoint=True)
    return (_column(g, grad * op.outputs[0]) * inverse,)


@op(f"LogMatrixDeterminant(input: T[...,:,:]; {_TYPES}) -> sign: T, log_abs_determinant: T")
def log_matrix_determinant(b: Builder, input: Value) -> tuple[Value, Value]:
    """The sign and the logarithm of the magnitude of determinants."""
    square(b, input)
    factors, sign = _diagonal_of_lu(b, input)
    last = factors.type.rank - 1
    sign = b.multiply(b.reduce_prod(b.sign(factors), [last]), sign)
    log = b.reduce_sum(b.log(b.abs(factors)), [last])
    log = b.complex(log, b.zeros_like(log)) if sign.type.dtype.is_complex else log
    return b.convert(sign, input.type.dtype), b.convert(log, input.type.dtype)


@log_matrix_determinant.gradient
def _(g: GraphBuilder, op: Operation, _sign: Tensor | None, grad: Tensor | None) -> Tensors:
    grad = or_zeros(g, grad, op.outputs[1])
    inverse = g("MatrixInverse", op.inputs[0], adjoint=True)
    return (_column(g, grad) * inverse,)


# Linear systems


@op(
    f"MatrixSolve(matrix: T[...,:,:], rhs: T[...,:,:]; adjoint: bool = false, {_TYPES})"
    f" -> output: T"
)
def matrix_solve(b: Builder, matrix: Value, rhs: Value, *, adjoint: bool) -> Value:
    """x of matrix x = rhs, or of matrix^H x = rhs."""
    shape, right = square(b, matrix), b.shape(rhs)
    fits = len(right) == len(shape) and b.assumptions.equal_shapes(shape[:-1], right[:-1])
    require(fits, f"Input matrix and rhs must have same number of rows: {show(right)}")
    return solved(b, matrix, rhs, adjoint, "Input matrix is not invertible.")


@matrix_solve.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    adjoint, x = op.get_attr("adjoint"), op.outputs[0]
    by_rhs = g("MatrixSolve", op.inputs[0], grad, adjoint=not adjoint)
    pair = (x, by_rhs) if adjoint else (by_rhs, x)
    return -multiply(g, *pair, adj_y=True), by_rhs


@host_op(
    "MatrixSolveLs(matrix: T[...,:,:], rhs: T[...,:,:], l2_regularizer: float64[];"
    " T: {float64, float32, complex},"
    " fast: bool = true) -> output: T"
)
def matrix_solve_ls(matrix: Array, rhs: Array, l2_regularizer: Array, *, fast: bool) -> Array:
    """The regularised least-squares solution: by normal equations, or (not fast) by the SVD."""
    require(matrix.shape[-2] == rhs.shape[-2], "Input matrix and rhs must have same number of rows")
    if not fast:
        return np.asarray(np.linalg.pinv(matrix) @ rhs, rhs.dtype)
    rows, columns = matrix.shape[-2:]
    require(bool(l2_regularizer >= 0), "l2_regularizer must be >= 0.")
    adjoint, ridge = _adjoint(matrix), l2_regularizer.astype(matrix.dtype)
    if rows >= columns:
        gram = adjoint @ matrix + ridge * np.eye(columns, dtype=matrix.dtype)
        return np.asarray(np.linalg.solve(gram, adjoint @ rhs), rhs.dtype)
    gram = matrix @ adjoint + ridge * np.eye(rows, dtype=matrix.dtype)
    return np.asarray(adjoint @ np.linalg.solve(gram, rhs), rhs.dtype)


@matrix_solve_ls.infer
def _(b: Builder, matrix: Value, rhs: Value, l2_regularizer: Value, *, fast: bool) -> Value:
    *batch, _, columns = b.shape(matrix)
    return abstract(b, rhs.type.dtype, *batch, columns, b.shape(rhs)[-1])


@matrix_solve_ls.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    if not op.get_attr("fast"):
        raise fail("Gradient not defined for fast=False")
    shape = g.shape_of(op.inputs[0])
    if shape is None or shape[-1] is None or shape[-2] is None:
        raise fail("the gradient of MatrixSolveLs needs known matrix sizes")
    over = shape[-2] >= shape[-1]
    return (*(_overdetermined if over else _underdetermined)(g, op, grad), None)


def _gram_cholesky(g: GraphBuilder, op: Operation, first: bool) -> Any:
    """The factor of a^H a + l2, or of a a^H + l2."""
    a, _, ridge = op.inputs
    gram = multiply(g, a, a, adj_x=first, adj_y=not first)
    diagonal = g("MatrixDiagPart", gram)
    return g("Cholesky", g("MatrixSetDiag", gram, diagonal + g("Cast", ridge, DstT=a.dtype)))


def _cholesky_solve(g: GraphBuilder, factor: Tensor, rhs: Tensor) -> Any:
    half = g("MatrixTriangularSolve", factor, rhs, lower=True, adjoint=False)
    return g("MatrixTriangularSolve", factor, half, lower=True, adjoint=True)


def _overdetermined(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    a, rhs, _ = op.inputs
    x = op.outputs[0]
    z = _cholesky_solve(g, _gram_cholesky(g, op, True), grad)
    xz = multiply(g, x, z, adj_y=True)
    by_a = multiply(g, rhs, z, adj_y=True) - multiply(g, a, xz + hermitian(g, xz))
    return by_a, multiply(g, a, z)


def _underdetermined(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    a, rhs, _ = op.inputs
    factor = _gram_cholesky(g, op, False)
    by_rhs = _cholesky_solve(g, factor, multiply(g, a, grad))
    inner = _cholesky_solve(g, factor, rhs)
    left = multiply(g, inner, grad - multiply(g, a, by_rhs, adj_x=True), adj_y=True)
    right = multiply(g, by_rhs, multiply(g, a, inner, adj_x=True), adj_y=True)
    return left - right, by_rhs


# Functions of matrices


@host_op(f"MatrixSquareRoot(input: T[...,:,:]; {_TYPES}) -> output: T")
def matrix_square_root(input: Array) -> Array:
    """The principal square roots; NaN where a real matrix has none that is real."""
    _expect_square(input)
    result = np.empty(input.shape, complex)
    for place in np.ndindex(*input.shape[:-2]):
        result[place] = _root(input[place])
    return (result if input.dtype.kind == "c" else result.real).astype(input.dtype)


_WELL_CONDITIONED = 1e6  # of eigenvectors, whose inverse then costs less than half of the digits


def _root(matrix: Array) -> Array:
    """The principal square root of one matrix, by its eigenvectors where they are far apart."""
    nothing = np.full(matrix.shape, np.nan)
    if not np.isfinite(matrix).all():
        return nothing
    values, vectors = np.linalg.eig(wide(matrix))
    if matrix.dtype.kind != "c" and ((values.imag == 0) & (values.real < 0)).any():
        return nothing
    if matrix.size and np.linalg.cond(vectors) > _WELL_CONDITIONED:
        return _iterated_root(wide(matrix))
    return np.asarray((vectors * np.sqrt(values.astype(complex))) @ np.linalg.inv(vectors))


def _iterated_root(matrix: Array) -> Array:
    """Denman and Beavers 1976: two sequences that converge to the root and its inverse."""
    root, inverse = matrix.astype(complex), np.eye(len(matrix), dtype=complex)
    for _ in range(50):
        try:
            following = (root + np.linalg.inv(inverse)) / 2
            inverse = (inverse + np.linalg.inv(root)) / 2
        except np.linalg.LinAlgError:
            return np.full(matrix.shape, np.nan)  # a singular matrix need not have a root
        change, root = np.abs(following - root).max(), following
        if change <= 1e-15 * np.abs(root).max():
            break
    return root


@matrix_square_root.infer
def _(b: Builder, input: Value) -> Value:
    return abstract(b, input.type.dtype, *square(b, input))


@matrix_square_root.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    """The Sylvester equation S^T X + X S^T = grad as one linear system of n*n unknowns."""
    root = _plain_transpose(g, op.outputs[0])
    size = g("Shape", root)
    batch, n = size[:-2], g("GatherV2", size, g("Size", size) - 1, g.constant(0))
    eye = g("MatrixDiag", g("OnesLike", g("MatrixDiagPart", root)))
    left = _kronecker(g, eye, root, batch, n)
    right = _kronecker(g, _plain_transpose(g, root), eye, batch, n)
    flat = g("ConcatV2", [batch, g("Pack", [n * n, g.constant(1)])], g.constant(0))
    vector = g("Reshape", _plain_transpose(g, grad), flat)
    solved = g("MatrixSolve", left + right, vector)
    return (_plain_transpose(g, g("Reshape", solved, size)),)


def _plain_transpose(g: GraphBuilder, x: Tensor) -> Any:
    """The transpose, without conjugation."""
    adjoint = hermitian(g, x)
    return g("Conj", adjoint) if x.dtype.is_complex else adjoint


def _kronecker(g: GraphBuilder, x: Tensor, y: Tensor, batch: Tensor, n: Tensor) -> Any:
    """The Kronecker product of two n by n matrices."""
    one, zero = g.constant(1), g.constant(0)
    wide = g("ConcatV2", [batch, g("Pack", [n, one, n, one])], zero)
    inner = g("ConcatV2", [batch, g("Pack", [one, n, one, n])], zero)
    product = g("Reshape", x, wide) * g("Reshape", y, inner)
    return g("Reshape", product, g("ConcatV2", [batch, g("Pack", [n * n, n * n])], zero))
