"""The CPU of this process as a backend: its target, its memory, and code that is linked into it."""

from __future__ import annotations

from flowc.codegen.backend import StoredCode
from flowc.codegen.cpu import jit
from flowc.codegen.cpu.cache import DiskCache
from flowc.codegen.cpu.host import host_target
from flowc.codegen.cpu.memory import HOST, HostMemory
from flowc.codegen.cpu.pool import pool_symbols
from flowc.codegen.cpu.program import LoadedProgram, NativeProgram, compile_program, load_stored
from flowc.ir.loops.kernel import Program
from flowc.passes.schedule.measured import load_measured
from flowc.passes.target import CpuTarget


class CpuBackend:
    """The cores of this process. Making one makes LLVM and the pool of threads ready."""

    device_type = "CPU"

    def __init__(
        self,
        threads: int | None = None,
        disk_cache: DiskCache | None = None,
        *,
        bounds_checks: bool = False,
    ) -> None:
        self.target: CpuTarget = host_target(threads)
        if disk_cache is not None:
            self.target = load_measured(disk_cache.folder, self.target)
        self.memory: HostMemory = HOST
        self._disk_cache = disk_cache
        self._bounds_checks = bounds_checks
        jit.prepare(self.target)
        if self.target.threads > 1:
            pool_symbols(self.target, disk_cache)

    def compile(self, program: Program) -> NativeProgram:
        """Machine code; from the disk where the program's is kept there."""
        return compile_program(
            program, self.target, bounds_checks=self._bounds_checks, disk_cache=self._disk_cache
        )

    def load(self, stored: StoredCode) -> LoadedProgram | None:
        """The program that is kept on disk; None where there is none that can be loaded."""
        if self._disk_cache is None:
            return None
        return load_stored(stored, self.target, self._disk_cache)
