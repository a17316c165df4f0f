"""Index maps: which element of each operand an element of the result is made of.

Broadcasts, reshapes, transposes and slices move no data once they are read this way: they are
functions from an index of the result to an index of the operand. Fusion asks them whether a
consumer reads a producer at the place where the producer is computed; the lowering to loops reads
through them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.tensor import primitives as _primitives  # noqa: F401  fills the table
from flowc.ir.tensor.core import Instruction, Shape
from flowc.ir.tensor.primitive import PRIMITIVES

Indices: TypeAlias = tuple[Dim, ...]

ELEMENTWISE = frozenset(
    {name for name, primitive in PRIMITIVES.items() if primitive.elementwise} | {"bitcast_convert"}
)


@lru_cache(1024)
def loop_indices(shape: Shape, prefix: str = "d") -> Indices:
    """One index symbol per dimension, bounded by it; 0 for a dimension of size 1."""
    return tuple(
        0 if size == 1 else dims.symbol(f"{prefix}{axis}", size) for axis, size in enumerate(shape)
    )


def linearize(index: Sequence[Dim], shape: Shape) -> Dim:
    """The row-major position of `index`."""
    position: Dim = 0
    for i, size in zip(index, shape, strict=True):
        position = position * size + i
    return position


def delinearize(position: Dim, shape: Shape) -> Indices:
    """The index at a row-major position; the position is taken to be in range."""
    index: list[Dim] = []
    for axis in range(len(shape) - 1, -1, -1):
        size = shape[axis]
        if size in (0, 1):  # there is no other index, or none at all
            index.append(0)
        elif all(s == 1 for s in shape[:axis]):
            index.append(position)
            position = 0
        else:
            index.append(dims.mod(position, size))
            position = dims.floordiv(position, size)
    return tuple(reversed(index))


def _broadcast(instruction: Instruction, index: Indices) -> list[Indices]:
    shape = instruction.operands[0].type.shape
    axes = instruction.attributes["broadcast_dimensions"]
    return [tuple(0 if s == 1 else index[a] for a, s in zip(axes, shape, strict=True))]


def _reshape(instruction: Instruction, index: Indices) -> list[Indices]:
    source, target = instruction.operands[0].type.shape, instruction.types[0].shape
    return [reshape_index(index, target, source)]


def reshape_index(index: Indices, shape: Shape, other: Shape) -> Indices:
    """The index into `other` of the element at `index` of `shape`, both of the same size."""
    kept = [(i, s) for i, s in zip(index, shape, strict=True) if s != 1]
    wide = [s for s in other if s != 1]
    if [s for _, s in kept] == wide:
        rest = iter(kept)
        return tuple(0 if s == 1 else next(rest)[0] for s in other)
    return delinearize(linearize(index, shape), other)


def _transpose(instruction: Instruction, index: Indices) -> list[Indices]:
    source: list[Dim] = [0] * len(index)
    for i, axis in zip(index, instruction.attributes["permutation"], strict=True):
        source[axis] = i
    return [tuple(source)]


def _slice(instruction: Instruction, index: Indices) -> list[Indices]:
    attributes = instruction.attributes
    starts, strides = attributes["start_indices"], attributes["strides"]
    return [tuple(b + i * s for i, b, s in zip(index, starts, strides, strict=True))]


def _reverse(instruction: Instruction, index: Indices) -> list[Indices]:
    axes = instruction.attributes["dimensions"]
    shape = instruction.types[0].shape
    return [
        tuple(
            s - 1 - i if a in axes else i for a, (i, s) in enumerate(zip(index, shape, strict=True))
        )
    ]


MAPS: dict[str, Callable[[Instruction, Indices], list[Indices]]] = {
    "broadcast_in_dim": _broadcast,
    "reshape": _reshape,
    "transpose": _transpose,
    "slice": _slice,
    "reverse": _reverse,
}


def changes_width(instruction: Instruction) -> bool:
    """True for a `bitcast_convert` that makes several elements of one, or one of several."""
    return instruction.operands[0].type.rank != instruction.types[0].rank


def operand_indices(instruction: Instruction, index: Indices) -> list[Indices] | None:
    """For each operand, the index that element `index` reads; None if it is not one index."""
    if instruction.primitive == "bitcast_convert" and changes_width(instruction):
        return None
    if instruction.primitive in ELEMENTWISE:
        return [index if o.type.shape else () for o in instruction.operands]
    found = MAPS.get(instruction.primitive)
    return None if found is None else found(instruction, index)
