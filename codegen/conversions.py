"""`Convert` and `Bitcast`: changing the type of register values."""

from __future__ import annotations

from flowc.codegen.builder import Builder
from flowc.codegen.llvm.types import DOUBLE, FLOAT, I8, I32, I64, Type, integer_type
from flowc.codegen.llvm.values import Constant, Value, lanes_of, literal
from flowc.codegen.narrow_floats import from_memory, round_to, to_memory
from flowc.codegen.representation import constant, is_narrow_float, memory_type, value_type
from flowc.ir.dtypes import DType, bool_, float32


def convert(builder: Builder, source: DType, target: DType, value: Value) -> Value:
    """`value` of type `source` as the nearest value of type `target`."""
    if source is target:
        return value
    if target.is_bool:
        return _to_bool(builder, source, value)
    if source.is_floating:
        if target.is_floating:
            return _float_to_float(builder, target, value)
        return _float_to_integer(builder, source, target, value)
    if target.is_floating:
        return _integer_to_float(builder, source, target, value)
    signed = source.is_integer and not source.is_unsigned
    return builder.resize(value, value_type(target), signed)


def _to_bool(builder: Builder, source: DType, value: Value) -> Value:
    zero = constant(source, 0, lanes_of(value))
    if source.is_floating:
        return builder.fcmp_unordered("!=", value, zero)
    return builder.icmp_unsigned("!=", value, zero)


def _float_to_float(builder: Builder, target: DType, value: Value) -> Value:
    if is_narrow_float(target):
        return _to_narrow(builder, target, value)
    wider = value_type(target)
    operation = "fptrunc" if wider is FLOAT else "fpext"
    return builder.cast(operation, value, wider)


def _to_narrow(builder: Builder, target: DType, value: Value) -> Value:
    """Round to a narrow float; a double goes first to float by rounding to odd."""
    if value.type.element is FLOAT:
        return round_to(builder, target, value)
    return round_to(builder, target, _round_to_odd(builder, value))


def _round_to_odd(builder: Builder, value: Value) -> Value:
    """A double as float, inexact results with the last bit set, so that a later rounding of it to
    fewer bits is right (Boldo and Melquiond, "When double rounding is odd", 2005).

    Where nearest rounding was inexact and gave an even mantissa, the odd neighbour on the side of
    the exact value is one step away.
    """
    lanes = lanes_of(value)
    near = builder.cast("fptrunc", value, FLOAT)
    back = builder.cast("fpext", near, value.type.element)
    bits = builder.cast("bitcast", near, I32)
    one = constant_int(I32, 1, lanes)
    even = builder.icmp_unsigned("==", builder.and_(bits, one), constant_int(I32, 0, lanes))
    inexact = builder.fcmp_ordered("!=", back, value)
    below = builder.fcmp_ordered(
        "<", builder.unary_intrinsic("fabs", back), builder.unary_intrinsic("fabs", value)
    )
    neighbour = builder.select(below, builder.add(bits, one), builder.sub(bits, one))
    odd = builder.select(builder.and_(inexact, even), neighbour, bits)
    return builder.cast("bitcast", odd, FLOAT)


def constant_int(kind: Type, value: int, lanes: int) -> Constant:
    """An integer constant of any width, repeated over `lanes`."""
    return literal(kind, str(value), lanes)


def _integer_to_float(builder: Builder, source: DType, target: DType, value: Value) -> Value:
    unsigned = source.is_unsigned or source.is_bool
    operation = "uitofp" if unsigned else "sitofp"
    if not is_narrow_float(target):
        return builder.cast(operation, value, value_type(target))
    wide = DOUBLE if source.bits > 16 else FLOAT
    if source.bits > 32:
        value = _sticky_integer(builder, value, unsigned)
    return _to_narrow(builder, target, builder.cast(operation, value, wide))


def _sticky_integer(builder: Builder, value: Value, unsigned: bool) -> Value:
    """A 64-bit integer that a double holds exactly: large ones get one sticky bit for the low 12.

    A narrow float has far fewer than 53 bits, so its rounding sees the same side of every tie.
    """

    def number(n: int) -> Constant:
        return constant_int(I64, n, lanes_of(value))

    lost = builder.icmp_unsigned("!=", builder.and_(value, number(0xFFF)), number(0))
    sticky = builder.select(lost, number(0x800), number(0))
    rounded = builder.or_(builder.and_(value, number(-0x1000)), sticky)
    magnitude = value
    if not unsigned:
        negative = builder.icmp_signed("<", value, number(0))
        magnitude = builder.select(negative, builder.neg(value), value)
    large = builder.icmp_unsigned(">", magnitude, number(1 << 53))
    return builder.select(large, rounded, value)


def _float_to_integer(builder: Builder, source: DType, target: DType, value: Value) -> Value:
    """Truncate; saturate at the ends of `target`, NaN is 0.

    Written out because LLVM scalarises `fptosi.sat` of vectors.
    """
    lanes = lanes_of(value)
    integers = value_type(target)
    wide = integer_type(max(32, integers.bits))
    operation = "fptoui" if target.is_unsigned else "fptosi"
    floats = source if not is_narrow_float(source) else float32
    least, greatest = int(target.min), int(target.max)
    below = builder.fcmp_ordered("<", value, constant(floats, float(least), lanes))
    above = builder.fcmp_ordered(">=", value, constant(floats, float(greatest + 1), lanes))
    outside = builder.or_(builder.or_(below, above), builder.fcmp_unordered("uno", value, value))
    safe = builder.select(outside, constant(floats, 0.0, lanes), value)
    inside = builder.resize(builder.cast(operation, safe, wide), integers, signed=True)
    clamped = builder.select(below, constant(target, least, lanes), inside)
    return builder.select(above, constant(target, greatest, lanes), clamped)


def bitcast(builder: Builder, source: DType, target: DType, value: Value) -> Value:
    """The bits of `value` read as another type of the same width."""
    raw = value_to_memory(builder, source, value)
    return memory_to_value(builder, target, builder.cast("bitcast", raw, memory_type(target)))


def value_to_memory(builder: Builder, dtype: DType, value: Value) -> Value:
    """The form in which a buffer holds `value`."""
    if dtype is bool_:
        return builder.cast("zext", value, I8)
    return to_memory(builder, dtype, value) if is_narrow_float(dtype) else value


def memory_to_value(builder: Builder, dtype: DType, value: Value) -> Value:
    """The register form of an element that was read from a buffer."""
    if dtype is bool_:
        zero = constant_int(I8, 0, lanes_of(value))
        return builder.icmp_unsigned("!=", value, zero)
    return from_memory(builder, dtype, value) if is_narrow_float(dtype) else value
