"""`tf.linalg`: matrices."""

from flowc.frontend.functions.activations import l2_normalize as l2_normalize
from flowc.frontend.functions.filling import (
    diag as tensor_diag,
    diag_part as tensor_diag_part,
    eye as eye,
    matrix_band_part as band_part,
    matrix_diag as diag,
    matrix_diag_part as diag_part,
    matrix_set_diag as set_diag,
)
from flowc.frontend.functions.linear_algebra import (
    adjoint as adjoint,
    cholesky as cholesky,
    cholesky_solve as cholesky_solve,
    logdet as logdet,
    lu as lu,
    matrix_determinant as det,
    matrix_inverse as inv,
    matrix_logarithm as logm,
    matrix_solve as solve,
    matrix_square_root as sqrtm,
    matrix_triangular_solve as triangular_solve,
    qr as qr,
    self_adjoint_eig as eigh,
    self_adjoint_eigvals as eigvalsh,
    slogdet as slogdet,
    svd as svd,
)
from flowc.frontend.functions.mathematics import (
    cross as cross,
    einsum as einsum,
    matmul as matmul,
    matvec as matvec,
    tensordot as tensordot,
    trace as trace,
)
from flowc.frontend.functions.reductions import norm as norm
from flowc.frontend.functions.shaping import matrix_transpose as matrix_transpose
