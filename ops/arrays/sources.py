"""Where values come from: constants, placeholders, fills, ranges; and ops that pass values on."""

from __future__ import annotations

from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim, Expr, ceildiv, maximum
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, DataDependent, NotCompilable, UnknownValue, require
from flowc.ir.tensor.core import Evidence, Parameter, TensorType, Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.checks import check_all
from flowc.ops.common import Tensors, fail, is_abstract, is_zero, require_rank, show
from flowc.ops.registry import Effect, GraphBuilder, OpDefinition, Operation, Tensor, op


@op("Const(; value: tensor, dtype: type) -> output: dtype")
def const(b: Builder, *, value: Array, dtype: DType) -> Value:
    """A constant; one of strings is only known by its type."""
    require(
        value.dtype == dtype.numpy,
        f"Inconsistency between attr 'dtype' ({dtype.name}) and the type of attr 'value' "
        f"({value.dtype})",
    )
    require(dtype not in (dtypes.resource, dtypes.variant), f"there is no Const of {dtype.name}")
    if dtype.is_numeric:
        return b.constant(value, dtype)
    if dtype is not dtypes.string and not is_abstract(b):
        raise NotCompilable(f"constants of {dtype.name} are moved about, not computed with")
    return Parameter(TensorType(dtype, np.shape(value)))


@const.on_host
def const_on_host(*, value: Array) -> Array:
    """The value as it stands."""
    return np.asarray(value)


const.not_differentiable()


@op("Placeholder(; dtype: type, shape: shape = unknown) -> output: dtype")
def placeholder(b: Builder, *, dtype: DType, shape: tuple[int | None, ...] | None) -> Any:
    """A value that the caller feeds; its unknown sizes become symbols."""
    if shape is None:
        return UnknownValue(dtype)
    sizes = tuple(b.assumptions.fresh() if size is None else size for size in shape)
    return Parameter(TensorType(dtype, sizes))


@placeholder.on_host
def unfed_placeholder(*, dtype: DType, shape: tuple[int | None, ...] | None, context: Any) -> Array:
    """An error: a placeholder that is fed does not run."""
    known = "<unknown>" if shape is None else str(["?" if d is None else d for d in shape])
    raise fail(
        f"You must feed a value for placeholder tensor '{context.node}' with dtype {dtype.name} "
        f"and shape {known}"
    )


@op("PlaceholderWithDefault(input: dtype; dtype: type, shape: shape) -> output: dtype")
def placeholder_with_default(
    b: Builder, input: Any, *, shape: tuple[int | None, ...] | None
) -> Any:
    """The input, unless the caller feeds another value, which may have another size."""
    if shape is None or isinstance(input, UnknownValue):
        return input
    require(len(shape) == input.type.rank, f"input shape {input.type} does not fit {list(shape)}")
    return input


def _pass_on(b: Builder, input: Any) -> Any:
    return input


def _pass_back(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad,)


placeholder_with_default.gradient(_pass_back)
op("Identity(input: T; T: type) -> output: T")(_pass_on).gradient(_pass_back)
_passed_on = op("RefIdentity(input: ref(T); T: type) -> output: ref(T)")(_pass_on)
_passed_on.affects(Effect.READS).gradient(_pass_back)
op("StopGradient(input: T; T: type) -> output: T")(_pass_on).not_differentiable()
op("Snapshot(input: T; T: type) -> output: T")(_pass_on)
op("DeepCopy(x: T; T: type) -> y: T", stateful=True)(_pass_on)
op("GuaranteeConst(input: T; T: type) -> output: T", stateful=True)(_pass_on)
op('PreventGradient(input: T; T: type, message: string = "") -> output: T')(_pass_on)


@op("IdentityN(input: T; T: list(type) >= 1) -> output: T")
def identity_n(b: Builder, input: list[Any]) -> tuple[Any, ...]:
    """All inputs."""
    return tuple(input)


@identity_n.gradient
def _(g: GraphBuilder, op: Operation, *grads: Tensor) -> Tensors:
    return grads


@op("NoOp()")
def no_op(b: Builder) -> None:
    """Nothing: a target for control edges."""


# Tensors of one number


@op("Fill(dims: index_type[:], value: T[]; T: type, index_type: {index} = int32) -> output: T")
def fill(b: Builder, dims: Value, value: Value) -> Value:
    """`value` in every element."""
    require_rank(b, dims, 1, "dims")
    require_rank(b, value, 0, "value")
    sizes = b.dims(dims)
    negative = next((d for d in sizes if isinstance(d, int) and d < 0), 0)
    require(negative == 0, f"Dimension {negative} must be >= 0, got shape {show(sizes)}")
    return b.broadcast_in_dim(value, sizes, ())


