"""The structures of `flowc_op.h`, and what fills them. The header says what they mean."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flowc.ir.dtypes import DType
from flowc.ir.errors import InvalidArgumentError, OpError, UnknownError
from flowc.ops.signature import Attribute

ABI_VERSION = 1
MAX_RANK = 32
STATEFUL = 1
_ERROR_SIZE = 1024
_INT, _FLOAT, _STRING, _INTS, _FLOATS = range(5)

Array = np.ndarray[Any, Any]
Sizes = Sequence[int]


class Tensor(ctypes.Structure):
    """`flowc_tensor`."""

    _fields_ = (
        ("dtype", ctypes.c_int32),
        ("rank", ctypes.c_int32),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("data", ctypes.c_void_p),
    )


class AttributeValue(ctypes.Structure):
    """`flowc_attribute`."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("kind", ctypes.c_int32),
        ("count", ctypes.c_int32),
        ("i", ctypes.c_int64),
        ("f", ctypes.c_double),
        ("s", ctypes.c_char_p),
        ("ints", ctypes.POINTER(ctypes.c_int64)),
        ("floats", ctypes.POINTER(ctypes.c_double)),
    )


class Call(ctypes.Structure):
    """`flowc_call`."""

    _fields_ = (
        ("num_inputs", ctypes.c_int32),
        ("num_outputs", ctypes.c_int32),
        ("num_attributes", ctypes.c_int32),
        ("error_size", ctypes.c_int32),
        ("inputs", ctypes.POINTER(Tensor)),
        ("outputs", ctypes.POINTER(Tensor)),
        ("attributes", ctypes.POINTER(AttributeValue)),
        ("error", ctypes.c_char_p),
    )


FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Call))


class OpEntry(ctypes.Structure):
    """`flowc_op`."""

    _fields_ = (
        ("signature", ctypes.c_char_p),
        ("shape", FUNCTION),
        ("compute", FUNCTION),
        ("flags", ctypes.c_int32),
    )


def attribute_values(
    attributes: Sequence[Attribute], values: Mapping[str, Any]
) -> ctypes.Array[AttributeValue]:
    """The attributes as C sees them."""
    found = (AttributeValue * max(len(attributes), 1))()
    for slot, attribute in zip(found, attributes, strict=False):
        slot.name = attribute.name.encode()
        _fill(slot, attribute.type, values[attribute.name])
    return found


def _fill(slot: AttributeValue, kind: str, value: Any) -> None:
    match kind:
        case "int" | "bool":
            slot.kind, slot.i = _INT, int(value)
        case "type":
            slot.kind, slot.i = _INT, value.number
        case "float":
            slot.kind, slot.f = _FLOAT, value
        case "string":
            content = value.encode("utf-8", "surrogateescape")
            slot.kind, slot.s, slot.count = _STRING, content, len(content)
        case "list(float)":
            slot.kind, slot.count = _FLOATS, len(value)
            slot.floats = (ctypes.c_double * max(len(value), 1))(*value)
        case "shape" | "list(int)" | "list(bool)" | "list(type)":
            _fill_ints(slot, value)


def _fill_ints(slot: AttributeValue, value: Any) -> None:
    slot.kind = _INTS
    slot.count = -1 if value is None else len(value)
    numbers = [_number(element) for element in value or ()]
    slot.ints = (ctypes.c_int64 * max(len(numbers), 1))(*numbers)


def _number(element: Any) -> int:
    if isinstance(element, DType):
        return element.number
    return -1 if element is None else int(element)


class Operands:
    """Tensors of a call: their C structures, and the sizes and memory that these point to."""

    def __init__(self, types: Sequence[DType], shapes: Sequence[Sizes], room: bool) -> None:
        self.structures = (Tensor * max(len(types), 1))()
        self.sizes = []
        for slot, dtype, shape in zip(self.structures, types, shapes, strict=False):
            sizes = (ctypes.c_int64 * (MAX_RANK if room else max(len(shape), 1)))(*shape)
            self.sizes.append(sizes)
            slot.dtype, slot.rank = dtype.number, -1 if room else len(shape)
            slot.shape = ctypes.cast(sizes, ctypes.POINTER(ctypes.c_int64))

    def point_to(self, arrays: Sequence[Array]) -> None:
        """Let the structures point to the memory of arrays."""
        for slot, array in zip(self.structures, arrays, strict=False):
            slot.data = array.ctypes.data

    def shapes(self, count: int) -> list[tuple[int, ...]]:
        """What a shape function left. Raises InvalidArgumentError for a rank that is none."""
        found = []
        for number in range(count):
            rank = self.structures[number].rank
            if not 0 <= rank <= MAX_RANK:
                message = f"the shape function leaves rank {rank} to output {number}"
                raise InvalidArgumentError(None, None, message)
            found.append(tuple(self.sizes[number][:rank]))
        return found


def invoke(
    function: Any,
    inputs: Operands,
    outputs: Operands,
    counts: tuple[int, int],
    attributes: ctypes.Array[AttributeValue],
    attribute_count: int,
) -> None:
    """Call a function of the library. Raises the OpError that its code stands for."""
    message = ctypes.create_string_buffer(_ERROR_SIZE)
    call = Call(
        counts[0],
        counts[1],
        attribute_count,
        _ERROR_SIZE,
        inputs.structures,
        outputs.structures,
        attributes,
        ctypes.cast(message, ctypes.c_char_p),
    )
    code = function(ctypes.byref(call))
    if code:
        text = message.raw.partition(b"\0")[0].decode("utf-8", "replace")
        kind = _ERRORS.get(code, UnknownError)
        raise kind(None, None, text or f"the library's function returned {code}")


_ERRORS = {kind.error_code: kind for kind in OpError.__subclasses__()}
