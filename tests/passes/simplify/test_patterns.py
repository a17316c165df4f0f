"""What rules ask of values is proved as they are: an answer of yes holds for all numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from flowc.ir.dtypes import DType
from flowc.ir.tensor.core import Parameter, TensorType, Value
from flowc.ir.tensor.primitive import PRIMITIVES
from flowc.passes.simplify.patterns import is_negative_zero, is_number
from flowc.passes.simplify.reductions import is_identity
from flowc.passes.simplify.zeros import never_negative_zero
from tests.proofs import attributes, numbers
from tests.proofs.attributes import Bounds
from tests.proofs.programs import answers, is_same, parameters, show
from tests.proofs.rules import EVERY, FLOATS
from tests.proofs.terms import full, make

COMBINERS = ("add", "multiply", "maximum", "minimum", "and", "or", "xor")


def operands(dtype: DType) -> list[Value]:
    """A parameter, and values that cannot be -0.0."""
    x = Parameter(TensorType(dtype, ()), "x")
    magnitude = make("abs", [x], {})
    assert magnitude is not None
    return [x, magnitude.result, full(0.0, x.type), full(-0.0, x.type)]


@pytest.mark.parametrize("dtype", FLOATS, ids=lambda d: d.name)
def test_never_negative_zero(dtype: DType) -> None:
    bounds = Bounds(dtypes=FLOATS, directions=("LT",))
    answered = set[str]()
    for name, p in PRIMITIVES.items():
        for arity in (1, 2) if p.elementwise else ():
            for chosen in itertools.product(operands(dtype), repeat=arity):
                for given, _ in attributes.of(name, chosen, bounds):
                    made = make(name, chosen, given)
                    if made is not None and never_negative_zero(made.result):
                        answered.add(name)
                        assert not has_negative_zero(made.result), show(made.results)
    assert {"abs", "add", "exponential", "logistic", "cosh"} <= answered


def has_negative_zero(value: Value) -> bool:
    """Whether the value is -0.0 for some number of all, or of the special ones."""
    if not value.type.dtype.is_floating:
        return False
    tried = {p: numbers.every(p.type.dtype) for p in parameters([value])}
    (found,) = answers([value], tried)
    with np.errstate(invalid="ignore"):
        wide = found.astype(np.float64)
    return bool(np.any((wide == 0) & np.signbit(wide)))


@pytest.mark.parametrize("name", COMBINERS)
def test_identity(name: str) -> None:
    """`f(identity, x) -> x`, and the other way round"""
    for dtype in EVERY:
        x = Parameter(TensorType(dtype, ()), "x")
        for number in numbers.specials(dtype):
            constant = full(number, x.type)
            if not is_identity(constant, name):
                continue
            for pair in ((x, constant), (constant, x)):
                made = make(name, pair, {})
                if made is not None:
                    tried = numbers.every(dtype)
                    (found,) = answers(made.results, {x: tried})
                    assert is_same(found, tried), show(made.results)


@pytest.mark.parametrize("dtype", EVERY, ids=lambda d: d.name)
def test_numbers_keep_their_sign(dtype: DType) -> None:
    for number in numbers.specials(dtype):
        constant = full(number, TensorType(dtype, ()))
        for wanted in (0, 1, -1, 2):
            exact = (
                np.asarray(wanted).astype(dtype.numpy)
                if wanted >= 0 or not (dtype.is_unsigned or dtype.is_bool)
                else None
            )
            same = exact is not None and exact.tobytes() == number.tobytes() and exact == wanted
            assert is_number(constant, wanted) == same, (number, wanted)
        negative = dtype.is_floating and number == 0 and bool(np.signbit(float(number)))
        assert is_negative_zero(constant) == negative