@fill.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return None, g("Sum", grad, g("Range", g.constant(0), g("Rank", grad), g.constant(1)))


@op("Empty(shape: int32[:]; dtype: type, init: bool = false) -> output: dtype", stateful=True)
def empty(b: Builder, shape: Value, *, dtype: DType) -> Value:
    """A tensor of any content: zeros."""
    return b.full(0, b.dims(shape), dtype)


# Progressions


@op(
    "Range(start: Tidx[], limit: Tidx[], delta: Tidx[]; Tidx: {float, int8, int16, int32,"
    " int64, uint16,"
    " uint32} = int32) -> output: Tidx"
)
def arithmetic_range(b: Builder, start: Value, limit: Value, delta: Value) -> Value:
    """start, start + delta, ... up to limit, which is left out."""
    _require_scalars(b, start=start, limit=limit, delta=delta)
    if start.type.dtype.is_floating:
        return _progression(b, start, delta, _float_length(b, start, limit, delta))
    return _progression(b, start, delta, _range_length(b, start, limit, delta))


def _require_scalars(b: Builder, **operands: Value) -> None:
    for name, value in operands.items():
        require_rank(b, value, 0, name)


def _progression(b: Builder, start: Value, delta: Value, count: Dim) -> Value:
    dtype = start.type.dtype
    wide = dtypes.float64 if dtype.is_floating else dtype
    steps = b.convert(b.iota((count,), 0, wide), dtype)
    first, step = (b.broadcast_to(v, (count,)) for v in (start, delta))
    return b.add(first, b.multiply(steps, step))


def _float_length(b: Builder, start: Value, limit: Value, delta: Value) -> Dim:
    """The length of a progression of floats, as far as it is known."""
    if is_abstract(b) and any(b.symbolic(value) is None for value in (start, limit, delta)):
        return b.assumptions.fresh()
    return b.dims(range_length(b, start, limit, delta))[0]


def range_length(b: Builder, start: Value, limit: Value, delta: Value) -> Value:
    """How many numbers `Range` gives: |(limit - start) / delta|, rounded up.

    Each operation rounds to the element type, as TensorFlow's do. The compiler has it computed in
    an earlier part of the step where data decides about it.
    """
    zero = b.constant(0, delta.type.dtype)
    count = b.ceil(b.abs(b.divide(b.subtract(limit, start), delta)))
    most = b.constant(2.0**62, dtypes.float64)
    sinks, grows = b.lt(delta, zero), b.gt(delta, zero)
    for holds, message in (
        (b.ne(delta, zero), "delta != 0"),
        (b.or_(sinks, b.le(start, limit)), "start <= limit when delta > 0"),
        (b.or_(grows, b.ge(start, limit)), "start >= limit when delta < 0"),
        (
            b.lt(b.convert(count, dtypes.float64), most),
            "((limit - start) / delta) <= 9223372036854775807",
        ),
    ):
        message = f"Requires {message}{_bounds(b, start, limit)}"
        known = b.symbolic(holds)
        if known is not None:
            require(known.item(), message)
        check_all(b, holds, message)
    return b.convert(count, dtypes.int64)


def _bounds(b: Builder, start: Value, limit: Value) -> str:
    """`: start/limit` for a message, where they are known."""
    first, last = b.symbolic(start), b.symbolic(limit)
    return "" if first is None or last is None else f": {first.item()}/{last.item()}"


def range_of_length(b: Builder, start: Value, delta: Value, length: Value) -> Value:
    """`length` numbers: start, start + delta, ..."""
    return _progression(b, start, delta, b.dims(length)[0])


RANGE_LENGTH = OpDefinition(
    "_RangeLength(start: Tidx[], limit: Tidx[], delta: Tidx[]; Tidx: {float}) -> length: int64",
    lower=range_length,
)
RANGE_OF_LENGTH = OpDefinition(
    "_RangeOfLength(start: Tidx[], delta: Tidx[], length: int64[]; Tidx: {float}) -> output: Tidx",
    lower=range_of_length,
)


