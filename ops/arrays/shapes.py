"""Sizes of tensors as tensors, and other shapes for the same elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Expr, product
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, UnknownShape, UnknownValue, require
from flowc.ir.tensor.core import Evidence, Parameter, Shape, TensorType, Value
from flowc.ops.checks import Array, check_bounds, first
from flowc.ops.common import (
    Tensors,
    abstract,
    conj,
    conjugate,
    fail,
    is_abstract,
    normalize_axis,
    require_rank,
    shape_vector,
    show,
)
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op

# Sizes as tensors


@op("Shape(input: T; T: type, out_type: {index} = int32) -> output: out_type")
def shape(b: Builder, input: Value, *, out_type: DType) -> Value:
    """The sizes of all dimensions."""
    return shape_vector(b, b.shape(input), out_type)


@op("ShapeN(input: N*T; N: int >= 1, T: type, out_type: {index} = int32) -> output: N*out_type")
def shape_n(b: Builder, input: list[Value], *, out_type: DType) -> list[Value]:
    """The sizes of each input."""
    return [shape_vector(b, b.shape(value), out_type) for value in input]


@op("Size(input: T; T: type, out_type: {index} = int32) -> output: out_type")
def size(b: Builder, input: Value, *, out_type: DType) -> Value:
    """The number of elements."""
    return b.size(dims.product(b.shape(input)), out_type)


@op("Rank(input: T; T: type) -> output: int32")
def rank(b: Builder, input: Value) -> Value:
    """The number of dimensions."""
    return b.constant(np.int32(len(b.shape(input))))


@shape.infer
def _(b: Builder, input: Value | UnknownValue, *, out_type: DType) -> Value:
    if isinstance(input, UnknownValue):
        return abstract(b, out_type, None)
    return shape_vector(b, b.shape(input), out_type)


@size.infer
def _(b: Builder, input: Value | UnknownValue, *, out_type: DType) -> Value:
    if isinstance(input, UnknownValue):
        return abstract(b, out_type)
    return b.size(dims.product(b.shape(input)), out_type)


@rank.infer
def _(b: Builder, input: Value | UnknownValue) -> Value:
    if isinstance(input, UnknownValue):
        return abstract(b, dtypes.int32)
    return b.constant(np.int32(len(b.shape(input))))


for _definition in (shape, shape_n, size, rank):
    _definition.not_differentiable()


# Other shapes for the same elements


@op("Reshape(tensor: T, shape: Tshape[:?]; T: type, Tshape: {index} = int32) -> output: T")
def reshape(b: Builder, tensor: Value, shape: Value) -> Value:
    """The elements in another shape; a size of -1 takes what is left."""
    return b.reshape(tensor, target_shape(b, tensor, shape))


def target_shape(b: Builder, tensor: Value, vector: Value) -> Shape:
    """The sizes that `vector` asks for. Raises InvalidArgumentError where they do not fit."""
    require(b.type_of(vector).rank <= 1, f"sizes input must be 1-D, not {show(b.shape(vector))}")
    wanted = list(b.dims(vector))
    free = [i for i, d in enumerate(wanted) if d == -1]
    require(len(free) <= 1, f"Only one input size may be -1, not both {free[:2]}")
    total = dims.product(b.shape(tensor))
    if free:
        wanted[free[0]] = _rest(b, b.shape(tensor), tuple(d for d in wanted if d != -1))
    for i, d in enumerate(wanted):
        require(not isinstance(d, int) or d >= 0, f"Size {i} must be non-negative, not {d}")
    require(
        b.assumptions.equal(dims.product(wanted), total),
        f"Input to reshape is a tensor with {total} values, but the requested shape has "
        f"{dims.product(wanted)}",
    )
    return tuple(wanted)


def _rest(b: Builder, sizes: Shape, others: Shape) -> Dim:
    """The size that is left when a shape of `sizes` is given the `others`.

    Where one of the others is 0, TensorFlow leaves out the zeros on both sides.
    """
    total, known = dims.product(sizes), dims.product(others)
    if known != 0 and dims.mod(total, known) == 0:
        return dims.floordiv(total, known)  # whatever the sizes are
    if not b.assumptions.at_least(known, 1):
        total, known = (
            dims.product([d for d in shape if b.assumptions.at_least(d, 1)])
            for shape in (sizes, others)
        )
    left = dims.floordiv(total, known)
    require(
        b.assumptions.equal(left * known, total),
        f"Input to reshape is a tensor with {total} values, but the requested shape requires a "
        f"multiple of {known}",
    )
    return left


def reshape_like_input(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    """The gradient of an op that moves no element: the same elements in the input's shape."""
    others = (None,) * (len(op.inputs) - 1)
    return (g("Reshape", grad, g("Shape", op.inputs[0])), *others)


