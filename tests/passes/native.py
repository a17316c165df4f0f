"""Compiles a kernel for the host and calls it on NumPy arrays."""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np

from flowc.codegen.cpu.host import host_target
from flowc.codegen.cpu.program import NativeProgram, compile_program
from flowc.ir import dims
from flowc.ir.dims import Symbol
from flowc.ir.loops.kernel import ArenaSlice, Buffer, Call, Kernel, Program
from flowc.ir.loops.walk import free_symbols
from flowc.passes.target import CpuTarget

Array = np.ndarray[Any, Any]


class Native:
    """One kernel as native code. `scratch` buffers are put into the arena."""

    def __init__(
        self,
        kernel: Kernel,
        target: CpuTarget | None = None,
        scratch: tuple[Buffer, ...] = (),
        *,
        bounds_checks: bool = False,
    ) -> None:
        self.arguments = tuple(b for b in kernel.parameters if b not in scratch)
        symbols = set(free_symbols(kernel, sizes=True))
        self.symbols: tuple[Symbol, ...] = tuple(sorted(symbols))
        slices, offset = [], dims.product([])
        for buffer in scratch:
            slices.append(ArenaSlice(buffer, offset))
            offset = offset + dims.ceildiv(buffer.size * buffer.dtype.size, 64) * 64
        self.arena_size = offset
        program = Program(
            "test",
            self.arguments,
            self.symbols,
            (),
            tuple(slices),
            offset,
            (Call(kernel, kernel.parameters),),
        )
        self.program: NativeProgram = compile_program(
            program, target or host_target(), bounds_checks=bounds_checks
        )

    def bind(self, *arrays: Array, **sizes: int) -> Callable[[], int]:
        """A call on these arrays, which it reads and writes in place."""
        assert all(a.flags.c_contiguous for a in arrays)
        kinds = ctypes.c_void_p * max(1, len(arrays))
        pointers = kinds(*(a.ctypes.data for a in arrays))
        values = (ctypes.c_int64 * max(1, len(self.symbols)))(
            *(sizes[s.name] for s in self.symbols)
        )
        arena = np.empty(dims.evaluate(self.arena_size, sizes) + 64, np.uint8)
        aligned = (arena.ctypes.data + 63) & -64
        entry = self.program.entry

        def call() -> int:
            code: int = entry(pointers, values, aligned, None)
            return code

        call.kept = (arrays, arena)  # type: ignore[attr-defined]
        return call

    def __call__(self, *arrays: Array, **sizes: int) -> None:
        code = self.bind(*arrays, **sizes)()
        assert code == 0, self.program.describe_error(code)
