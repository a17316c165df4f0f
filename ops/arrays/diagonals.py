"""Diagonals and bands of matrices: taking them out, putting them in, keeping them.

The V2 and V3 ops deal in a range k = (lower, upper) of diagonals. They are stored one below the
other, the highest first, each padded to the longest one at its left or right end (`align` says
which: first for the superdiagonals, then for the subdiagonals; V2 pads at the right).
"""

from __future__ import annotations

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Evidence, Shape, Value
from flowc.ops.arrays.gathering import take_along
from flowc.ops.checks import check_all
from flowc.ops.common import Tensors, fail, require_rank, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op

_ALIGN = 'align: {"LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT"} = "RIGHT_LEFT"'


def _range(b: Builder, k: Value) -> tuple[int, int]:
    listed = b.static(k).ravel().tolist()
    require(1 <= len(listed) <= 2, f"k must have one or two elements, has {len(listed)}")
    lower, upper = listed[0], listed[-1]
    require(lower <= upper, f"lower_diag_index must not be larger than upper_diag_index: {listed}")
    return lower, upper


def _pads_left(diagonal: int, align: str) -> bool:
    """Whether a diagonal that is too short is padded at its left end."""
    upper, lower = align.split("_")
    return (upper if diagonal >= 0 else lower) == "RIGHT"


def _length(rows: Dim, columns: Dim, diagonal: int) -> Dim:
    return dims.minimum(rows + min(diagonal, 0), columns - max(diagonal, 0))


def _longest(rows: Dim, columns: Dim, lower: int, upper: int) -> Dim:
    return dims.minimum(rows + min(upper, 0), columns - max(lower, 0))


def _iota(b: Builder, shape: Shape, axis: int) -> Value:
    return b.iota(shape, axis, dtypes.int32)


def _offsets(b: Builder, rows: Dim, columns: Dim, lower: int, upper: int, align: str) -> Value:
    """By how much each stored diagonal is moved to the right, for k = upper down to lower."""
    longest = _longest(rows, columns, lower, upper)
    moves = []
    for diagonal in range(upper, lower - 1, -1):
        by = longest - _length(rows, columns, diagonal) if _pads_left(diagonal, align) else 0
        moves.append(b.reshape(b.size(by), (1,)))
    return b.concatenate(moves, 0)


def _expect_in_matrix(b: Builder, rows: Dim, columns: Dim, lower: int, upper: int) -> None:
    for k in (lower, upper):
        inside = (k == 0 or b.assumptions.at_least(columns - 1, k)) and (
            k == 0 or b.assumptions.at_least(rows - 1, -k)
        )
        require(inside, f"diag_index {k} must be within a matrix of {rows} rows, {columns} columns")


def diagonal_part(
    b: Builder, x: Value, lower: int, upper: int, padding: Value | None, align: str
) -> Value:
    """The stored form of a range of diagonals."""
    *outer, rows, columns = b.shape(x)
    _expect_in_matrix(b, rows, columns, lower, upper)
    count, longest = upper - lower + 1, _longest(rows, columns, lower, upper)
    shape = (*outer, count, longest)
    rank = len(shape)
    moves = b.broadcast_in_dim(_offsets(b, rows, columns, lower, upper, align), shape, (rank - 2,))
    place = b.subtract(_iota(b, shape, rank - 1), moves)  # along the diagonal
    k = b.subtract(upper, _iota(b, shape, rank - 2))
    row = b.subtract(place, b.minimum(k, 0))
    column = b.add(place, b.maximum(k, 0))
    last = [b.broadcast_to(b.size(size), shape) for size in (rows, columns)]
    inside = b.and_(b.ge(place, 0), b.and_(b.lt(row, last[0]), b.lt(column, last[1])))
    flat = b.reshape(x, (*outer, rows * columns))
    index = b.add(b.multiply(row, last[1]), column)
    flat_index = b.reshape(b.select(inside, index, 0), (*outer, count * longest))
    found = b.reshape(take_along(b, flat, flat_index, rank - 2), shape)
    fill = b.zeros_like(found) if padding is None else b.broadcast_to(padding, shape)
    found = b.select(inside, found, fill)
    return b.squeeze(found, rank - 2) if lower == upper else found


