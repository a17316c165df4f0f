"""`tf.linalg`: exponentials, ranks, pseudo-inverses, least squares, tridiagonal systems."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowc.frontend.apply import build
from flowc.frontend.control_flow.loops import while_loop
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.filling import eye
from flowc.frontend.functions.linear_algebra import svd
from flowc.frontend.functions.mathematics import abs_, cast, matmul
from flowc.frontend.functions.reductions import norm, reduce_max, reduce_sum
from flowc.frontend.functions.shaping import Name, matrix_transpose
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes

# The numerator of the Pade approximant of exp of order 13, and up to which 1-norm it is exact in
# double precision (Higham 2005, "The scaling and squaring method for the matrix exponential").
_PADE = (
    64764752532480000.0,
    32382376266240000.0,
    7771770303897600.0,
    1187353796428800.0,
    129060195264000.0,
    10559470521600.0,
    670442572800.0,
    33522128640.0,
    1323241920.0,
    40840800.0,
    960960.0,
    16380.0,
    182.0,
    1.0,
)
_GREATEST_NORM = 5.371920351148152


def matrix_exponential(input: Any, name: Name = None) -> Any:
    """exp(A) = I + A + A A / 2! + ... of square matrices.

    `input` is a float or complex tensor [..., n, n]; the result has its shape and dtype. Matrices
    are scaled down by a power of two, put into a Pade approximant, and squared as often (Higham
    2005). Raises ValueError where the last two dimensions are known to differ.
    """
    with name_scope(name, "matrix_exponential", [input]):
        matrix = convert(input, None, "matrix")
        rows, columns = matrix.shape.with_rank_at_least(2)[-2:]
        rows.merge_with(columns)
        size = reduce_max(reduce_sum(abs_(matrix), -2))
        ratio = build("Log", build("Maximum", size / _GREATEST_NORM, constant(1, size.dtype)))
        squarings = cast(build("Ceil", ratio / float(np.log(2.0))), dtypes.int32)
        factor = build("Pow", constant(0.5, size.dtype), cast(squarings, size.dtype))
        approximated = _pade(matrix * cast(factor, matrix.dtype))
        _, result = while_loop(
            lambda i, _: build("Less", i, squarings),
            lambda i, x: (i + 1, matmul(x, x)),
            [constant(0), approximated],
        )
        result.set_shape(matrix.shape)
        return result


def _pade(matrix: Any) -> Any:
    """The approximant, of matrices of small norm."""
    b = _PADE
    count = matrix.shape[-1].value
    one = eye(build("Shape", matrix)[-1] if count is None else count, dtype=matrix.dtype)
    two = matmul(matrix, matrix)
    four = matmul(two, two)
    six = matmul(four, two)
    odd = matmul(six, b[13] * six + b[11] * four + b[9] * two)
    odd = matmul(matrix, odd + b[7] * six + b[5] * four + b[3] * two + b[1] * one)
    even = matmul(six, b[12] * six + b[10] * four + b[8] * two)
    even = even + b[6] * six + b[4] * four + b[2] * two + b[0] * one
    return build("MatrixSolve", even - odd, even + odd)


def matrix_rank(a: Any, tol: Any = None, validate_args: bool = False, name: Name = None) -> Any:
    """How many singular values exceed `tol`: int32 [...] for matrices [..., m, n].

    Where no tolerance is given, it is that of NumPy: the greatest singular value, times the
    greater of m and n, times the dtype's precision.
    """
    with name_scope(name, "matrix_rank", [a]):
        a = convert(a, None, "a")
        values = svd(a, compute_uv=False)
        limit = _tolerance(a, values) if tol is None else convert(tol, values.dtype)[..., None]
        return reduce_sum(cast(build("Greater", values, limit), dtypes.int32), -1)


def _tolerance(a: Any, values: Any) -> Any:
    sizes = build("Shape", a)[-2:]
    epsilon = float(np.finfo(values.dtype.as_numpy_dtype).eps)
    greatest = reduce_max(values, -1, keepdims=True)
    return epsilon * cast(reduce_max(sizes), values.dtype) * greatest


def pinv(a: Any, rcond: Any = None, validate_args: bool = False, name: Name = None) -> Any:
    """The Moore-Penrose pseudo-inverse [..., n, m] of float matrices [..., m, n].

    Singular values that are at most `rcond` times the greatest count as 0; by default 10 times
    the greater of m and n, times the dtype's precision.
    """
    with name_scope(name, "pinv", [a]):
        a = convert(a, None, "a")
        s, u, v = svd(a)
        sizes = reduce_max(build("Shape", a)[-2:])
        default = 10.0 * float(np.finfo(a.dtype.as_numpy_dtype).eps) * cast(sizes, a.dtype)
        share = default if rcond is None else convert(rcond, a.dtype)[..., None]
        kept = build("Greater", s, share * reduce_max(s, -1, keepdims=True))
        inverse = build("DivNoNan", cast(kept, a.dtype), s)
        return matmul(v * inverse[..., None, :], u, adjoint_b=True)


def lstsq(
    matrix: Any, rhs: Any, l2_regularizer: float = 0.0, fast: bool = True, name: Name = None
) -> Any:
    """The x [..., n, k] of least |matrix x - rhs|^2 + l2_regularizer |x|^2.

    `matrix` is [..., m, n] and `rhs` [..., m, k], float or complex tensors of one dtype. Fast by
    the normal equations and a Cholesky factor, else by a complete orthogonal decomposition, for
    which the regularizer counts for nothing.
    """
    with name_scope(name, "matrix_solve_ls", [matrix, rhs]) as scope:
        return build(
            "MatrixSolveLs",
            matrix,
            rhs,
            convert(l2_regularizer, dtypes.float64),
            fast=fast,
            name=scope,
        )


def normalize(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, name: Name = None
) -> tuple[Any, Any]:
    """The tensor divided by its norm along `axis` (the whole by default), and that norm.

    `ord` and `axis` are those of `tf.norm`; the norm keeps the reduced dimensions with size 1.
    """
    with name_scope(name, "normalize", [tensor]):
        tensor = convert(tensor, None, "tensor")
        size = norm(tensor, ord, axis, keepdims=True)
        size = cast(size, tensor.dtype)
        return tensor / size, size


def tridiagonal_matmul(
    diagonals: Any, rhs: Any, diagonals_format: str = "compact", name: Name = None
) -> Any:
    """The product of tridiagonal matrices and `rhs` [..., m, n].

    Diagonals are "compact" as [..., 3, m] (above, main, below), a "sequence" of three tensors, or
    a "matrix" [..., m, m]. Raises ValueError for another format.
    """
    above, main, below = _three(diagonals, diagonals_format)
    return build(
        "TridiagonalMatMul",
        *(x[..., None, :] for x in (above, main)),
        below[..., None, :],
        rhs,
        name=name,
    )


def tridiagonal_solve(
    diagonals: Any,
    rhs: Any,
    diagonals_format: str = "compact",
    transpose_rhs: bool = False,
    conjugate_rhs: bool = False,
    name: Name = None,
    partial_pivoting: bool = True,
) -> Any:
    """The x of A x = rhs for tridiagonal matrices A, in the formats of `tridiagonal_matmul`.

    `rhs` is [..., m] or [..., m, k]; with `transpose_rhs` it is [..., k, m], and so is the result.
    """
    with name_scope(name, "tridiagonal_solve", [diagonals, rhs]):
        rhs = convert(rhs, None, "rhs")
        parts = build("Pack", list(_three(diagonals, diagonals_format)), axis=-2)
        if conjugate_rhs and rhs.dtype.is_complex:
            rhs = build("Conj", rhs)
        single = rhs.shape.ndims == parts.shape.ndims - 1
        if single:
            rhs = build("ExpandDims", rhs, -1)
        elif transpose_rhs:
            rhs = matrix_transpose(rhs)
        found = build("TridiagonalSolve", parts, rhs, partial_pivoting=partial_pivoting)
        if single:
            return build("Squeeze", found, squeeze_dims=[-1])
        return matrix_transpose(found) if transpose_rhs else found


def _three(diagonals: Any, form: str) -> tuple[Any, Any, Any]:
    """The diagonals above, on and below the main one, all of the same length."""
    if form == "sequence":
        above, main, below = (convert(d) for d in diagonals)
    elif form == "compact":
        stacked = convert(diagonals, None, "diagonals")
        above, main, below = (stacked[..., i, :] for i in range(3))
    elif form == "matrix":
        matrix = convert(diagonals, None, "diagonals")
        main = build("MatrixDiagPart", matrix)
        above = build("MatrixDiagPart", matrix[..., :-1, 1:])
        below = build("MatrixDiagPart", matrix[..., 1:, :-1])
        edge = [[0, 0]] * (len(matrix.shape.with_rank_at_least(2)) - 2)
        above = build("Pad", above, [*edge, [0, 1]])
        below = build("Pad", below, [*edge, [1, 0]])
    else:
        raise ValueError(f"Unrecognized diagonals_format: {form}")
    return above, main, below
