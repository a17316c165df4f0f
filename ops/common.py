"""What the families share: sizes as tensors, axes, checks, gradient idioms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.tensor.assumptions import Optimistic, Specialising
from flowc.ir.tensor.builder import Builder, UnknownShape, accumulator, require
from flowc.ir.tensor.core import Parameter, Shape, TensorType, Value
from flowc.ops.registry import GraphBuilder, Operation, Tensor

Tensors: TypeAlias = tuple[Any, ...]
Binary: TypeAlias = Callable[[Value, Value], Value]

SIGNED = "{float, int8, int16, int32, int64, complex}"  # what TensorFlow's unary ops take


def fail(message: str) -> InvalidArgumentError:
    """The error to raise for arguments that do not fit."""
    return InvalidArgumentError(None, None, message)


# Sizes and axes


def show(shape: Shape) -> str:
    """A shape as TensorFlow's messages write it: [2,3]."""
    return "[" + ",".join(map(str, shape)) + "]"


def normalize_axis(axis: int, rank: int, what: str = "axis") -> int:
    """`axis` counted from the front. Raises InvalidArgumentError outside of [-rank, rank)."""
    require(-rank <= axis < rank, f"Expected {what} in the range [{-rank}, {rank}), but got {axis}")
    return axis % rank


def static_axis(b: Builder, value: Value, rank: int, what: str = "axis") -> int:
    """The axis that a scalar operand names."""
    require_rank(b, value, 0, what)
    return normalize_axis(int(b.static(value).item()), rank, what)


def shape_vector(b: Builder, shape: Shape, dtype: DType) -> Value:
    """The sizes as a vector."""
    if all(isinstance(d, int) for d in shape):
        return b.constant(np.array(shape, dtype.numpy), dtype)
    return b.concatenate([b.reshape(b.size(d, dtype), (1,)) for d in shape], 0)


def number(b: Builder, dim: Dim, dtype: DType) -> Value:
    """A size as a scalar of any numeric dtype."""
    return b.convert(b.size(dim, dtypes.int64), dtype)


def merge_shapes(b: Builder, name: str, *values: Value) -> Shape:
    """The shape that all operands must have. Raises InvalidArgumentError."""
    first = b.shape(values[0])
    for value in values[1:]:
        require(
            b.assumptions.equal_shapes(first, b.shape(value)),
            f"{name}: Shapes must be equal, but are {show(first)} and {show(b.shape(value))}",
        )
    return b.shape(values[0])


def require_rank(b: Builder, value: Value, rank: int, what: str) -> Shape:
    """The shape of an operand that must have `rank` dimensions. Raises InvalidArgumentError."""
    shape = b.shape(value)
    require(len(shape) == rank, f"{what} must be {_RANKS[rank]}, got shape {show(shape)}")
    return shape


def require_part(real: DType, whole: DType) -> None:
    """Raise InvalidArgumentError unless `real` is the dtype of the parts of `whole`."""
    require(real is whole.real, f"{real.name} is not the type of the parts of {whole.name}")


_RANKS = {
    0: "a scalar",
    1: "a vector",
    2: "a matrix",
    3: "3-dimensional",
    4: "4-dimensional",
    5: "5-dimensional",
}


def is_abstract(b: Builder) -> bool:
    """True in static shape inference, where an unknown size may be anything."""
    return isinstance(b.assumptions, Optimistic)


def abstract(b: Builder, dtype: DType, *sizes: Dim | None) -> Value:
    """A value of that type, None for an unknown size: what a host op's inference returns."""
    shape = tuple(b.assumptions.fresh() if size is None else size for size in sizes)
    return Parameter(TensorType(dtype, shape))


def is_zero(b: Builder, size: Dim) -> bool:
    """Whether a size is 0; a symbol that may be is specialised by what it is in this run."""
    if isinstance(size, int) or is_abstract(b):
        return size == 0
    return b.assumptions.equal(size, 0)


def static_size(b: Builder, size: Dim) -> int:
    """A size that the code must know: where it is a symbol, it is specialised for its value."""
    size = b.assumptions.canonical(size)
    if isinstance(size, int):
        return size
    if not isinstance(b.assumptions, Specialising):
        raise UnknownShape
    number = b.assumptions.hint(size)
    b.assumptions.equal(size, number)
    return number


# Values


def conjugate(b: Builder, x: Value) -> Value:
    """The complex conjugate; a real value itself."""
    return b.complex(b.real(x), b.negate(b.imag(x))) if x.type.dtype.is_complex else x


def in_float32(b: Builder, x: Value, function: Callable[[Value], Value]) -> Value:
    """`function` of `x`, computed in float32 where x is a narrow float."""
    dtype = x.type.dtype
    return b.convert(function(b.convert(x, accumulator(dtype))), dtype)


# Gradients


def conj(g: GraphBuilder, x: Tensor) -> Tensor:
    """The complex conjugate; a real tensor itself."""
    return g("Conj", x) if x.dtype.is_complex else x


def static_shape(g: GraphBuilder, x: Tensor) -> tuple[int, ...] | None:
    """The shape where it is fully known."""
    shape = g.shape_of(x)
    if shape is None or any(d is None for d in shape):
        return None
    return shape  # type: ignore[return-value]


def or_zeros(g: GraphBuilder, grad: Tensor | None, output: Tensor) -> Any:
    """The gradient of an output, zeros where nothing depends on it."""
    return g("ZerosLike", output) if grad is None else grad


def same_static_shape(g: GraphBuilder, x: Tensor, y: Tensor) -> bool:
    """True when both shapes are fully known and equal."""
    shape = static_shape(g, x)
    return shape is not None and shape == static_shape(g, y)


def unbroadcast(
    g: GraphBuilder, op: Operation, *grads: Tensor | None, inputs: Sequence[Any] = ()
) -> Tensors:
    """Each gradient of two broadcast operands, summed over the axes along which it was repeated."""
    x, y = inputs or op.inputs
    if same_static_shape(g, x, y):
        return grads
    shapes = [g("Shape", x), g("Shape", y)]
    axes = g("BroadcastGradientArgs", *shapes)
    return tuple(
        None if grad is None else g("Reshape", g("Sum", grad, over), shape)
        for grad, over, shape in zip(grads, axes, shapes, strict=True)
    )


def zero_mask(g: GraphBuilder, x: Tensor) -> Tensor:
    """1 where x is not zero, else 0, as x's dtype."""
    nonzero = g("NotEqual", x, g.constant(0, x.dtype))
    return g("Cast", nonzero, DstT=x.dtype)  # type: ignore[no-any-return]
