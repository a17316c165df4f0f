"""The operands that common subexpressions may change the order of commute, for all numbers."""

from __future__ import annotations

import numpy as np
import pytest

from flowc.ir.tensor.core import Parameter, TensorType
from flowc.ir.tensor.structure import COMMUTATIVE
from tests.proofs import numbers, scalars
from tests.proofs.programs import answers, is_same, show
from tests.proofs.rules import BY_Z3, EVERY
from tests.proofs.terms import make


@pytest.mark.parametrize("name", sorted(COMMUTATIVE))
def test_operands_commute(name: str) -> None:
    """`f(x, y) -> f(y, x)`; of floats IEEE 754 says so, and z3 is told so."""
    for dtype in EVERY:
        x, y = (Parameter(TensorType(dtype, ()), letter) for letter in "xy")
        before, after = make(name, [x, y], {}), make(name, [y, x], {})
        if before is None or after is None:
            continue
        if dtype in BY_Z3:
            assert scalars.counterexample(before.result, after.result) is None
        grid = np.meshgrid(*[numbers.several(dtype)] * 2)
        old, new = answers([before.result, after.result], dict(zip((x, y), grid, strict=True)))
        assert is_same(new, old), show(before.results)
