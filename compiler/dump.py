"""Writing every stage of a compilation to a folder, numbered in the order of the stages."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from flowc.codegen.backend import CompiledCode
from flowc.compiler.graph import Node
from flowc.compiler.structure.printer import print_nodes
from flowc.ir.loops.kernel import Program
from flowc.ir.tensor.core import Module

_NUMBERS = itertools.count()


class Dump:
    """The dump of one compilation; does nothing where no folder is set."""

    def __init__(self, folder: str, name: str) -> None:
        self._folder: Path | None = None
        self._stage = itertools.count()
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
            self._write("graph.txt", print_nodes(nodes))

    def tensor_ir(self, stage: str, module: Module) -> None:
        """The module after a stage or pass."""
        if self._folder is not None:
            from flowc.ir.tensor.printer import print_module

            self._write(f"tensor_{stage}.mlir", print_module(module))

    def loop_ir(self, program: Program) -> None:
        """The kernels and the program."""
        if self._folder is not None:
            from flowc.ir.loops.printer import print_program

            self._write("loops.txt", print_program(program))

    def code(self, code: CompiledCode) -> None:
        """What the backend makes code by way of, such as LLVM IR and assembly."""
        if self._folder is not None:
            for name, text in code.texts.items():
                self._write(name, text)