def _range_length(b: Builder, start: Value, limit: Value, delta: Value) -> Dim:
    first, last, step = (b.dims(v)[0] for v in (start, limit, delta))
    require(step != 0, "Requires delta != 0")
    if not isinstance(first, Expr) and not isinstance(last, Expr) and not isinstance(step, Expr):
        return _concrete_length(first, last, step)
    if isinstance(step, Expr):
        if is_abstract(b):
            return b.assumptions.fresh()
        raise DataDependent(delta)  # whether the progression rises or falls
    low, high = (first, last) if step > 0 else (last, first)
    order = "<=" if step > 0 else ">="
    require(
        is_abstract(b) or b.assumptions.at_least(high, low),
        f"Requires start {order} limit when delta {'>' if step > 0 else '<'} 0: {first}/{last}",
    )
    return ceildiv(high - low, abs(step))


def _concrete_length(first: int, last: int, step: int) -> int:
    up, down = step < 0 or first <= last, step > 0 or first >= last
    require(up, f"Requires start <= limit when delta > 0: {first}/{last}")
    require(down, f"Requires start >= limit when delta < 0: {first}/{last}")
    return -(-abs(last - first) // abs(step))


arithmetic_range.not_differentiable()


@op(
    "LinSpace(start: T[], stop: T[], num: Tidx[]; T: {bfloat16, float16, float32, float64},"
    " Tidx: {index} = int32) -> output: T"
)
def linspace(b: Builder, start: Value, stop: Value, num: Value) -> Value:
    """`num` numbers from start to stop, both included, evenly spaced."""
    for name, value in (("start", start), ("stop", stop), ("num", num)):
        require_rank(b, value, 0, name)
    (count,) = b.dims(num)
    require(not is_zero(b, count) and count != -1, f"Requires num > 0: {count}")
    if count == 1:
        return b.reshape(start, (1,))
    gaps = b.convert(b.size(maximum(count - 1, 1)), start.type.dtype)
    step = b.divide(b.subtract(stop, start), gaps)
    first, last, step = (b.broadcast_to(v, (count,)) for v in (start, stop, step))
    steps = b.iota((count,), 0, dtypes.int32)
    line = b.add(first, b.multiply(step, b.convert(steps, start.type.dtype)))
    final = b.eq(steps, b.broadcast_to(b.size(count - 1), (count,)))
    final = b.and_(final, b.gt(steps, 0))  # of one number, it is the start
    return b.select(final, last, line)


linspace.not_differentiable()


# Checks


@op("Assert(condition: bool, data: T; T: list(type) >= 1, summarize: int = 3)", stateful=True)
def assert_(b: Builder, condition: Value, data: list[Any]) -> None:
    """Fail the step unless the condition holds."""
    check_all(b, condition, "assertion failed")


@assert_.infer
def _(b: Builder, condition: Any, data: list[Any]) -> None:
    """Nothing: what does not hold is an error of the run."""


assert_.not_differentiable()


def _check_numerics(b: Builder, tensor: Value, *, message: str) -> Value:
    evidence = Evidence((tensor,), (), lambda x: f"{message} : Tensor had {_kinds(x)} values")
    finite = b.reduce_and(b.is_finite(tensor))
    b.check(finite, f"{message} : Tensor had NaN or Inf values", evidence=evidence)
    return tensor


def _check_numerics_v2(b: Builder, tensor: Value, *, message: str) -> Value:
    def tell(x: Array) -> str:
        return f"{message} : Tensor had {_kinds(x, signs=True)} values"

    finite = b.reduce_and(b.is_finite(tensor))
    b.check(
        finite, f"{message} : Tensor had NaN or Inf values", evidence=Evidence((tensor,), (), tell)
    )
    return tensor


def _kinds(x: Array, signs: bool = False) -> str:
    """What there is besides finite numbers: `Inf and NaN`, `-Inf, +Inf, and NaN`."""
    wide = x.astype(np.float64)
    infinite = (
        {"-Inf": wide == -np.inf, "+Inf": wide == np.inf} if signs else {"Inf": np.isinf(wide)}
    )
    found = [name for name, where in {**infinite, "NaN": np.isnan(wide)}.items() if where.any()]
    return " and ".join(found) if len(found) < 3 else "-Inf, +Inf, and NaN"


def _check_numerics_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    message = "Not a number (NaN) or infinity (Inf) values detected in gradient. "
    return (g("CheckNumerics", grad, message=message + repr(op.get_attr("message"))),)


for _name, _lower in (("CheckNumerics", _check_numerics), ("CheckNumericsV2", _check_numerics_v2)):
    op(f"{_name}(tensor: T; T: {{float}}, message: string) -> output: T", stateful=True)(
        _lower
    ).gradient(_check_numerics_gradient)
