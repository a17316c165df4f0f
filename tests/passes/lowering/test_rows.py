"""Row kernels with several passes: values kept between passes, several results."""

from typing import Any

import numpy as np
import pytest

from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from tests.passes.lowering.harness import WAYS, check


def spread(b: Builder, rows: Value, like: Value) -> Value:
    return b.broadcast_in_dim(rows, like.type.shape, (0,))


def exponents(b: Builder, x: Value) -> tuple[Value, Value]:
    """exp(x - max) of each row, and its sum."""
    powers = b.exponential(b.subtract(x, spread(b, b.reduce_max(x, (1,)), x)))
    return powers, b.reduce_sum(powers, (1,))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("columns", [1, 4, 33])
def test_a_result_row_that_keeps_a_value_is_read_before_it_is_overwritten(
    columns: int, way: dict[str, Any]
) -> None:
    """The first result is stored where the exponents are kept that the second still needs."""

    def build(b: Builder, x: Value) -> tuple[Value, Value]:
        powers, sums = exponents(b, x)
        shifted = b.subtract(x, spread(b, b.log(sums), x))
        return shifted, b.divide(powers, spread(b, sums, x))

    x = np.random.default_rng(0).standard_normal((5, columns)).astype(np.float32)
    check(build, [x], rtol=1e-5, **way)
    check(build, [x], [("n", None)], rtol=1e-5, **way)


@pytest.mark.parametrize("way", WAYS)
def test_a_kept_value_may_itself_be_a_result(way: dict[str, Any]) -> None:
    def build(b: Builder, x: Value) -> tuple[Value, Value, Value]:
        powers, sums = exponents(b, x)
        return powers, b.divide(powers, spread(b, sums, x)), sums

    x = np.random.default_rng(1).standard_normal((6, 17)).astype(np.float32)
    check(build, [x], rtol=1e-5, **way)
