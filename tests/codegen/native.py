"""Running loop IR both ways: compiled, and by the interpreter."""

import ctypes
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowc.codegen.cpu.host import host_target, make_target
from flowc.codegen.cpu.program import NativeProgram, compile_program
from flowc.ir import dims
from flowc.ir.loops.interpreter import run_program
from flowc.ir.loops.kernel import Call, Kernel, Program
from flowc.ir.loops.ranges import check_ranges
from flowc.ir.loops.verifier import verify_program
from flowc.ir.loops.walk import free_symbols
from flowc.passes.target import CpuTarget

Array = NDArray[Any]
GUARD = 64  # bytes around each array that must not change


def one_kernel(kernel: Kernel) -> Program:
    symbols = free_symbols(kernel, sizes=True)
    call = Call(kernel, kernel.parameters)
    return Program("test", kernel.parameters, symbols, (), (), 0, (call,))


class Guarded:
    """A copy of an array with guard bytes on both sides."""

    def __init__(self, array: Array) -> None:
        self.memory = np.full(array.nbytes + 2 * GUARD, 0xA5, np.uint8)
        self.array = self.memory[GUARD : GUARD + array.nbytes].view(array.dtype)
        self.array[:] = array

    @property
    def address(self) -> int:
        return int(self.memory.ctypes.data) + GUARD

    def check(self) -> None:
        assert (self.memory[:GUARD] == 0xA5).all(), "written before the array"
        assert (self.memory[-GUARD:] == 0xA5).all(), "written after the array"


@cache
def avx2_target(threads: int) -> CpuTarget:
    """The host without AVX-512: 32-byte vectors, and scalar tails instead of masks."""
    host = host_target(threads)
    kept = [f for f in host.features.split(",") if "avx512" not in f and "prefer" not in f]
    return make_target(host.triple, "haswell", ",".join(kept), threads)


def run_native(
    native: NativeProgram, program: Program, arrays: Sequence[Array], sizes: Mapping[str, int]
) -> tuple[int, list[Array]]:
    copies = [Guarded(array) for array in arrays]
    pointers = (ctypes.c_void_p * len(copies))(*(c.address for c in copies))
    symbols = (ctypes.c_int64 * len(program.symbols))(*(sizes[s.name] for s in program.symbols))
    arena = np.zeros(dims.evaluate(program.arena_size, sizes) + 64, np.uint8)
    code = native.entry(pointers, symbols, (arena.ctypes.data + 63) & -64, None)
    for copy in copies:
        copy.check()
    return code, [copy.array for copy in copies]


def check_program(
    program: Program,
    arrays: Sequence[Array],
    sizes: Mapping[str, int],
    *,
    threads: int = 1,
    rtol: float = 0.0,
    bounds_checks: bool = False,
    target: CpuTarget | None = None,
) -> list[Array]:
    """Run both ways and compare; gives the arrays afterwards."""
    verify_program(program)
    check_ranges(program, sizes)
    native = compile_program(program, target or host_target(threads), bounds_checks=bounds_checks)
    code, results = run_native(native, program, arrays, sizes)
    expected = [array.copy() for array in arrays]
    assert code == run_program(program, expected, sizes)
    for buffer, result, want in zip(program.arguments, results, expected, strict=True):
        assert_same(result, want, rtol, buffer.name)
    return results


def check_kernel(
    kernel: Kernel, arrays: Sequence[Array], sizes: Mapping[str, int] | None = None, **options: Any
) -> list[Array]:
    return check_program(one_kernel(kernel), arrays, sizes or {}, **options)


def assert_same(result: Array, want: Array, rtol: float, name: str = "") -> None:
    if rtol:
        np.testing.assert_allclose(
            result.astype(np.float64), want.astype(np.float64), rtol, rtol, err_msg=name
        )
    elif result.dtype.kind in "fV":
        np.testing.assert_array_equal(
            result.astype(np.float64), want.astype(np.float64), err_msg=name
        )
    else:
        np.testing.assert_array_equal(result, want, err_msg=name)
