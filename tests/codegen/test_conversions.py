"""Conversions between all types, at the ends of their ranges and at ties of rounding."""

from typing import Any

import numpy as np
import pytest

from flowc.codegen.cpu.host import host_target
from flowc.ir import dims
from flowc.ir.dtypes import DType
from flowc.ir.loops.expressions import Convert, Load
from flowc.ir.loops.kernel import Buffer, For, Kernel, Kind, Store
from tests.codegen.native import avx2_target, check_kernel
from tests.codegen.test_random_kernels import TYPES

N = dims.symbol("n")


def values(dtype: DType) -> np.ndarray[Any, Any]:
    generator = np.random.default_rng(0)
    if dtype.is_floating:
        powers = 2.0 ** np.concatenate([np.arange(-30, 70), generator.uniform(-30, 70, 50)])
        ties = [2049, 2051, 65519.99999, 65520, 1e-8, 2**-25, 3 * 2**-26, np.nan, np.inf, 0.0]
        ends = [float(t.max) + d for t in TYPES if t.is_integer for d in (-1, 0, 1)]
        positive = np.concatenate([powers, np.nextafter(powers, 0), ties, ends])
        with np.errstate(all="ignore"):
            return np.concatenate([positive, -positive]).astype(dtype.numpy)
    if dtype.is_bool:
        return np.array([False, True])
    bits = range(dtype.bits - (not dtype.is_unsigned))
    near = [(1 << b) + d for b in bits for d in (-1, 0, 1)] + [2049, 2051, 65519, 65520]
    least, greatest = int(dtype.min), int(dtype.max)
    signed = [*near, *(-v for v in near), least, greatest, greatest - 1]
    kept = [v for v in signed if least <= v <= greatest]
    return np.array(kept, dtype.numpy)


@pytest.mark.parametrize("masks", [True, False])
@pytest.mark.parametrize("source", TYPES, ids=lambda dtype: dtype.name)
def test_convert(source: DType, masks: bool) -> None:
    i = dims.symbol("i", N)
    (i_index,) = dims.symbols(i)
    x = Buffer("x", source, N)
    outputs = [Buffer(f"y{n}", target, N) for n, target in enumerate(TYPES)]
    stores = tuple(Store(y, i, Convert(y.dtype, Load(x, i))) for y in outputs)
    kernel = Kernel("convert", (x, *outputs), (For(i_index, N, stores, Kind.VECTOR, 8),))
    array = values(source)
    zeros = [np.zeros(len(array), y.dtype.numpy) for y in outputs]
    with np.errstate(all="ignore"):
        target = host_target(1) if masks else avx2_target(1)
        check_kernel(kernel, [array, *zeros], {"n": len(array)}, target=target)