reshape.gradient(reshape_like_input)


@op("ExpandDims(input: T, dim: Tdim; T: type, Tdim: {index} = int32) -> output: T")
def expand_dims(b: Builder, input: Value, dim: Value) -> Value:
    """A new dimension of size 1 before `dim`."""
    require(b.shape(dim) in ((), (1,)), "'dim' must be a tensor with a single value")
    rank = len(b.shape(input))
    axis = int(b.static(dim).item())
    require(
        -rank - 1 <= axis <= rank,
        f"Tried to expand dim index {axis} for tensor with {rank} dimensions.",
    )
    return b.expand_dims(input, axis)


expand_dims.gradient(reshape_like_input)


@op("Squeeze(input: T; T: type, squeeze_dims: list(int) = []) -> output: T")
def squeeze(b: Builder, input: Value, *, squeeze_dims: Sequence[int]) -> Value:
    """Without the dimensions of size 1, or those of them that are named."""
    old = b.shape(input)
    if not squeeze_dims:
        return b.reshape(input, [d for d in old if not _is_one(b, d)])
    axes = {normalize_axis(axis, len(old)) for axis in squeeze_dims}
    for axis in axes:
        one = b.assumptions.equal(old[axis], 1)
        require(one, f"Can not squeeze dim[{axis}], expected a dimension of 1, got {old[axis]}")
    return b.reshape(input, [d for axis, d in enumerate(old) if axis not in axes])


def _is_one(b: Builder, size: Dim) -> bool:
    """Whether an unknown size is 1 decides the rank: static inference cannot tell."""
    if is_abstract(b) and not isinstance(size, int):
        raise UnknownShape
    return b.assumptions.equal(size, 1)


squeeze.gradient(reshape_like_input)


@op("EnsureShape(input: T; T: type, shape: shape) -> output: T")
def ensure_shape(b: Builder, input: Value, *, shape: tuple[int | None, ...] | None) -> Value:
    """The input, whose shape must fit the attribute."""
    if shape is None:
        return input
    old = b.shape(input)
    fits = len(old) == len(shape) and all(
        want is None or b.assumptions.equal(d, want) for d, want in zip(old, shape, strict=True)
    )
    require(fits, f"Shape of tensor {show(old)} is not compatible with expected shape {shape}.")
    return input


@ensure_shape.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad,)


# Reordered dimensions


def permutation(b: Builder, perm: Value, rank: int) -> list[int]:
    """The axes that `perm` lists. Raises InvalidArgumentError where it is no permutation."""
    require_rank(b, perm, 1, "perm")
    listed = b.static(perm).tolist()
    require(
        len(listed) == rank,
        f"transpose expects a vector of size {rank}. "
        f"But input(1) is a vector of size {len(listed)}",
    )
    axes = [normalize_axis(axis, rank) for axis in listed]
    missing = set(range(rank)) - set(axes)
    require(not missing, f"{min(missing, default=0)} is missing from {listed}.")
    return axes


