"""An access that surely is outside of its buffer is found before anything runs."""

from __future__ import annotations

import pytest

from flowc.ir.errors import InternalError
from flowc.ir.loops.kernel import Buffer, Call, Program
from flowc.ir.loops.parser import parse_kernel
from flowc.ir.loops.ranges import check_ranges, outside

HEAD = "kernel k(b0: float32[n], b1: int32[2*n], b2: float32[1]) {\n"
SIZES = {"n": 10}

OUTSIDE = {
    "store b0[n] = 1.0:float32": "element 10 of 'b0', which has 10",
    "store b0[-1] = 1.0:float32": "element -1 of 'b0'",
    "serial i0 < n {\nstore b0[i0 + 1] = 1.0:float32\n}": "element 10 of 'b0'",
    "vector(width=4) i0 < 2*n {\nstore b1[i0] = 1:int32\nstore b0[i0] = 1.0:float32\n}":
        "element 19 of 'b0'",
    "serial i0 < 4 {\nserial i1 < 3 {\nstore b0[floordiv(3*i0 + i1, 1)] = 1.0:float32\n}\n}":
        "element 11 of 'b0'",
    "serial i0 < n {\nserial i1 < min(3, n - i0) {\nstore b0[i0 + i1 + 1] = 1.0:float32\n}\n}":
        "element 10 of 'b0'",
    "serial i0 < n {\nstore b0[i0] = load b2[i0]\n}": "element 9 of 'b2', which has 1",
    "serial i0 < n {\ncarry v0: float32 = 0.0:float32\nnext add(v0, load b0[i0 + n])\n} "
    "results v1: float32": "element 10 of 'b0'",
    "if compare_GE(index<int64>[n], 4:int64) {\nstore b0[n] = 1.0:float32\n}": "element 10 of 'b0'",
    "multiply_tile(rows=2, columns=8) b0[0; 2] += b2[0; 2, 0] * b0[0; 0] depth[2] valid[2] "
    "accumulate false:bool": "element 2 of 'b2'",
    "multiply_tile(rows=2, columns=16) b0[0; 2] += b2[0; 0, 0] * b0[0; 0] depth[2] valid[2] "
    "accumulate false:bool": "element 15 of 'b0'",
}  # fmt: skip

INSIDE = (
    "serial i0 < 0 {\nstore b0[n] = 1.0:float32\n}",
    "serial i0 < n {\nserial i1 < min(3, n - i0) {\nstore b0[i0 + i1] = 1.0:float32\n}\n}",
    "serial i0 < n {\nstore b0[min(i0 + 3, n - 1)] = 1.0:float32\n}",
    "serial i0 < 2*n {\nstore b0[mod(i0, n)] = load b2[0]\n}",
    "serial i0 < 2*n {\nstore b0[floordiv(i0, 2)] = load b2[floordiv(i0, 2*n)]\n}",
    "serial i0 < 2*n {\nstore b0[i0] = 1.0:float32 "
    "if compare_LT(index<int64>[i0], index<int64>[n])\n}",
    "if compare_LT(index<int64>[n], 4:int64) {\nstore b0[n] = 1.0:float32\n}",
    "if compare_EQ(load b1[0], 4:int32) {\nstore b0[n] = 1.0:float32\n}",
    "multiply_tile(rows=2, columns=8) b0[0; 2] += b2[0; 0, 0] * b0[0; 0] depth[2] valid[2] "
    "accumulate false:bool",
)


@pytest.mark.parametrize("body", OUTSIDE)
def test_outside(body: str) -> None:
    found = outside(parse_kernel(HEAD + body + "\n}"), SIZES)
    assert found is not None and OUTSIDE[body] in found


@pytest.mark.parametrize("body", INSIDE)
def test_inside(body: str) -> None:
    assert outside(parse_kernel(HEAD + body + "\n}"), SIZES) is None


def test_a_program_passes_buffers_that_are_large_enough() -> None:
    kernel = parse_kernel(HEAD + "}")
    small = Buffer("small", kernel.parameters[1].dtype, 19)
    arguments = (kernel.parameters[0], small, kernel.parameters[2])
    program = Program("p", arguments, (), (), (), 0, (Call(kernel, arguments),))
    with pytest.raises(InternalError, match="kernel 'k': 'small' has 19 elements, 'b1' 20"):
        check_ranges(program, SIZES)
    check_ranges(program, {"n": 9})
