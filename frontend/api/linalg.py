"""`tf.linalg`: matrices."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.functions.activations import l2_normalize
from flowc.frontend.functions.clipping import global_norm
from flowc.frontend.functions.diagonals import diag as tensor_diag
from flowc.frontend.functions.diagonals import diag_part as tensor_diag_part
from flowc.frontend.functions.filling import eye
from flowc.frontend.functions.diagonals import matrix_band_part as band_part
from flowc.frontend.functions.diagonals import matrix_diag as diag
from flowc.frontend.functions.diagonals import matrix_diag_part as diag_part
from flowc.frontend.functions.diagonals import matrix_set_diag as set_diag
from flowc.frontend.functions.linear_algebra import (
    adjoint, cholesky, cholesky_solve, logdet, lu, qr, slogdet, svd,
)
from flowc.frontend.functions.linear_algebra import matrix_determinant as det
from flowc.frontend.functions.linear_algebra import matrix_inverse as inv
from flowc.frontend.functions.linear_algebra import matrix_logarithm as logm
from flowc.frontend.functions.linear_algebra import matrix_solve as solve
from flowc.frontend.functions.linear_algebra import matrix_square_root as sqrtm
from flowc.frontend.functions.linear_algebra import matrix_triangular_solve as triangular_solve
from flowc.frontend.functions.linear_algebra import self_adjoint_eig as eigh
from flowc.frontend.functions.linear_algebra import self_adjoint_eigvals as eigvalsh
from flowc.frontend.functions.mathematics import cross, einsum, matmul, matvec, tensordot, trace
from flowc.frontend.functions.more_linear_algebra import (
    lstsq, matrix_rank, normalize, pinv, tridiagonal_matmul, tridiagonal_solve,
)
from flowc.frontend.functions.more_linear_algebra import matrix_exponential as expm
from flowc.frontend.functions.reductions import norm
from flowc.frontend.functions.shaping import matrix_transpose
from flowc.frontend.functions.shaping import matrix_transpose as transpose

__all__ = [
    "adjoint", "band_part", "cholesky", "cholesky_solve", "cross", "det", "diag", "diag_part",
    "eigh", "eigvalsh", "einsum", "expm", "eye", "global_norm", "inv", "l2_normalize", "logdet",
    "logm", "lstsq", "lu", "matmul", "matrix_rank", "matrix_transpose", "matvec", "norm",
    "normalize", "pinv", "qr", "set_diag", "slogdet", "solve", "sqrtm", "svd", "tensor_diag",
    "tensor_diag_part", "tensordot", "trace", "transpose", "triangular_solve", "tridiagonal_matmul",
    "tridiagonal_solve",
]
