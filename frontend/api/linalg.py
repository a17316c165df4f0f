"""`tf.linalg`: matrices."""

from flowc.frontend.functions.activations import l2_normalize as l2_normalize
from flowc.frontend.functions.filling import (
    diag as tensor_diag,
)
from flowc.frontend.functions.filling import (
    diag_part as tensor_diag_part,
)
from flowc.frontend.functions.filling import (
    eye as eye,
)
from flowc.frontend.functions.filling import (
    matrix_band_part as band_part,
)
from flowc.frontend.functions.filling import (
    matrix_diag as diag,
)
from flowc.frontend.functions.filling import (
    matrix_diag_part as diag_part,
)
from flowc.frontend.functions.filling import (
    matrix_set_diag as set_diag,
)
from flowc.frontend.functions.linear_algebra import (
    adjoint as adjoint,
)
from flowc.frontend.functions.linear_algebra import (
    cholesky as cholesky,
)
from flowc.frontend.functions.linear_algebra import (
    cholesky_solve as cholesky_solve,
)
from flowc.frontend.functions.linear_algebra import (
    logdet as logdet,
)
from flowc.frontend.functions.linear_algebra import (
    lu as lu,
)
from flowc.frontend.functions.linear_algebra import (
    matrix_determinant as det,
)
from flowc.frontend.functions.linear_algebra import (
    matrix_inverse as inv,
)
from flowc.frontend.functions.linear_algebra import (
    matrix_logarithm as logm,
)
from flowc.frontend.functions.linear_algebra import (
    matrix_solve as solve,
)
from flowc.frontend.functions.linear_algebra import (
    matrix_square_root as sqrtm,
)
from flowc.frontend.functions.linear_algebra import (
    matrix_triangular_solve as triangular_solve,
)
from flowc.frontend.functions.linear_algebra import (
    qr as qr,
)
from flowc.frontend.functions.linear_algebra import (
    self_adjoint_eig as eigh,
)
from flowc.frontend.functions.linear_algebra import (
    self_adjoint_eigvals as eigvalsh,
)
from flowc.frontend.functions.linear_algebra import (
    slogdet as slogdet,
)
from flowc.frontend.functions.linear_algebra import (
    svd as svd,
)
from flowc.frontend.functions.mathematics import (
    cross as cross,
)
from flowc.frontend.functions.mathematics import (
    einsum as einsum,
)
from flowc.frontend.functions.mathematics import (
    matmul as matmul,
)
from flowc.frontend.functions.mathematics import (
    matvec as matvec,
)
from flowc.frontend.functions.mathematics import (
    tensordot as tensordot,
)
from flowc.frontend.functions.mathematics import (
    trace as trace,
)
from flowc.frontend.functions.reductions import norm as norm
from flowc.frontend.functions.shaping import matrix_transpose as matrix_transpose
