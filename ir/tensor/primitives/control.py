"""Control flow, and the primitives of our own: size, check, fusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.core import Computation, TensorType, Value
from flowc.ir.tensor.primitive import Array, Attributes, Primitive, Region, define
from flowc.ir.tensor.primitives.common import (
    concrete,
    expect_operands,
    expect_regions,
    expect_signature,
    invalid,
    listing,
)

Types = Sequence[TensorType]
_PREDICATE = TensorType(dtypes.bool_, ())


class CheckFailed(Exception):
    """A `check` instruction met a false predicate; `code` is the number of its message.

    `values` are those that were known in its computation.
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"check {code} failed")
        self.code = code
        self.values: Mapping[Value, Array] | None = None


def _infer_while(
    types: Types, attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_regions("while", regions, 2)
    expect_signature("while (condition)", regions[0], types, [_PREDICATE])
    expect_signature("while (body)", regions[1], types, types)
    return tuple(types)


def _evaluate_while(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    condition, body = regions
    carried = tuple(arrays)
    while condition(*carried)[0]:
        carried = body(*carried)
    return carried


define(Primitive("while", _infer_while, _evaluate_while))


def _infer_case(
    types: Types, attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_operands("case", types, 1)
    if types[0] != TensorType(dtypes.int32, ()) or not regions:
        raise invalid(f"case takes an int32 scalar and branches, not {types[0]}")
    results = [r.type for r in regions[0].results]
    for region in regions:
        expect_signature("case", region, [], results)
    return tuple(results)


def _evaluate_case(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    index = int(arrays[0])
    return regions[index if 0 <= index < len(regions) else -1]()


define(Primitive("case", _infer_case, _evaluate_case))


def _infer_size(
    types: Types, attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_operands("size", types, 0)
    dtype = attributes["dtype"]
    if not dtype.is_integer:
        raise invalid(f"size gives an integer, not {dtype.name}")
    return (TensorType(dtype, ()),)


def _evaluate_size(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    (value,) = concrete((attributes["value"],))
    return (np.asarray(value).astype(attributes["dtype"].numpy),)


define(Primitive("size", _infer_size, _evaluate_size, dialect="flowc", symbolic=True))


def _infer_check(
    types: Types, attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    if list(types) != [_PREDICATE]:
        raise invalid(f"check takes a bool scalar, not ({listing(types)})")
    return ()


def _evaluate_check(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    if not arrays[0]:
        raise CheckFailed(attributes["code"])
    return ()


define(Primitive("check", _infer_check, _evaluate_check, dialect="flowc", effect=True))


def _infer_fusion(
    types: Types, attributes: Attributes, regions: Sequence[Computation]
) -> tuple[TensorType, ...]:
    expect_regions("fusion", regions, 1)
    results = [r.type for r in regions[0].results]
    expect_signature("fusion", regions[0], types, results)
    return tuple(results)


def _evaluate_fusion(
    arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
) -> tuple[Array, ...]:
    return regions[0](*arrays)


define(Primitive("fusion", _infer_fusion, _evaluate_fusion, dialect="flowc"))
