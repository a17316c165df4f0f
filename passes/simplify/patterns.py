"""What rules ask of values: which instruction made them, whether they are one number everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from flowc.ir.dims import Dim
from flowc.ir.tensor import primitives as _primitives  # noqa: F401  fills the table
from flowc.ir.tensor.core import Instruction, Result, Shape, Value
from flowc.ir.tensor.primitive import PRIMITIVES, Array

ELEMENTWISE = tuple(name for name, p in PRIMITIVES.items() if p.elementwise)
_FEW = 1024  # elements
_SPREADING = frozenset({"broadcast_in_dim", "reshape", "transpose", "reverse"})


def producer(value: Value, primitive: str) -> Instruction | None:
    """The instruction that computes `value`, if it is one of `primitive`."""
    if isinstance(value, Result) and value.instruction.primitive == primitive:
        return value.instruction
    return None


def operand_of(value: Value, primitive: str) -> Value | None:
    """The operand x where `value` is `primitive(x)`."""
    found = producer(value, primitive)
    return None if found is None else found.operands[0]


def constant_array(value: Value) -> Array | None:
    """The elements of a constant."""
    found = producer(value, "constant")
    return None if found is None else found.attributes["value"]


def splat(value: Value) -> Array | None:
    """The one number (an array of rank 0) that all elements of a constant expression are."""
    while isinstance(value, Result) and value.instruction.primitive in _SPREADING:
        value = value.instruction.operands[0]
    array = constant_array(value)
    return None if array is None or array.size != 1 else array.reshape(())


def static_array(value: Value) -> Array | None:
    """The elements of a constant, also of one that is a number broadcast to a few elements."""
    array = constant_array(value)
    if array is not None or (number := splat(value)) is None:
        return array
    sizes = [d for d in value.type.shape if isinstance(d, int)]
    few = len(sizes) == value.type.rank and prod(sizes) <= _FEW
    return np.broadcast_to(number, sizes) if few else None


def is_number(value: Value, number: complex) -> bool:
    """True when all elements of `value` are `number`; 0 is +0.0, not -0.0."""
    found = splat(value)
    return found is not None and bool(found == number) and not (number == 0 and _signed(found))


def is_negative_zero(value: Value) -> bool:
    """True when all elements of `value` are the float -0.0."""
    found = splat(value)
    return found is not None and value.type.dtype.is_floating and found == 0 and _signed(found)


def _signed(number: Array) -> bool:
    """True where a sign bit of a number, or of a part of it, is set."""
    parts = number.astype(np.complex128)
    return bool(np.signbit(parts.real) | np.signbit(parts.imag))


def is_exact(value: Value) -> bool:
    """True for integers: arithmetic modulo a power of two is associative and has no exceptions."""
    return value.type.dtype.is_integer


def is_real(value: Value) -> bool:
    """True for integers and floats, not complex numbers or bools."""
    return value.type.dtype.is_integer or value.type.dtype.is_floating


def wide_dims(shape: Shape) -> list[Dim]:
    """The sizes that are not 1."""
    return [d for d in shape if d != 1]


def wide_axes(shape: Shape) -> list[int]:
    """The axes whose size is not 1."""
    return [axis for axis, d in enumerate(shape) if d != 1]


def embedding(small: Shape, large: Shape) -> list[int] | None:
    """For each axis of `small` one of `large`, whose other axes are of size 1; else None."""
    places: list[int] = []
    axis = 0
    for size in small:
        while axis < len(large) and large[axis] != size:
            if large[axis] != 1:
                return None
            axis += 1
        if axis == len(large):
            return None
        places.append(axis)
        axis += 1
    return places if all(size == 1 for size in large[axis:]) else None


def uniform(array: Array) -> Array | None:
    """The one number of an array of several elements that are all the same, bit for bit."""
    if array.size < 2:
        return None
    first, last = array.flat[0], array.flat[-1]
    if first.tobytes() != last.tobytes():
        return None
    bits = np.ascontiguousarray(array).reshape(-1).view(np.uint8).reshape(array.size, -1)
    return array.reshape(-1)[0] if bool(np.all(bits == bits[0])) else None


def without(values: Sequence[Any], axes: Sequence[int]) -> tuple[Any, ...]:
    """`values` but for those at `axes`."""
    return tuple(v for i, v in enumerate(values) if i not in axes)


def combiner(region_owner: Instruction) -> str | None:
    """The primitive p where the first region is `(a, b) -> p(a, b)` or `p(b, a)`."""
    region = region_owner.regions[0]
    if len(region.instructions) != 1 or len(region.parameters) != 2:
        return None
    (instruction,) = region.instructions
    whole = region.results == instruction.results
    both = set(instruction.operands) == set(region.parameters)
    return instruction.primitive if whole and both else None
