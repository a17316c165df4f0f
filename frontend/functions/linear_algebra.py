"""`tf.linalg`: factorisations, inverses, solvers, Fourier transforms."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.functions.derived import derive
from flowc.frontend.functions.reductions import reduce_sum
from flowc.frontend.functions.shaping import Name
from flowc.frontend.scopes import name_scope

cholesky = derive("Cholesky", "cholesky")
matrix_determinant = derive("MatrixDeterminant", "matrix_determinant")
matrix_inverse = derive("MatrixInverse", "matrix_inverse")
matrix_solve = derive("MatrixSolve", "matrix_solve")
matrix_square_root = derive("MatrixSquareRoot", "matrix_square_root")
matrix_logarithm = derive("MatrixLogarithm", "matrix_logarithm")
matrix_triangular_solve = derive("MatrixTriangularSolve", "matrix_triangular_solve")
qr = derive("Qr", "qr")
lu = derive("Lu", "lu")
fft, fft2d, fft3d = derive("FFT", "fft"), derive("FFT2D", "fft2d"), derive("FFT3D", "fft3d")
ifft, ifft2d, ifft3d = (
    derive("IFFT", "ifft"),
    derive("IFFT2D", "ifft2d"),
    derive("IFFT3D", "ifft3d"),
)


def svd(
    tensor: TensorLike, full_matrices: bool = False, compute_uv: bool = True, name: Name = None
) -> Any:
    """Singular values, and with `compute_uv` the matrices u and v: `s, u, v`."""
    s, u, v = build("Svd", tensor, compute_uv=compute_uv, full_matrices=full_matrices, name=name)
    return (s, u, v) if compute_uv else s


def self_adjoint_eig(tensor: TensorLike, name: Name = None) -> Any:
    """Eigenvalues and eigenvectors of symmetric matrices."""
    found = build("SelfAdjointEigV2", tensor, compute_v=True, name=name)
    return found[0], found[1]


def self_adjoint_eigvals(tensor: TensorLike, name: Name = None) -> Any:
    """Eigenvalues of symmetric matrices."""
    return build("SelfAdjointEigV2", tensor, compute_v=False, name=name)[0]


def cholesky_solve(chol: Any, rhs: TensorLike, name: Name = None) -> Any:
    """The solution of A x = rhs, given the Cholesky factor of A."""
    with name_scope(name, "cholesky_solve", [chol, rhs]):
        y = build("MatrixTriangularSolve", chol, rhs, adjoint=False, lower=True)
        return build("MatrixTriangularSolve", chol, y, adjoint=True, lower=True)


def logdet(matrix: TensorLike, name: Name = None) -> Any:
    """The logarithm of the determinant of a positive definite matrix."""
    with name_scope(name, "logdet", [matrix]):
        diagonal = build("MatrixDiagPart", build("Cholesky", matrix))
        return 2.0 * reduce_sum(build("Log", diagonal), [-1])


def slogdet(input: TensorLike, name: Name = None) -> Any:
    """The sign and the logarithm of the absolute value of the determinant."""
    return build("LogMatrixDeterminant", input, name=name)


def adjoint(matrix: TensorLike, name: Name = None) -> Any:
    """The conjugate transpose of the last two dimensions."""
    from flowc.frontend.functions.shaping import matrix_transpose

    with name_scope(name, "adjoint", [matrix]):
        return matrix_transpose(matrix, conjugate=True)
