"""What z3 is told of instructions is what the interpreter does."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
import z3

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.core import TensorType, Value
from flowc.ir.tensor.primitive import Array
from tests.proofs import attributes, numbers, scalars
from tests.proofs.attributes import Bounds
from tests.proofs.programs import answers, is_same, show
from tests.proofs.rules import EVERY
from tests.proofs.terms import full, make

DIRECTIONS = ("EQ", "NE", "LT", "LE", "GT", "GE")
ARITIES = {"select": 3, "clamp": 3}
NARROW = (dtypes.bool_, dtypes.int8, dtypes.uint8, dtypes.float16, dtypes.bfloat16, dtypes.float32)


def instructions(name: str, dtype: DType) -> Sequence[Value]:
    """The primitive on special numbers."""
    bounds = Bounds(dtypes=EVERY, directions=DIRECTIONS)
    found = []
    for arity in (ARITIES.get(name, 1), 2):
        some = numbers.specials(dtype)[:: 2 * arity - 2 or 1]
        for chosen in itertools.product(some, repeat=arity):
            operands = [full(c, dtype_of(c)) for c in _predicated(name, chosen)]
            for given, _ in attributes.of(name, operands, bounds):
                made = make(name, operands, given)
                if made is not None and scalars.is_expressible([made.result]):
                    found.append(made.result)
    return found


def _predicated(name: str, chosen: Sequence[Array]) -> Sequence[Array]:
    return [np.asarray(chosen[0] == 0), *chosen[1:]] if name == "select" else chosen


def dtype_of(array: Array) -> TensorType:
    return TensorType(dtypes.as_dtype(array.dtype), ())


def possible(value: Value, flush: bool) -> Iterator[Array]:
    """The number that z3 has for the value; two where it may be one of two zeros."""
    meaning = scalars.Meaning(flush)
    term = meaning.term(value)
    for first in (True, False):
        chosen = [(unknown, z3.BoolVal(first)) for unknown in meaning.choices.values()]
        yield number_of(z3.simplify(z3.substitute(term, *chosen)), value.type.dtype)


def number_of(term: scalars.Term, dtype: DType) -> Array:
    if dtype.is_bool:
        return np.asarray(z3.is_true(term))
    if dtype.is_floating:
        if z3.is_true(z3.simplify(z3.fpIsNaN(term))):
            return np.asarray(np.nan).astype(dtype.numpy)
        term = z3.simplify(z3.fpToIEEEBV(term))
    bits: int = term.as_long()
    return np.frombuffer(bits.to_bytes(dtype.size, "little"), dtype.numpy).reshape(())


@pytest.mark.parametrize("name", scalars.EXPRESSIBLE)
def test_meaning(name: str) -> None:
    for dtype in NARROW:
        for value in instructions(name, dtype):
            (expected,) = answers([value], {})
            found = [x for flush in (False, True) for x in possible(value, flush)]
            assert any(is_same(x, expected) for x in found), f"{show([value])}{expected} {found}"
