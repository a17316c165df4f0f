"""Constant folding: instructions whose operands are known, evaluated by the interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from flowc.ir.denormals import flushed
from flowc.ir.errors import OpError
from flowc.ir.tensor.attributes import symbolic_dims
from flowc.ir.tensor.core import Instruction, Module, TensorType, Value
from flowc.ir.tensor.interpreter import evaluate
from flowc.ir.tensor.primitive import PRIMITIVES, Array
from flowc.ir.tensor.rewrite import Rebuilder, captures

_SMALL = 64  # elements that are written out wherever they come from
_LIMIT = 1 << 20  # elements of the largest value that is computed here
_WORK_LIMIT = 1 << 14  # the same for primitives that do much work for each element
_LIGHT = frozenset(
    {
        "constant",
        "iota",
        "broadcast_in_dim",
        "reshape",
        "transpose",
        "slice",
        "concatenate",
        "pad",
        "reverse",
        "size",
        "bitcast_convert",
    }
)
_NEVER = frozenset({"while", "case", "fusion", "rng_bit_generator"})
_GROWING = frozenset({"iota", "broadcast_in_dim"})  # stay as they are, their values are followed


@dataclass(frozen=True)
class FoldConstants:
    """Replace instructions of known value by constants.

    Values are followed through instructions that stay, such as the broadcast of a scalar, but a
    constant is only made where it is small or no larger than the constants that it replaces: code
    does not grow. Effects, random numbers and loops are never evaluated.

    Requires: nothing. Ensures: no instruction computes a small value from constants alone.
    """

    name: str = "fold_constants"

    def run(self, module: Module) -> Module:
        """The module with constants in place of what is known."""
        with flushed():
            main = _Folder().computation(module.main)
        return module if main is module.main else replace(module, main=main)


class _Folder(Rebuilder):
    """Follows known values forward; dead operands are left for dead code elimination."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[Value, Array] = {}
        self._weight: dict[Value, int] = {}  # elements of the constants that a value is made of

    def instruction(self, old: Instruction) -> Instruction:
        new = super().instruction(old)
        weight = self._weigh(new)
        if weight is None or not _is_cheap(new, weight):
            return new
        try:
            arrays = evaluate(new, self._known, {})
        except OpError:  # it fails at run time, if it runs
            return new
        folded = new
        if len(arrays) == 1 and (new.primitive not in _GROWING or arrays[0].size == 1):
            folded = make_constant(arrays[0], new.types[0], new.location)
            self.replace(old.result, folded.result)
        for value, array in zip(folded.results, arrays, strict=True):
            self._known[value], self._weight[value] = array, weight
        return folded

    def _weigh(self, instruction: Instruction) -> int | None:
        """Elements of the constants that the results follow from; None if from other things."""
        primitive, weight = instruction.primitive, 0
        if primitive == "constant":
            value = instruction.result
            self._known[value] = instruction.attributes["value"]
            self._weight[value] = self._known[value].size
            return None
        for operand in instruction.operands:
            found = self._weight.get(operand)
            if found is None:
                return None
            weight += found
        if primitive in _NEVER or PRIMITIVES[primitive].effect:
            return None
        return None if any(map(captures, instruction.regions)) else weight


def _is_cheap(instruction: Instruction, weight: int) -> bool:
    """Whether all sizes are numbers, none too large for the primitive or for a constant."""
    name = instruction.primitive
    light = name in _LIGHT or PRIMITIVES[name].elementwise
    limit = _LIMIT if light else _WORK_LIMIT
    if name not in _GROWING:
        limit = min(limit, max(_SMALL, weight))
    if any(symbolic_dims(instruction.attributes)):
        return False  # a shape may be symbolic and yet of size 0
    if not light and any(_count(v.type) > _WORK_LIMIT for v in instruction.operands):
        return False
    return all(_count(type_) <= limit for type_ in instruction.types)


def _count(type_: TensorType) -> int:
    size = type_.size
    assert isinstance(size, int), "a known value has a known shape"
    return size


def make_constant(array: Array, type_: TensorType, location: str = "") -> Instruction:
    """A constant instruction of the array, as contiguous memory of its own."""
    value = np.array(array, order="C", copy=True).reshape(array.shape)
    value.setflags(write=False)
    attributes: Mapping[str, object] = {"value": value, "dtype": type_.dtype}
    return Instruction("constant", (), attributes, (type_,), (), location)
