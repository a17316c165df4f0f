"""Other element types: casts, bit casts, complex numbers and their parts."""

from __future__ import annotations

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import product
from flowc.ir.dtypes import DType
from flowc.ir.errors import UnimplementedError
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import (
    Tensors,
    abstract,
    conjugate,
    is_zero,
    require_part,
    show,
    unbroadcast,
)
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op


@op("Cast(x: SrcT; SrcT: type, DstT: type, Truncate: bool = false) -> y: DstT")
def cast(b: Builder, x: Value, *, DstT: DType, Truncate: bool) -> Value:
    """x as another element type; floats to integers as x86-64 converts them."""
    source = x.type.dtype
    if "string" in (source, DstT) and source is not DstT:
        message = f"Cast {source.name} to {DstT.name} is not supported"
        raise UnimplementedError(None, None, message)
    if Truncate and source.is_floating and DstT.is_floating and DstT.size < source.size:
        return _truncated(b, x, DstT)
    if source.is_complex and DstT.is_integer:
        x, source = b.real(x), source.real
    if source.is_floating and DstT.is_integer:
        return _float_to_integer(b, x, DstT)
    return b.convert(x, DstT)


def _float_to_integer(b: Builder, x: Value, dtype: DType) -> Value:
    """What C++'s cast does on x86-64: through int32 or int64, the least one when out of range."""
    wide = dtypes.int32 if dtype.size < 4 or dtype is dtypes.int32 else dtypes.int64
    if dtype is dtypes.uint64:
        return b.convert(x, dtype)
    exact = b.convert(x, dtypes.float64)
    limit = float(2 ** (wide.bits - 1))
    inside = b.and_(b.lt(exact, limit), b.ge(exact, -limit))
    return b.convert(b.select(inside, b.convert(exact, wide), wide.min), dtype)


def _truncated(b: Builder, x: Value, dtype: DType) -> Value:
    """The narrow float toward zero of x: the low bits of the mantissa are cut off."""
    if x.type.dtype is dtypes.float32 and dtype is dtypes.bfloat16:
        bits = b.shift_right_logical(b.bitcast_convert(x, dtypes.uint32), 16)
        return b.bitcast_convert(b.convert(bits, dtypes.uint16), dtype)
    nearest = b.convert(x, dtype)
    rounded_up = b.gt(b.abs(b.convert(nearest, x.type.dtype)), b.abs(x))
    over = b.and_(rounded_up, b.is_finite(nearest))
    integer = {2: dtypes.int16, 4: dtypes.int32}[dtype.size]
    lower = b.subtract(b.bitcast_convert(nearest, integer), 1)
    return b.select(over, b.bitcast_convert(lower, dtype), nearest)


_CASTABLE = (
    dtypes.float16,
    dtypes.bfloat16,
    dtypes.float32,
    dtypes.float64,
    dtypes.complex64,
    dtypes.complex128,
)


@cast.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    source = op.inputs[0].dtype
    if source in _CASTABLE and grad.dtype in _CASTABLE:
        return (g("Cast", grad, DstT=source),)
    return (None,)