def set_diagonals(
    b: Builder, x: Value, diagonal: Value, lower: int, upper: int, align: str
) -> Value:
    """x with a range of diagonals replaced by their stored form."""
    shape = b.shape(x)
    *outer, rows, columns = shape
    _expect_in_matrix(b, rows, columns, lower, upper)
    count, longest = upper - lower + 1, _longest(rows, columns, lower, upper)
    expected = (*outer, longest) if lower == upper else (*outer, count, longest)
    require(
        b.assumptions.equal_shapes(b.shape(diagonal), tuple(expected)),
        f"Expected diagonal to have shape {show(tuple(expected))}, but got "
        f"{show(b.shape(diagonal))}",
    )
    if 0 in shape:
        return x
    rank = len(shape)
    row, column = _iota(b, shape, rank - 2), _iota(b, shape, rank - 1)
    k = b.subtract(column, row)
    inside = b.and_(b.ge(k, lower), b.le(k, upper))
    number = b.clamp(0, b.subtract(upper, k), count - 1)
    moves = _offsets(b, rows, columns, lower, upper, align)
    place = b.add(b.minimum(row, column), b.take(moves, number))
    flat = b.reshape(diagonal, (*outer, count * longest))
    index = b.add(b.multiply(number, b.broadcast_to(b.size(longest), shape)), place)
    safe = b.reshape(b.select(inside, index, 0), (*outer, rows * columns))
    found = b.reshape(take_along(b, flat, safe, rank - 2), shape)
    return b.select(inside, found, x)


# Making a matrix of diagonals


def _matrix_sizes(
    b: Builder, stored: Shape, lower: int, upper: int, rows: Dim, columns: Dim
) -> tuple[Dim, Dim]:
    """The matrix's size: as given, or the least that holds the diagonals (-1)."""
    longest = stored[-1]
    least_rows, least_columns = longest - min(upper, 0), longest + max(lower, 0)
    if rows == -1 and columns == -1:
        size = dims.maximum(least_rows, least_columns)
        return size, size
    rows, columns = (
        (least_rows if rows == -1 else rows),
        (least_columns if columns == -1 else columns),
    )
    enough = b.assumptions.at_least(rows, least_rows)
    require(enough, "The number of rows is too small.")
    enough = b.assumptions.at_least(columns, least_columns)
    require(enough, "The number of columns is too small.")
    tight = b.assumptions.equal(rows, least_rows) or b.assumptions.equal(columns, least_columns)
    require(
        tight,
        "The number of rows or columns is not consistent with the specified d_lower, "
        "d_upper, and diagonal.",
    )
    return rows, columns


def _diag(
    b: Builder,
    diagonal: Value,
    k: Value,
    num_rows: Value,
    num_cols: Value,
    padding_value: Value,
    align: str,
) -> Value:
    lower, upper = _range(b, k)
    stored = b.shape(diagonal)
    require(len(stored) >= 1, f"diagonal must be at least 1-dim, received shape: {show(stored)}")
    if lower != upper:
        many = len(stored) >= 2 and b.assumptions.equal(stored[-2], upper - lower + 1)
        require(
            many,
            "The number of diagonals provided in the input does not match the lower_diag_"
            f"index and upper_diag_index range: {show(stored)}",
        )
    (rows,), (columns,) = b.dims(num_rows), b.dims(num_cols)
    rows, columns = _matrix_sizes(b, stored, lower, upper, rows, columns)
    outer = stored[:-1] if lower == upper else stored[:-2]
    blank = b.broadcast_to(padding_value, (*outer, rows, columns))
    return set_diagonals(b, blank, diagonal, lower, upper, align)


@op(
    "MatrixDiagV2(diagonal: T[...,:], k: int32[:?], num_rows: int32[], num_cols: int32[],"
    " padding_value: T[];"
    " T: type) -> output: T"
)
def matrix_diag_v2(
    b: Builder, diagonal: Value, k: Value, num_rows: Value, num_cols: Value, padding_value: Value
) -> Value:
    """Matrices of one value with a range of diagonals."""
    return _diag(b, diagonal, k, num_rows, num_cols, padding_value, "LEFT_LEFT")


