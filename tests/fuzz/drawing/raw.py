"""Operations of the op set as they are: `tf.raw_ops.X(a=v3, b=v5, T=...)`, drawn from the registry.

Their signatures tell how many tensors of which types they take; whether values fit is found by
trying. So an op that no phrase names is drawn all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from flowc.ir.dtypes import DType
from flowc.ops.registry import OPS, OpDefinition
from flowc.ops.signature import Argument, Attribute
from tests.fuzz.drawing.drawing import COMPLEX, NUMBERS, Unfit, Value
from tests.fuzz.drawing.holes import Holes

_DRAWN = (*NUMBERS, *COMPLEX, "bool")
_PLAIN = ("int", "float", "bool", "type", "string")
# Control flow and its kin mean something only together; these are drawn as blocks.
_APART = frozenset(
    (
        "Enter",
        "RefEnter",
        "Exit",
        "RefExit",
        "Merge",
        "RefMerge",
        "Switch",
        "RefSwitch",
        "NextIteration",
        "RefNextIteration",
        "LoopCond",
        "PlaceholderWithDefault",
        "RefIdentity",
    )
)
# What TensorFlow leaves open, or answers by the bits of a NaN: conversions of what does not fit,
# powers of integers by negative ones, shifts by more than the width.
_OPEN = frozenset(
    (
        "Cast",
        "Pow",
        "LeftShift",
        "RightShift",
        "Bitcast",
        "QuantizeV2",
        "Div",
        "TruncateDiv",
        "ApproximateEqual",
        "NextAfter",
    )
)


def operation(h: Holes) -> str:
    """A call of some op, with attributes at their defaults or drawn."""
    definition = h.d.choose(*_candidates())
    signature = definition.signature
    types: dict[str, str] = {}
    parts = [f"{a.name}={_argument(h, definition, a, types)}" for a in signature.inputs]
    for attribute in signature.attributes:
        if attribute.name not in types and (text := _drawn(h, attribute)) is not None:
            parts.append(f"{attribute.name}={text}")
    count = len(signature.outputs)
    place = f"[{h.d.random.randrange(count)}]" if count > 1 else ""
    return f"tf.raw_ops.{definition.name}({', '.join(parts)}){place}"


@cache
def _candidates() -> tuple[OpDefinition, ...]:
    return tuple(sorted(_drawable(), key=lambda d: d.name))


def _drawable() -> Iterator[OpDefinition]:
    """Ops without state that are compiled, of tensors of numbers alone."""
    for definition in OPS.values():
        signature = definition.signature
        if definition.lower is None or definition.stateful or not signature.inputs:
            continue
        if definition.name in _APART | _OPEN or not definition.name[0].isupper():
            continue
        arguments = [*signature.inputs, *signature.outputs]
        if all(map(_is_drawable, arguments)) and all(map(_is_plain, signature.attributes)):
            yield definition


def _is_drawable(argument: Argument) -> bool:
    fits = argument.dtype is None or argument.dtype.name in _DRAWN
    return fits and not argument.is_list and not argument.is_ref


def _is_plain(attribute: Attribute) -> bool:
    return attribute.has_default or attribute.type in _PLAIN


def _argument(h: Holes, definition: OpDefinition, argument: Argument, types: dict[str, str]) -> str:
    """An operand of the argument's type, which may be that of an earlier one."""
    if argument.number_attr:
        types[argument.number_attr] = ""
        return f"[{_operand(h, definition, argument, types)}, {_again(h)}]"
    return _operand(h, definition, argument, types)


def _operand(h: Holes, definition: OpDefinition, argument: Argument, types: dict[str, str]) -> str:
    allowed = _allowed(definition, argument, types)
    least, most = argument.ranks
    most = 99 if most is None else most

    def fits(v: Value) -> bool:
        return v.dtype in allowed and least <= v.rank <= most

    first = h.drawn[0] if h.drawn else None
    if first is not None and h.d.chance(0.6):
        try:
            value = h.take(
                lambda v: fits(v) and [a.shape for a in v.arrays] == [a.shape for a in first.arrays]
            )
        except Unfit:
            value = h.take(fits)
    elif first is not None and h.d.chance(0.4) and {"int32", "int64"} & set(allowed):
        shape = () if not most or (not least and h.d.chance(0.5)) else (h.d.choose(1, 2, 3),)
        dtype = "int32" if "int32" in allowed else "int64"
        types[argument.type_attr] = dtype
        return f"tf.constant(data({shape}, {dtype!r}, {h.d.number()}))"
    else:
        value = h.take(fits)
    types[argument.type_attr] = value.dtype
    return h.text(value)


def _again(h: Holes) -> str:
    """A further tensor of a list."""
    last = h.drawn[-1]
    return h.text(h.take(last.is_alike))


def _allowed(
    definition: OpDefinition, argument: Argument, types: dict[str, str]
) -> tuple[str, ...]:
    if argument.dtype is not None:
        return (argument.dtype.name,)
    if argument.type_attr in types:
        return (types[argument.type_attr],)
    attribute = definition.signature.attribute(argument.type_attr)
    assert attribute is not None
    names = [t.name for t in attribute.allowed if isinstance(t, DType)]
    return tuple(n for n in names if n in _DRAWN) if names else _DRAWN


def _drawn(h: Holes, attribute: Attribute) -> str | None:
    """An attribute's value as text; None to leave it at its default."""
    if attribute.has_default and (attribute.type not in _PLAIN or h.d.chance(0.5)):
        return None
    match attribute.type:
        case "bool":
            return str(h.d.chance(0.5))
        case "int":
            least = attribute.minimum if attribute.minimum is not None else -1
            return str(h.d.random.randint(least, max(least, 0) + 3))
        case "float":
            return str(h.d.choose(0.1, 0.5, 1.0, 2.0))
        case "type":
            names = [t.name for t in attribute.allowed if isinstance(t, DType)]
            return f"tf.{h.d.choose(*([n for n in names if n in _DRAWN] or ['float32']))}"
        case _:
            words = [w for w in attribute.allowed if isinstance(w, str | bytes)]
            if not words:
                raise Unfit
            return repr(h.d.choose(*words))


OPERATIONS = (operation,)
