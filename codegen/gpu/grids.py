"""A kernel's grids as functions of an LLVM module, and such a module as PTX text."""

from __future__ import annotations

from dataclasses import dataclass

from flowc.codegen.emitter import Context, KernelEmitter
from flowc.codegen.gpu.machine import GpuMachine
from flowc.codegen.llvm.module import Module
from flowc.codegen.llvm.types import I64, POINTER, VOID, FunctionType
from flowc.ir.dims import Dim, Symbol, product
from flowc.ir.loops.kernel import Allocate, Buffer, For, Kernel
from flowc.ir.loops.walk import block_loops, free_symbols, written_buffers
from flowc.passes.target import GpuTarget


@dataclass(frozen=True)
class Launch:
    """One grid: the function `name`, which `blocks` blocks of `threads` threads run.

    It takes a pointer for each of `buffers`, then an i64 for each of `symbols`. Buffers that are no
    parameters of the kernel are scratch in global memory.
    """

    name: str
    blocks: Dim
    threads: int
    buffers: tuple[Buffer, ...]
    symbols: tuple[Symbol, ...]


def emit_grids(module: Module, target: GpuTarget, kernel: Kernel) -> tuple[Launch, ...]:
    """Define a function for each grid of `kernel`; they are launched in order."""
    scratch = tuple(s.buffer for s in kernel.body if isinstance(s, Allocate))
    buffers, symbols = (*kernel.parameters, *scratch), free_symbols(kernel)
    grids = [s for s in kernel.body if isinstance(s, For)]
    written = written_buffers(kernel.body)
    launches = []
    for number, grid in enumerate(grids):
        machine = GpuMachine(grid)
        context = Context(module, target, machine)
        name = f"{kernel.name}_{number}"
        kind = FunctionType(VOID, (*[POINTER] * len(buffers), *[I64] * len(symbols)))
        function = context.define(name, kind)
        function.internal, function.convention = False, "ptx_kernel"
        function.attributes.append(f'"nvvm.reqntid"="{machine.threads},1,1"')
        emitter = KernelEmitter(context, function, written)
        for buffer, argument in zip(buffers, function.args, strict=False):
            if buffer not in written:  # others hear from other threads
                argument.attributes.append("noalias")
            emitter.memory.pointers[buffer] = (argument, 0)
        for symbol, argument in zip(symbols, function.args[len(buffers) :], strict=True):
            emitter.scopes.bind(symbol, argument)
        emitter.statement(grid)
        emitter.finish()
        blocks = product([loop.extent for loop in block_loops(grid)])
        launches.append(Launch(name, blocks, machine.threads, buffers, symbols))
    return tuple(launches)


def ptx(module: Module, target: GpuTarget) -> str:
    """The module as PTX text. Needs no GPU; LLVM ends the process for what NVPTX does not have."""
    from llvmlite import binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    parsed = llvm.parse_assembly(str(module))
    parsed.verify()
    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=2
    )
    return str(machine.emit_assembly(parsed))
