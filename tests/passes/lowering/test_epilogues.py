"""What follows a contraction in the same kernel."""

from typing import Any

import numpy as np
import pytest

from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from tests.passes.lowering.harness import WAYS, check


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize(("size", "parts"), [(16, 4), (20, 4), (48, 3), (130, 10)])
def test_a_reshape_divides_the_result(
    size: int, parts: int, symbolic: bool, way: dict[str, Any]
) -> None:
    """Rows and columns of each product are divided, and scaled by their first parts."""
    divided = (3, parts, size // parts, parts, size // parts)

    def build(b: Builder, x: Value, y: Value, scale: Value) -> Value:
        product = b.reshape(b.negate(b.matmul(x, y)), divided)
        return b.multiply(b.broadcast_in_dim(scale, divided, (0, 1, 3)), product)

    generator = np.random.default_rng(3)
    arrays = [
        generator.integers(-4, 4, shape).astype(np.float32)
        for shape in ((3, size, 5), (3, 5, size), (3, parts, parts))
    ]
    names = [(None, None, "depth"), (None, "depth", None), None] if symbolic else None
    check(build, arrays, names, **way)
