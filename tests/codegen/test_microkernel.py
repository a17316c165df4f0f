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
    tile = MultiplyTile(
        c, 0, STRIDE, a, 0, b, 0, rows, columns, DEPTH, VALID, accumulate, 1, rows, columns
    )
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


@pytest.mark.parametrize(("row", "depth", "right"), [(0, 0, 0), (1, 0, 32), (0, 1, 0)])
def test_strides_of_zero_repeat_elements(row: int, depth: int, right: int) -> None:
    rows, columns = 3, 32
    a_size, b_size = 1 + row * (rows - 1) + depth * 4, columns + right * 4
    c, a, b = (Buffer(n, dtypes.float32, s) for n, s in (("c", 96), ("a", a_size), ("b", b_size)))
    tile = MultiplyTile(c, 0, 32, a, 0, b, 0, rows, columns, 5, 32, False, row, depth, right)
    generator = np.random.default_rng(0)
    arrays = [generator.integers(-9, 9, s).astype(np.float32) for s in (96, a_size, b_size)]
    for bounds_checks in (False, True):
        check_kernel(Kernel("tile", (c, a, b), (tile,)), arrays, {}, bounds_checks=bounds_checks)
