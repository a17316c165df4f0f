"""The LLVM modules of one program, and the thread that makes machine code of them.

A large program is split: as soon as a module holds `FULL` instructions, a thread makes machine code
of it while Python builds the next one. LLVM takes about as long as Python, so this halves the time.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from types import TracebackType

from llvmlite import ir

from flowc.codegen.cpu import jit
from flowc.codegen.emitter import Context
from flowc.passes.target import Target

FULL = 800  # instructions: about 25 ms of code generation


class Parts:
    """The modules of a program; kernels go to the one that `context` names at the time.

    `hand_over` gets every module but the last, which is `context.module` in the end.
    """

    def __init__(
        self, context: Context, hand_over: Callable[[ir.Module], None] | None = None
    ) -> None:
        self.context = context
        self.hand_over = hand_over

    def turn(self) -> None:
        """Go on in a new module where the present one is full."""
        module = self.context.module
        if self.hand_over is None or _instructions(module) < FULL:
            return
        following = ir.Module(module.name)
        following.triple = module.triple
        self.context = replace(self.context, module=following)
        self.hand_over(module)


def _instructions(module: ir.Module) -> int:
    return sum(len(block.instructions) for f in module.functions for block in f.blocks)


class Backend:
    """Makes machine code of modules on a thread of its own, in the order in which they come."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._thread: ThreadPoolExecutor | None = None
        self._started: list[tuple[str, Future[bytes]]] = []

    def __enter__(self) -> Backend:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)

    def start(self, module: ir.Module) -> None:
        """Begin with one module."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1)
        text = str(module)
        self._started.append((text, self._thread.submit(self._compile, text)))

    def finish(self, last: ir.Module) -> list[bytes]:
        """The objects of all modules. The calling thread helps, beginning with the last one."""
        objects = [self._compile(str(last))]
        for text, started in reversed(self._started):
            objects.append(self._compile(text) if started.cancel() else started.result())
        return objects

    def _compile(self, text: str) -> bytes:
        return jit.compile_ir(text, self.target)
