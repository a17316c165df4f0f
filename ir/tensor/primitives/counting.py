"""Results whose size data decides: a buffer of the largest size, and how much of it there is.

`true_positions` fills the beginning of a buffer and counts; `measure` makes the count a size: the
value of a symbol (`Counted`) from here on, as those of arguments are from the start. The beginning
of the buffer is a slice of that size then, and to all that follows a tensor as any other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.core import Computation, TensorType
from flowc.ir.tensor.primitive import Array, Attributes, Primitive, Region, define
from flowc.ir.tensor.primitives.common import invalid, listing

Types = Sequence[TensorType]
_COUNT = TensorType(dtypes.int64, ())


def _infer_positions(
    types: Types, attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    if len(types) != 1 or types[0].rank != 1 or not types[0].dtype.is_bool:
        raise invalid(f"true_positions takes a vector of bools, not {listing(types)}")
    return TensorType(dtypes.int64, types[0].shape), _COUNT


def _evaluate_positions(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    found = np.flatnonzero(arrays[0])
    positions = np.zeros(arrays[0].shape, np.int64)
    positions[: len(found)] = found
    return positions, np.asarray(len(found), np.int64)


define(Primitive("true_positions", _infer_positions, _evaluate_positions, dialect="flowc"))


def _infer_measure(
    types: Types, attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    if list(types) != [_COUNT]:
        raise invalid(f"measure takes an int64 scalar, not {listing(types)}")
    return (_COUNT,)


def _evaluate_measure(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    return (arrays[0],)


# The result says which sizes are there; the interpreter and the program give the symbol its value.
define(Primitive("measure", _infer_measure, _evaluate_measure, dialect="flowc", effect=True))