@op(
    "MatrixDiagV3(diagonal: T[...,:], k: int32[:?], num_rows: int32[], num_cols: int32[],"
    " padding_value: T[];"
    f" T: type, {_ALIGN}) -> output: T"
)
def matrix_diag_v3(
    b: Builder,
    diagonal: Value,
    k: Value,
    num_rows: Value,
    num_cols: Value,
    padding_value: Value,
    *,
    align: str,
) -> Value:
    """Matrices of one value with a range of diagonals."""
    return _diag(b, diagonal, k, num_rows, num_cols, padding_value, align)


@op("MatrixDiag(diagonal: T[...,:]; T: type) -> output: T")
def matrix_diag(b: Builder, diagonal: Value) -> Value:
    """Zeros with a main diagonal."""
    shape = b.shape(diagonal)
    require(len(shape) >= 1, f"input must be at least 1-dim, received shape: {show(shape)}")
    blank = b.full(0, (*shape, shape[-1]), diagonal.type.dtype)
    return set_diagonals(b, blank, diagonal, 0, 0, "LEFT_LEFT")


# Taking diagonals out


def _expect_matrices(b: Builder, x: Value) -> None:
    rank = len(b.shape(x))
    require(rank >= 2, f"input must be at least 2-dim, received shape: {show(b.shape(x))}")


@op("MatrixDiagPartV2(input: T[...,:,:], k: int32[:?], padding_value: T[]; T: type) -> diagonal: T")
def matrix_diag_part_v2(b: Builder, input: Value, k: Value, padding_value: Value) -> Value:
    """A range of diagonals."""
    _expect_matrices(b, input)
    return diagonal_part(b, input, *_range(b, k), padding_value, "LEFT_LEFT")


@op(
    f"MatrixDiagPartV3(input: T[...,:,:], k: int32[:?], padding_value: T[]; T: type,"
    f" {_ALIGN}) -> diagonal: T"
)
def matrix_diag_part_v3(
    b: Builder, input: Value, k: Value, padding_value: Value, *, align: str
) -> Value:
    """A range of diagonals."""
    _expect_matrices(b, input)
    return diagonal_part(b, input, *_range(b, k), padding_value, align)


@op("MatrixDiagPart(input: T[...,:,:]; T: type) -> diagonal: T")
def matrix_diag_part(b: Builder, input: Value) -> Value:
    """The main diagonal."""
    _expect_matrices(b, input)
    return diagonal_part(b, input, 0, 0, None, "LEFT_LEFT")


# Putting diagonals in


@op("MatrixSetDiag(input: T[...,:,:], diagonal: T[...,:]; T: type) -> output: T")
def matrix_set_diag(b: Builder, input: Value, diagonal: Value) -> Value:
    """The input with another main diagonal."""
    _expect_matrices(b, input)
    return set_diagonals(b, input, diagonal, 0, 0, "LEFT_LEFT")


@op("MatrixSetDiagV2(input: T[...,:,:], diagonal: T[...,:], k: int32[:?]; T: type) -> output: T")
def matrix_set_diag_v2(b: Builder, input: Value, diagonal: Value, k: Value) -> Value:
    """The input with another range of diagonals."""
    _expect_matrices(b, input)
    return set_diagonals(b, input, diagonal, *_range(b, k), "LEFT_LEFT")


@op(
    f"MatrixSetDiagV3(input: T[...,:,:], diagonal: T[...,:], k: int32[:?]; T: type,"
    f" {_ALIGN}) -> output: T"
)
def matrix_set_diag_v3(b: Builder, input: Value, diagonal: Value, k: Value, *, align: str) -> Value:
    """The input with another range of diagonals."""
    _expect_matrices(b, input)
    return set_diagonals(b, input, diagonal, *_range(b, k), align)


# Gradients


@matrix_diag.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("MatrixDiagPart", grad),)


@matrix_diag_part.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("MatrixSetDiag", g("ZerosLike", op.inputs[0]), grad),)


@matrix_set_diag.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    zeros = g("ZerosLike", op.inputs[1])
    return g("MatrixSetDiag", grad, zeros), g("MatrixDiagPart", grad)


