"""The micro-kernel of `MultiplyTile`."""

import numpy as np
import pytest

from flowc.codegen.cpu.host import host_target
from flowc.ir import dims, dtypes
from flowc.ir.dtypes import DType
from flowc.ir.loops.kernel import Buffer, Kernel, MultiplyTile
from tests.codegen.native import avx2_target, check_kernel

DEPTH, VALID, STRIDE = (dims.symbol(name) for name in ("depth", "valid", "stride"))


def tile_kernel(rows: int, columns: int, dtype: DType, accumulate: bool) -> Kernel:
    c = Buffer("c", dtype, STRIDE * rows)
    a, b = Buffer("a", dtype, DEPTH * rows), Buffer("b", dtype, DEPTH * columns)
    tile = MultiplyTile(c, 0, STRIDE, a, 0, b, 0, rows, columns, DEPTH, VALID, accumulate)
    return Kernel("tile", (c, a, b), (tile,))


@pytest.mark.parametrize("masks", [True, False])
@pytest.mark.parametrize("accumulate", [True, False])
@pytest.mark.parametrize(
    ("rows", "columns", "dtype", "depth", "valid"),
    [
        (14, 32, dtypes.float32, 9, 32),
        (3, 32, dtypes.float32, 4, 17),
        (1, 16, dtypes.float32, 1, 1),
        (4, 16, dtypes.float64, 7, 15),
        (2, 32, dtypes.int32, 6, 20),
        (2, 32, dtypes.float32, 0, 32),
    ],
)
def test_tile(
    rows: int, columns: int, dtype: DType, depth: int, valid: int, accumulate: bool, masks: bool
) -> None:
    sizes = {"depth": depth, "valid": valid, "stride": columns + 3}
    generator = np.random.default_rng(rows)
    arrays = [
        generator.integers(-100, 100, size).astype(dtype.numpy)
        for size in (sizes["stride"] * rows, depth * rows, depth * columns)
    ]
    for bounds_checks in (False, True):
        check_kernel(
            tile_kernel(rows, columns, dtype, accumulate),
            arrays,
            sizes,
            target=host_target(1) if masks else avx2_target(1),
            bounds_checks=bounds_checks,
        )
