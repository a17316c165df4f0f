"""Writing every stage of a compilation to a folder, numbered in the order of the stages."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from flowc.codegen.backend import CompiledCode
from flowc.compiler.graph import Node
from flowc.ir.loops.kernel import Kernel, Program
from flowc.ir.tensor.core import Module
from flowc.passes.lowering.shared_kernels import SHARED, SharedKernels

_NUMBERS = itertools.count()
STEP = "// "  # before the line that names a kernel's key and what was done with it last


class Dump:
    """The dump of one compilation; does nothing where no folder is set."""

    def __init__(self, folder: str, name: str) -> None:
        self._folder: Path | None = None
        self._stage = itertools.count()
        self._steps: list[str] = []
        if folder:
            safe = re.sub(r"\W+", "_", name)[:60]
            self._folder = Path(folder) / f"{next(_NUMBERS):03}_{safe}"
            self._folder.mkdir(parents=True, exist_ok=True)

    def _write(self, name: str, text: str) -> None:
        assert self._folder is not None
        (self._folder / f"{next(self._stage):02}_{name}").write_text(text)

    def graph(self, nodes: Sequence[Node]) -> None:
        """The pruned nodes, in running order."""
        if self._folder is not None:
            from flowc.compiler.structure.printer import print_nodes

            self._write("graph.txt", print_nodes(nodes))

    def tensor_ir(self, stage: str, module: Module) -> None:
        """The module after a stage or pass."""
        if self._folder is not None:
            from flowc.ir.tensor.printer import print_module

            self._write(f"tensor_{stage}.mlir", print_module(module))

    def kernels(self) -> SharedKernels:
        """Where the kernels of the compilation are kept; those of a dump are all made again."""
        return SHARED if self._folder is None else SharedKernels(self._step)

    def _step(self, key: str, step: str, kernel: Kernel) -> None:
        from flowc.ir.loops.printer import print_kernel

        self._steps.append(f"{STEP}{key} {step}\n{print_kernel(kernel, own_indices=True)}")

    def loop_ir(self, program: Program) -> None:
        """The kernels after each step of their schedules, and the program."""
        if self._folder is not None:
            from flowc.ir.loops.printer import print_program

            self._write("schedule.txt", "\n".join(self._steps))
            self._steps.clear()
            self._write("loops.txt", print_program(program))

    def code(self, code: CompiledCode) -> None:
        """What the backend makes code by way of, such as LLVM IR and assembly."""
        if self._folder is not None:
            for name, text in code.texts.items():
                self._write(name, text)