@op("Transpose(x: T, perm: Tperm; T: type, Tperm: {index} = int32) -> y: T")
def transpose(b: Builder, x: Value, perm: Value) -> Value:
    """Dimension i of the result is dimension perm[i] of x."""
    return b.transpose(x, permutation(b, perm, len(b.shape(x))))


@op("ConjugateTranspose(x: T, perm: Tperm; T: type, Tperm: {index} = int32) -> y: T")
def conjugate_transpose(b: Builder, x: Value, perm: Value) -> Value:
    """The complex conjugate of the transpose."""
    return conjugate(b, b.transpose(x, permutation(b, perm, len(b.shape(x)))))


@transpose.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return g("Transpose", grad, g("InvertPermutation", op.inputs[1])), None


@conjugate_transpose.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return conj(g, g("Transpose", grad, g("InvertPermutation", op.inputs[1]))), None


@op("InvertPermutation(x: T[:]; T: {index} = int32) -> y: T")
def invert_permutation(b: Builder, x: Value) -> Value:
    """y with y[x[i]] = i."""
    (count,) = require_rank(b, x, 1, "invert_permutation")
    contents = b.symbolic(x)
    listed = [] if contents is None else contents.tolist()
    if contents is None or any(isinstance(i, Expr) for i in listed):
        return _invert_data(b, x, count)
    if sorted(listed) != list(range(len(listed))):
        raise fail(_not_a_permutation(np.array(listed, np.int64)))
    return b.constant(np.argsort(listed).astype(x.type.dtype.numpy), x.type.dtype)


def _not_a_permutation(numbers: Array) -> str:
    place = first((numbers < 0) | (numbers >= len(numbers)))
    if place is not None:
        return f"{numbers[place]} is not between 0 and {len(numbers)}"
    unique, counts = np.unique(numbers, return_counts=True)
    return f"{unique[counts > 1][0]} is duplicated in the input."


def _invert_data(b: Builder, x: Value, count: Dim) -> Value:
    numbers = b.iota((count,), 0, x.type.dtype)
    ordered, inverse = b.sort([x, numbers], 0, lambda left, right, *_: b.lt(left, right))
    same = b.reduce_and(b.eq(ordered, numbers))
    b.check(same, "the input is not a permutation", evidence=Evidence((x,), (), _not_a_permutation))
    return inverse


invert_permutation.not_differentiable()


# Repeated elements


@op("BroadcastTo(input: T, shape: Tidx[:]; T: type, Tidx: {index} = int32) -> output: T")
def broadcast_to(b: Builder, input: Value, shape: Value) -> Value:
    """The input repeated to fill `shape`, by NumPy's rules."""
    wanted = b.dims(shape)
    sizes = all(not isinstance(size, int) or size >= 0 for size in wanted)
    require(sizes, f"Dimensions must be >= 0: {show(wanted)}")
    old = b.shape(input)
    fits = len(old) <= len(wanted) and all(
        d == 1 or d == want or not isinstance(d, int) or not isinstance(want, int)
        for d, want in zip(old, wanted[len(wanted) - len(old) :], strict=True)
    )
    require(fits, f"Incompatible shapes: {show(old)} vs. {show(wanted)}")
    return b.broadcast_to(input, wanted)


@broadcast_to.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, target = op.inputs
    size = g("Shape", x, out_type=target.dtype)
    _, axes = g("BroadcastGradientArgs", target, size)
    return g("Reshape", g("Sum", grad, axes), size), None


@op("BroadcastArgs(s0: T[:], s1: T[:]; T: {index} = int32) -> r0: T")
def broadcast_args(b: Builder, s0: Value, s1: Value) -> Value:
    """The common shape of two shapes."""
    left, right = b.dims(s0), b.dims(s1)
    return shape_vector(b, b.broadcast_shapes(left, right), s0.type.dtype)


