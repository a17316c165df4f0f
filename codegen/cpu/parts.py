"""The LLVM modules of one program, and the thread that makes machine code of them.

A large program is split: as soon as a module holds `FULL` instructions, a thread makes machine code
of it while Python builds the next one. LLVM takes longer; Python's thread helps it in the end.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import TracebackType

from flowc.codegen.cpu import jit
from flowc.codegen.cpu.objects import ObjectCode
from flowc.codegen.emitter import Context
from flowc.codegen.llvm.module import Module
from flowc.passes.target import CpuTarget

FULL = 800  # instructions: about 25 ms of code generation
_WORTH_A_THREAD = FULL // 4  # instructions of the first module


class Parts:
    """The modules of a program; functions go to the one that `context` names at the time.

    `hand_over` gets every module but the last, which is `context.module` in the end.
    """

    def __init__(self, context: Context, hand_over: Callable[[Module], None] | None = None) -> None:
        self.context = context
        self.hand_over = hand_over

    def turn(self) -> None:
        """Go on in a new module where the present one is full."""
        if self.hand_over is not None and self.context.module.instructions >= FULL:
            self.begin_anew()

    def begin_anew(self) -> None:
        """Go on in a new module, if the present one has any function."""
        module = self.context.module
        if self.hand_over is None or not module.instructions:
            return
        self.context = replace(self.context, module=Module(module.name, module.triple))
        self.hand_over(module)


@dataclass
class _Started:
    """A module whose machine code is being made, or waits for its turn."""

    text: str
    defines: tuple[str, ...]
    calls: tuple[str, ...]
    level: int
    code: Future[bytes] | None = None


class CodeThread:
    """Makes machine code of modules on a thread of its own, in the order in which they come."""

    def __init__(self, target: CpuTarget) -> None:
        self.target = target
        self.level = jit.CODEGEN_LEVEL  # of LLVM's efforts, for the modules that come next
        self._thread: ThreadPoolExecutor | None = None
        self._started: list[_Started] = []

    def __enter__(self) -> CodeThread:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)

    @property
    def count(self) -> int:
        """The modules so far."""
        return len(self._started)

    def start(self, module: Module) -> None:
        """Begin with one module; of a small program `finish` makes the machine code."""
        started = self._add(module)
        if self._thread is None and module.instructions < _WORTH_A_THREAD:
            return
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1)
        started.code = self._thread.submit(self._compile, started)

    def finish(self, last: Module) -> list[ObjectCode]:
        """The objects of all modules. The calling thread helps, beginning with the last one."""
        self._add(last)
        codes = [self._code(started) for started in reversed(self._started)]
        return [
            ObjectCode(code, started.defines, started.calls)
            for started, code in zip(self._started, reversed(codes), strict=True)
        ]

    def _add(self, module: Module) -> _Started:
        functions = module.functions.values()
        defines = [f.name for f in functions if f.blocks and not f.internal]
        calls = [f.name for f in functions if not f.blocks]
        self._started.append(_Started(str(module), tuple(defines), tuple(calls), self.level))
        return self._started[-1]

    def _code(self, started: _Started) -> bytes:
        if started.code is None or started.code.cancel():
            return self._compile(started)
        return started.code.result()

    def _compile(self, started: _Started) -> bytes:
        return jit.compile_ir(started.text, self.target, started.level)
