"""Diagonals and bands of matrices.

`k` is a diagonal's number, 0 for the main one, positive above it, negative below; or a pair
(lowest, highest), for a range of diagonals. Those of a range are rows of one matrix, the highest
first, each padded to the length of the longest: `align` says at which end ("RIGHT_LEFT" moves
superdiagonals to the right, padding them at the left, and subdiagonals to the left).
"""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.functions.derived import derive
from flowc.frontend.functions.shaping import Name

diag = derive("Diag", "diag")
diag_part = derive("DiagPart", "diag_part")
matrix_band_part = derive("MatrixBandPart", "matrix_band_part")


def matrix_diag(
    diagonal: TensorLike,
    name: Name = "diag",
    k: TensorLike = 0,
    num_rows: TensorLike = -1,
    num_cols: Any = -1,
    padding_value: TensorLike = 0,
    align: str = "RIGHT_LEFT",
) -> Any:
    """Matrices whose diagonals `k` are given, and whose other elements are `padding_value`.

    `diagonal` is [..., length], or [..., number of diagonals, longest] where `k` is a range. The
    result is [..., num_rows, num_cols]; -1 stands for the least size that holds the diagonals, and
    two of them for a square. Raises ValueError or InvalidArgumentError where sizes do not fit.
    """
    diagonal = convert(diagonal, None, "diagonal")
    padding = convert(padding_value, diagonal.dtype, "padding_value")
    return build("MatrixDiagV3", diagonal, k, num_rows, num_cols, padding, align=align, name=name)


def matrix_diag_part(
    input: TensorLike,
    name: Name = "diag_part",
    k: TensorLike = 0,
    padding_value: TensorLike = 0,
    align: str = "RIGHT_LEFT",
) -> Any:
    """The diagonals `k` of matrices [..., rows, columns].

    The result is [..., length], or [..., number of diagonals, longest] where `k` is a range, with
    `padding_value` beside the shorter ones. Raises ValueError or InvalidArgumentError for a
    diagonal that is outside of the matrix.
    """
    input = convert(input, None, "input")
    padding = convert(padding_value, input.dtype, "padding_value")
    return build("MatrixDiagPartV3", input, k, padding, align=align, name=name)


def matrix_set_diag(
    input: TensorLike,
    diagonal: TensorLike,
    name: Name = "set_diag",
    k: TensorLike = 0,
    align: str = "RIGHT_LEFT",
) -> Any:
    """Matrices [..., rows, columns] with the diagonals `k` replaced.

    `diagonal` is as `matrix_diag_part` returns it. Raises ValueError or InvalidArgumentError where
    its shape is another.
    """
    return build("MatrixSetDiagV3", input, diagonal, k, align=align, name=name)
