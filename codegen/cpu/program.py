"""`compile_program`: a loop IR program to native code that Python calls.

One LLVM module per program, no LLVM pass pipeline (the emitter writes vectors and hoists code
itself), code generation at level 2, linked by one LLJIT that the process shares.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from llvmlite import ir

from flowc.codegen.cpu import jit
from flowc.codegen.cpu.entry import EMBED_LIMIT, ENTRY, TABLE, EntryEmitter
from flowc.codegen.cpu.machine import CpuMachine
from flowc.codegen.cpu.threads import pool_symbols
from flowc.codegen.emitter import Context
from flowc.codegen.memory import BoundsChecks
from flowc.ir.loops.kernel import Program
from flowc.passes.target import Target

_ENTRY_TYPE = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


@dataclass(slots=True)
class NativeProgram:
    """A compiled program.

    `entry(arguments, symbols, arena)` takes addresses: an array of one pointer for each argument,
    an array of int64, and the arena (64-byte aligned). Pass ctypes arrays or integers. It returns
    0, the code of the first `Check` that failed, or in debug mode a negative error number.
    """

    entry: Any
    llvm_ir: str
    target: Target
    times: dict[str, float]  # seconds: build, parse, codegen, link
    sites: list[tuple[str, str]] = field(default_factory=list)
    _kept: tuple[Any, ...] = ()  # what must live as long as the code

    def assembly(self) -> str:
        """The machine code as assembler text; compiles the LLVM IR again."""
        return str(jit.target_machine(self.target).emit_assembly(jit.parse(self.llvm_ir)))

    def describe_error(self, code: int) -> str:
        """What a negative result of `entry` means."""
        kernel, buffer = self.sites[-1 - code]
        return f"kernel '{kernel}' reads or writes outside of buffer '{buffer}'"


@dataclass(frozen=True, slots=True)
class BuiltModule:
    """LLVM IR of a program, and the constants that its table must point to."""

    llvm_ir: str
    tabled: tuple[bytes, ...]
    sites: list[tuple[str, str]]
    uses_threads: bool


def compile_program(
    program: Program, target: Target, *, bounds_checks: bool = False
) -> NativeProgram:
    """Compile `program` for `target`, which must be the host's kind of machine, and load it."""
    times = {}
    start = perf_counter()
    built = build_module(program, target, bounds_checks=bounds_checks)
    times["build"] = perf_counter() - start
    return _load(built, target, times)


def build_module(
    program: Program,
    target: Target,
    *,
    bounds_checks: bool = False,
    embed_limit: int = EMBED_LIMIT,
) -> BuiltModule:
    """The LLVM IR of a program. Constants above `embed_limit` bytes go through the table."""
    module = ir.Module(program.name)
    module.triple = target.triple
    checks = BoundsChecks([]) if bounds_checks else None
    context = Context(module, target, CpuMachine(target), checks)
    emitter = EntryEmitter(context, program, embed_limit, target.threads > 1)
    emitter.emit()
    tabled = tuple(constants.data for constants in emitter.tabled)
    return BuiltModule(str(module), tabled, checks.sites if checks else [], emitter.uses_threads)


def _load(built: BuiltModule, target: Target, times: dict[str, float]) -> NativeProgram:
    start = perf_counter()
    module = jit.parse(built.llvm_ir)
    times["parse"] = perf_counter() - start
    start = perf_counter()
    code = jit.target_machine(target).emit_object(module)
    times["codegen"] = perf_counter() - start
    start = perf_counter()
    exports = (ENTRY, TABLE) if built.tabled else (ENTRY,)
    imports = pool_symbols(target) if built.uses_threads else {}
    library = jit.link(code, exports, imports)
    buffers = _fill_table(built.tabled, library[TABLE] if built.tabled else 0)
    times["link"] = perf_counter() - start
    entry = _ENTRY_TYPE(library[ENTRY])
    return NativeProgram(entry, built.llvm_ir, target, times, built.sites, _kept=(library, buffers))


def _fill_table(tabled: tuple[bytes, ...], address: int) -> list[Any]:
    """Write the addresses of aligned copies of the large constants into the code's table."""
    buffers = []
    for number, data in enumerate(tabled):
        buffer = ctypes.create_string_buffer(len(data) + 63)
        aligned = (ctypes.addressof(buffer) + 63) & -64
        ctypes.memmove(aligned, data, len(data))
        ctypes.c_void_p.from_address(address + 8 * number).value = aligned
        buffers.append(buffer)
    return buffers