def _define_gradients(version: str) -> None:
    def attrs(op: Operation) -> dict[str, str]:
        # TensorFlow differentiates the V2 ops by V3 ones, with these ops' other alignment.
        return {"align": op.get_attr("align") if version == "V3" else "RIGHT_LEFT"}

    def part(g: GraphBuilder, op: Operation, grad: Tensor, k: Tensor) -> Tensor:
        zero = g.constant(0, grad.dtype)
        found: Tensor = g("MatrixDiagPartV3", grad, k, zero, **attrs(op))
        return found

    def diag(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        return part(g, op, grad, op.inputs[1]), None, None, None, None

    def diag_part(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        zeros = g("ZerosLike", op.inputs[0])
        return g("MatrixSetDiagV3", zeros, grad, op.inputs[1], **attrs(op)), None, None

    def set_diag(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        _, diagonal, k = op.inputs
        rest = g("MatrixSetDiagV3", grad, g("ZerosLike", diagonal), k, **attrs(op))
        return rest, part(g, op, grad, k), None

    v3 = version == "V3"
    (matrix_diag_v3 if v3 else matrix_diag_v2).gradient(diag)
    (matrix_diag_part_v3 if v3 else matrix_diag_part_v2).gradient(diag_part)
    (matrix_set_diag_v3 if v3 else matrix_set_diag_v2).gradient(set_diag)


_define_gradients("V2")
_define_gradients("V3")


# Bands


@op(
    "MatrixBandPart(input: T, num_lower: Tindex, num_upper: Tindex; T: type,"
    " Tindex: {index} = int64) -> band: T"
)
def matrix_band_part(b: Builder, input: Value, num_lower: Value, num_upper: Value) -> Value:
    """The input with zeros outside of a band; a negative number keeps the whole triangle."""
    _expect_matrices(b, input)
    shape = b.shape(input)
    rank = len(shape)
    row, column = (b.iota(shape, axis, num_lower.type.dtype) for axis in (rank - 2, rank - 1))
    for name, value, size, sides in (
        ("num_lower", num_lower, -2, "rows"),
        ("num_upper", num_upper, -1, "columns"),
    ):
        require_rank(b, value, 0, name)
        inside = b.le(value, b.size(shape[size], value.type.dtype))
        most = f"{name} must be negative or less or equal to number of {sides}"
        check_all(
            b,
            inside,
            f"{most} ({shape[size]})",
            Evidence(
                (value,),
                (shape[size],),
                lambda got, count, most=most: f"{most} ({count}) got: {got}",
            ),
        )
    low, high = (b.broadcast_to(value, shape) for value in (num_lower, num_upper))
    below = b.or_(b.lt(low, 0), b.le(b.subtract(row, column), low))
    above = b.or_(b.lt(high, 0), b.le(b.subtract(column, row), high))
    return b.select(b.and_(below, above), input, b.zeros_like(input))


@matrix_band_part.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return g("MatrixBandPart", grad, op.inputs[1], op.inputs[2]), None, None


# Diagonals of tensors


@op(
    "Diag(diagonal: T[...,:]; T: {bfloat16, float16, float32, float64, int32, int64, complex}) ->"
    " output: T"
)
def diag(b: Builder, diagonal: Value) -> Value:
    """A tensor of twice the rank that is zero where the two halves of its indices differ."""
    shape = b.shape(diagonal)
    require(len(shape) >= 1, "Input must be at least rank 1, got 0")
    size = dims.product(shape)
    flat = b.reshape(diagonal, (size,))
    blank = b.full(0, (size, size), flat.type.dtype)
    return b.reshape(set_diagonals(b, blank, flat, 0, 0, "LEFT_LEFT"), (*shape, *shape))


@op(
    "DiagPart(input: T; T: {bfloat16, float16, float32, float64, int32, int64, complex}) ->"
    " diagonal: T"
)
def diag_part(b: Builder, input: Value) -> Value:
    """The elements whose indices' halves are equal."""
    shape = b.shape(input)
    half = len(shape) // 2
    if len(shape) % 2 or not shape:
        raise fail(f"The rank of the tensor should be even and positive, got shape {show(shape)}")
    same = b.assumptions.equal_shapes(shape[:half], shape[half:])
    require(same, f"Invalid shape {show(shape)}: the halves of the dimensions should match")
    size = dims.product(b.shape(input)[:half])
    matrix = b.reshape(input, (size, size))
    return b.reshape(diagonal_part(b, matrix, 0, 0, None, "LEFT_LEFT"), b.shape(input)[:half])


@diag.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("DiagPart", grad),)


@diag_part.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("Diag", grad),)