@op("BroadcastGradientArgs(s0: T[:], s1: T[:]; T: {index} = int32) -> r0: T, r1: T")
def broadcast_gradient_args(b: Builder, s0: Value, s1: Value) -> tuple[Value, Value]:
    """The axes of the common shape along which each operand was repeated."""
    left, right = b.dims(s0), b.dims(s1)
    if left == right:
        empty = b.constant(np.zeros(0, s0.type.dtype.numpy))
        return empty, empty
    rank = max(len(left), len(right))
    pairs = list(zip(_padded(left, rank), _padded(right, rank), strict=True))
    undecided = any(not isinstance(d, int) for pair in pairs for d in pair)
    if is_abstract(b) and undecided:
        unknown = TensorType(s0.type.dtype, (b.assumptions.fresh(),))
        return Parameter(unknown), Parameter(unknown)
    axes: tuple[list[int], list[int]] = [], []
    for axis, pair in enumerate(pairs):
        for listed, chosen in zip(axes, _repeated(b, *pair), strict=True):
            if chosen:
                listed.append(axis)
    first, second = (b.constant(np.array(a, s0.type.dtype.numpy)) for a in axes)
    return first, second


def _padded(shape: Shape, rank: int) -> tuple[Dim | None, ...]:
    return (None,) * (rank - len(shape)) + tuple(shape)


def _repeated(b: Builder, left: Dim | None, right: Dim | None) -> tuple[bool, bool]:
    """For each side, whether it is repeated; sides of size 1 both count as repeated."""
    if left is None or right is None:
        return left is None, right is None
    b.assumptions.broadcast(left, right)
    left, right = b.assumptions.size(left), b.assumptions.size(right)
    return left == 1, right == 1


broadcast_gradient_args.not_differentiable()


@op("UnravelIndex(indices: Tidx[:?], dims: Tidx[:]; Tidx: {index} = int32) -> output: Tidx")
def unravel_index(b: Builder, indices: Value, sizes_of: Value) -> Value:
    """The coordinates of row-major positions in a tensor of that shape, one row for each axis."""
    sizes = b.dims(sizes_of)
    positive = all(not isinstance(size, int) or size > 0 for size in sizes)
    require(positive, f"Input dims cannot contain a dim of zero or less: {show(sizes)}")
    bound = f"index is out of bound as with dims {show(sizes)}"
    check_bounds(b, indices, product(sizes), words=lambda place, index, _: f"{bound}: {index}")
    rest, rows = indices, list[Value]()
    for size in reversed(sizes):
        divisor = b.broadcast_to(b.size(size, indices.type.dtype), b.shape(indices))
        rows.insert(0, b.expand_dims(b.remainder(rest, divisor), 0))
        rest = b.divide(rest, divisor)
    return b.concatenate(rows, 0)


unravel_index.not_differentiable()


@op("Tile(input: T, multiples: Tmultiples[:]; T: type, Tmultiples: {index} = int32) -> output: T")
def tile(b: Builder, input: Value, multiples: Value) -> Value:
    """The input repeated along each dimension."""
    require_rank(b, multiples, 1, "Expected multiples")
    old, times = b.shape(input), b.dims(multiples)
    require(
        len(times) == len(old),
        f"Expected multiples argument to be a vector of length {len(old)} but got length "
        f"{len(times)}",
    )
    for i, count in enumerate(times):
        require(
            not isinstance(count, int) or count >= 0,
            f"Expected multiples[{i}] >= 0, but got {count}",
        )
    pairs = [d for pair in zip(times, old, strict=True) for d in pair]
    spread = b.broadcast_in_dim(input, pairs, tuple(range(1, 2 * len(old), 2)))
    return b.reshape(spread, [t * d for t, d in zip(times, old, strict=True)])


@tile.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x, multiples = op.inputs
    sizes = g("Shape", x, out_type=multiples.dtype)
    interleaved = g("Transpose", g("Pack", [multiples, sizes]), g.constant([1, 0]))
    split = g("Reshape", interleaved, g.constant([-1]))
    zero, two = g.constant(0), g.constant(2)
    axes = g("Range", zero, g("Size", split), two)
    return g("Sum", g("Reshape", grad, split), axes), None
