"""Calls of ops with operands and attributes that mostly do not fit, for hypothesis to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ops.registry import OPS, OpDefinition
from flowc.ops.signature import Argument, Attribute

Array = np.ndarray[Any, Any]
Draw = Any  # hypothesis's function of a strategy

# Ops that are about something else than tensors: control flow, functions, objects of the session,
# the file system, and what stands at a graph's ends.
_OTHER_FAMILIES = frozenset(
    {
        "arrays.sources",
        "control_flow",
        "function_definitions",
        "lists.optionals",
        "lists.stacks",
        "lists.tensor_arrays",
        "lists.tensor_lists",
        "python_functions",
        "sparse.maps",
        "state.accumulators",
        "state.files",
        "state.printing",
        "state.queues",
        "state.readers",
        "state.summaries",
        "state.tables",
    }
)
_SOME_TYPES = (
    dtypes.float32,
    dtypes.int32,
    dtypes.float16,
    dtypes.bool_,
    dtypes.string,
    dtypes.int64,
    dtypes.complex64,
    dtypes.uint8,
)
_SIZES = st.sampled_from([0, 1, 1, 2, 3, 3, 5])
_SHAPES = st.lists(_SIZES, max_size=4).map(tuple)
_INTEGERS = (-7, -1, 0, 0, 1, 1, 2, 3, 9, 70000)
_REALS = (float("nan"), float("inf"), -1e30, -1.5, -1.0, 0.0, 0.25, 1.0, 3.0)
_TEXTS = (b"", b"a", b"1 2", "\u00e9".encode(), b"\xff\x00")


@dataclass(frozen=True)
class Variable:
    """A variable as an operand, by resource or by reference."""

    contents: Array
    is_resource: bool


@dataclass(frozen=True)
class Call:
    """What an op is called with: a list of arrays per list input, else an array or variable."""

    operands: tuple[Any, ...]
    attributes: dict[str, Any]


def callable_ops() -> list[str]:
    """The ops whose operands are all tensors of ordinary dtypes, or variables."""
    return sorted(name for name, definition in OPS.items() if _is_callable(definition))


def _is_callable(definition: OpDefinition) -> bool:
    inputs, attributes = definition.signature.inputs, definition.signature.attributes
    opaque = {a.dtype for a in inputs if a.dtype is not None and a.dtype.kind == "opaque"}
    typed = any(a.name in ("dtype", "T") for a in attributes)
    return (
        definition.family not in _OTHER_FAMILIES
        and (not opaque or (opaque == {dtypes.resource} and typed))
        and not any("func" in a.type for a in attributes)
    )


@st.composite
def calls(draw: Draw, definition: OpDefinition) -> Call:
    """A call whose dtypes the op allows; nothing else is sure to fit."""
    signature = definition.signature
    numbers = {a.number_attr for a in signature.inputs if a.number_attr}
    attributes = {
        a.name: draw(st.integers(a.minimum or 0, 3)) if a.name in numbers else draw(_values(a))
        for a in signature.attributes
    }
    common = draw(_SHAPES)
    shapes = st.just(common) | st.just(common) | _SHAPES
    operands = tuple(_operand(draw, a, attributes, shapes) for a in signature.inputs)
    taken = {a.type_attr for a in signature.inputs} | numbers
    given = {name: value for name, value in attributes.items() if name not in taken}
    return Call(operands, given)


def _values(attribute: Attribute) -> st.SearchStrategy[Any]:
    """Values of an attribute; more often its default, where it has one."""
    kind = attribute.type.removeprefix("list(").removesuffix(")")
    found = _one_value(kind, attribute)
    if attribute.type.startswith("list("):
        least = attribute.minimum or 0
        found = st.lists(found, min_size=least, max_size=least + 2)
    elif attribute.minimum is not None:
        found = found.map(lambda value: max(value, attribute.minimum))
    if attribute.has_default and attribute.default is not None and kind != "type":
        return st.just(attribute.default) | found
    return found


def _one_value(kind: str, attribute: Attribute) -> st.SearchStrategy[Any]:
    if kind == "type":
        choices = [d for d in attribute.allowed or _SOME_TYPES if d.kind != "opaque"]
        return st.sampled_from(choices)
    return {
        "bool": st.booleans(),
        "int": st.sampled_from([-2, -1, 0, 1, 1, 2, 3, 8]),
        "float": st.sampled_from([-1.0, 0.0, 0.5, 1.0, 3.0]),
        "string": st.sampled_from(attribute.allowed or ["", "a", ","]),
        "shape": st.lists(_SIZES, max_size=3),
        "tensor": st.just(np.zeros(2, np.float32)),
    }[kind]


def _operand(
    draw: Draw,
    argument: Argument,
    attributes: dict[str, Any],
    shapes: st.SearchStrategy[tuple[int, ...]],
) -> Any:
    """An array or a list of them; of a rank that the signature allows, three times in four."""
    if draw(st.integers(0, 3)):
        least, most = argument.ranks
        most = 4 if most is None else most
        shapes = shapes.map(lambda shape: _fitted(shape, least, most))
    kind: Any = argument.dtype or attributes[argument.type_attr]
    if argument.dtype is dtypes.resource or argument.is_ref:
        contents = attributes["dtype"] if "dtype" in attributes else attributes["T"]
        return Variable(_array(draw, contents, shapes), argument.dtype is dtypes.resource)
    if argument.is_list:
        return [_array(draw, dtype, shapes) for dtype in kind]
    if argument.number_attr:
        return [_array(draw, kind, shapes) for _ in range(attributes[argument.number_attr])]
    return _array(draw, kind, shapes)


def _fitted(shape: tuple[int, ...], least: int, most: int) -> tuple[int, ...]:
    """The shape with dimensions added or left out to have a rank between two."""
    longer = (3,) * (least - len(shape)) + shape
    return longer[max(len(longer) - most, 0) :]


def _array(draw: Draw, dtype: DType, shapes: st.SearchStrategy[tuple[int, ...]]) -> Array:
    """Filled with few numbers; one may be the greatest of its dtype."""
    shape = draw(shapes)
    generator = np.random.default_rng(draw(st.integers(0, 2**16)))
    size = int(np.prod(shape))
    array = np.empty(size, dtype.numpy)
    if dtype is dtypes.string:
        array[:] = [_TEXTS[i] for i in generator.integers(0, len(_TEXTS), size)]
    elif dtype.is_integer:
        limits = np.iinfo(dtype.numpy)
        choices = [min(max(n, int(limits.min)), int(limits.max)) for n in _INTEGERS]
        array[:] = [choices[i] for i in generator.integers(0, len(choices), size)]
        if size and draw(st.integers(0, 4)) == 0:
            array[generator.integers(0, size)] = limits.max
    elif dtype.is_bool:
        array[:] = generator.integers(0, 2, size)
    else:
        with np.errstate(over="ignore"):  # in half precision
            array[:] = generator.choice(_REALS, size).astype(dtype.numpy)
    return array.reshape(shape)