@op("Bitcast(input: T; T: {numeric}, type: {numeric}) -> output: type")
def bitcast(b: Builder, input: Value, *, type: DType) -> Value:
    """The same bytes as another type; the last dimension makes up for another size."""
    old, new = input.type.dtype.size, type.size
    shape = b.shape(input)
    if new > old:
        require(
            len(shape) > 0 and b.assumptions.equal(shape[-1], new // old),
            f"Cannot bitcast from {input.type.dtype.name} to {type.name}: shape {show(shape)}",
        )
    if input.type.dtype.is_complex or type.is_complex:
        return _bitcast_complex(b, input, type)
    return b.bitcast_convert(input, type)


def _bitcast_complex(b: Builder, x: Value, dtype: DType) -> Value:
    """Bits of complex numbers: their two parts along a last axis."""
    rank = len(b.shape(x))
    if x.type.dtype.is_complex:
        parts = [b.expand_dims(part, rank) for part in (b.real(x), b.imag(x))]
        pairs = b.concatenate(parts, rank)
        return _bitcast_complex(b, pairs, dtype) if dtype.is_complex else _regroup(b, pairs, dtype)
    pairs = b.bitcast_convert(x, dtype.real)
    last = pairs.type.rank - 1
    real, imaginary = (b.squeeze(b.slice_axis(pairs, last, i, i + 1), last) for i in range(2))
    return b.complex(real, imaginary)


def _regroup(b: Builder, pairs: Value, dtype: DType) -> Value:
    """Pairs of floats as one wider number, or as several narrower ones."""
    words = b.bitcast_convert(pairs, dtype)
    if dtype.size >= pairs.type.dtype.size:
        return words
    *outer, two, inner = b.shape(words)
    return b.reshape(words, [*outer, two * inner])


@op("ToBool(input: T; T: {numeric, bool, string}) -> output: bool")
def to_bool(b: Builder, input: Value) -> Value:
    """Whether a number is not 0, a text not empty, and of anything else whether there is any."""
    shape = b.shape(input)
    if shape:
        return b.constant(not is_zero(b, product(shape)))
    return b.ne(input, 0) if not input.type.dtype.is_bool else input


@to_bool.infer
def _(b: Builder, input: Value) -> Value:
    return abstract(b, dtypes.bool_)


@to_bool.on_host
def _(input: Array) -> Array:
    return np.asarray(bool(input.item()) if input.ndim == 0 else input.size > 0)


to_bool.not_differentiable()


# Complex numbers

_COMPLEX = "T: {complex} = complex64"
_REAL = "Tout: {float32, float64} = float32"


@op(
    "Complex(real: T, imag: T; T: {float32, float64} = float32, Tout: {complex} = complex64)"
    " -> out: Tout"
)
def complex_(b: Builder, real: Value, imag: Value, *, Tout: DType) -> Value:
    """real + i * imag."""
    require_part(real.type.dtype, Tout)
    return b.complex(*b.broadcast(real, imag))


@complex_.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    real = op.inputs[0].dtype
    return unbroadcast(g, op, g("Real", grad, Tout=real), g("Imag", grad, Tout=real))


@op(f"Real(input: T; {_COMPLEX}, {_REAL}) -> output: Tout")
def real(b: Builder, input: Value, *, Tout: DType) -> Value:
    """The real part."""
    require_part(Tout, input.type.dtype)
    return b.real(input)


@real.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("Complex", grad, g.constant(0, grad.dtype), Tout=op.inputs[0].dtype),)


@op(f"Imag(input: T; {_COMPLEX}, {_REAL}) -> output: Tout")
def imag(b: Builder, input: Value, *, Tout: DType) -> Value:
    """The imaginary part."""
    require_part(Tout, input.type.dtype)
    return b.imag(input)


@imag.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("Complex", g.constant(0, grad.dtype), grad, Tout=op.inputs[0].dtype),)


@op("Conj(input: T; T: {complex, variant} = complex64) -> output: T")
def conj(b: Builder, input: Value) -> Value:
    """real - i * imag."""
    return conjugate(b, input)


@conj.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (g("Conj", grad),)


@op(f"ComplexAbs(x: T; {_COMPLEX}, {_REAL}) -> y: Tout")
def complex_abs(b: Builder, x: Value, *, Tout: DType) -> Value:
    """sqrt(real**2 + imag**2)."""
    require_part(Tout, x.type.dtype)
    return b.abs(x)


@complex_abs.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x = op.inputs[0]
    wide = g("Complex", grad, g("ZerosLike", grad), Tout=x.dtype)
    return (wide * g("Sign", x),)


@op(f"Angle(input: T; {_COMPLEX}, {_REAL}) -> output: Tout")
def angle(b: Builder, input: Value, *, Tout: DType) -> Value:
    """The argument: atan2(imag, real)."""
    require_part(Tout, input.type.dtype)
    return b.atan2(b.imag(input), b.real(input))


@angle.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    x = op.inputs[0]
    re, im = (g(part, x, Tout=grad.dtype) for part in ("Real", "Imag"))
    z = g("Reciprocal", g("Complex", im, re, Tout=x.dtype))
    return (-g("Complex", grad, g("ZerosLike", grad), Tout=x.dtype) * z,)
