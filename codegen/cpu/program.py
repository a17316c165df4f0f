"""`compile_program`: a loop IR program to native code that Python calls.

No LLVM pass pipeline (the emitter writes vectors and hoists code itself), code generation at level
2 beside Python's work (`parts`), linked by one LLJIT that the process shares. Equal programs share
their code: within a process always, and through a `DiskCache` where one is given.
"""

from __future__ import annotations

import ctypes
import struct
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from flowc.codegen.backend import StoredCode
from flowc.codegen.cpu import jit
from flowc.codegen.cpu.cache import DiskCache, object_key
from flowc.codegen.cpu.entry import EMBED_LIMIT, ENTRY, EntryEmitter, uses_threads
from flowc.codegen.cpu.machine import EXHAUSTED, CpuMachine
from flowc.codegen.cpu.memory import HOST, HostMemory
from flowc.codegen.cpu.objects import (
    LOADED,
    Known,
    LoadedObjects,
    ProgramCode,
    addresses_of,
    program_code,
)
from flowc.codegen.cpu.parts import CodeThread, Parts
from flowc.codegen.cpu.pool import pool_symbols
from flowc.codegen.cpu.steps import STOPPED, TABLE, Places, Shared, outline_long
from flowc.codegen.cpu.stored_programs import load_program, store_program
from flowc.codegen.cpu.threads import emit_pool
from flowc.codegen.emitter import Context, emit_kernel
from flowc.codegen.llvm.module import Module
from flowc.codegen.memory import BoundsChecks
from flowc.ir.loops.kernel import Program
from flowc.ir.loops.printer import program_digest
from flowc.ir.loops.walk import calls
from flowc.passes.target import CpuTarget

Loaded: TypeAlias = tuple[Any, tuple[Any, ...]]  # an entry, and what must live as long as it

_ENTRY_TYPE = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 4)
ALIGNMENT = 64  # bytes, of constants
_MOST_LOADED = 256  # programs whose code is kept for an equal one to come
_MOST_OBJECTS = 1024  # of theirs; one has two or three memory maps, a process at most 65,530


@dataclass(frozen=True, slots=True)
class BuiltModule:
    """LLVM IR of a program, and the sites that negative results of its entry name."""

    llvm_ir: str
    sites: list[tuple[str, str]]


@dataclass(slots=True)
class LoadedProgram:
    """The code of a program in memory.

    `entry(arguments, symbols, arena, control)` takes addresses: an array of one pointer for each
    argument, an array of int64, the arena (64-byte aligned), and a control block or None (`entry`).
    Pass ctypes arrays or integers. It returns 0, the code of the first `Check` that failed,
    `STOPPED`, `EXHAUSTED`, or in debug mode a negative error number.
    """

    entry: Any
    kept: tuple[Any, ...]  # what must live as long as the code
    sites: list[tuple[str, str]]
    stored: StoredCode | None = None  # under what it is kept on disk; None where it is not
    stopped: int = STOPPED  # what `entry` gives where the control block has ended the run
    exhausted: int = EXHAUSTED  # what it gives where there was no memory for scratch buffers

    @property
    def memory(self) -> HostMemory:
        """Where its arguments are."""
        return HOST

    def describe_error(self, code: int) -> str:
        """What a negative result of `entry` means."""
        kernel, buffer = self.sites[-1 - code]
        return f"kernel '{kernel}' reads or writes outside of buffer '{buffer}'"


@dataclass(slots=True)
class NativeProgram(LoadedProgram):
    """A compiled program, with what it was made from."""

    program: Program = field(kw_only=True)
    target: CpuTarget = field(kw_only=True)
    code: ProgramCode = field(kw_only=True)
    times: dict[str, float] = field(kw_only=True)  # seconds: build, codegen (after it), link
    bounds_checks: bool = False

    @property
    def objects(self) -> int:
        """How many objects are loaded for it at most."""
        return len(self.code.own) + len(self.code.needs)

    @property
    def texts(self) -> dict[str, str]:
        """LLVM IR and assembler text by names of files."""
        return {"llvm.ll": self.llvm_ir, "assembly.s": self.assembly()}

    @property
    def llvm_ir(self) -> str:
        """The LLVM IR; made again, since programs may come from the cache."""
        return build_module(self.program, self.target, bounds_checks=self.bounds_checks).llvm_ir

    def assembly(self) -> str:
        """The machine code as assembler text; compiled again."""
        return str(jit.target_machine(self.target).emit_assembly(jit.parse(self.llvm_ir)))


def compile_program(
    program: Program,
    target: CpuTarget,
    *,
    bounds_checks: bool = False,
    disk_cache: DiskCache | None = None,
) -> NativeProgram:
    """Compile `program` for `target`, which must be the host's kind of machine, and load it.

    With `bounds_checks`, accesses outside of a buffer are skipped and make the entry return a
    negative number; such programs are not cached.
    """
    if bounds_checks:
        return _compile(program, target, True, None)
    digest = program_digest(program, EMBED_LIMIT)
    loading = Loading(digest, target, _addresses(program))
    found = _loaded.get(loading)
    if found is not None:
        return replace(found, times={})  # it took no time again
    made = _compile(program, target, False, disk_cache, digest)
    _loaded.put(loading, made)
    return made


def compile_object(program: Program, target: CpuTarget) -> bytes:
    """Object code of a program with all constants and the thread pool inside, for any target."""
    built = build_module(program, target, embed_limit=1 << 62, with_pool=True)
    return jit.compile_ir(built.llvm_ir, target)


def build_module(
    program: Program,
    target: CpuTarget,
    *,
    bounds_checks: bool = False,
    embed_limit: int = EMBED_LIMIT,
    with_pool: bool = False,
) -> BuiltModule:
    """The LLVM IR of a program.

    Constants above `embed_limit` bytes go through a table of addresses. The thread pool is the
    process's, or a part of the module `with_pool`.
    """
    checks = BoundsChecks([]) if bounds_checks else None
    context = _first_context(program, target, checks)
    if with_pool and uses_threads(program, target.threads):
        architecture = target.triple.split("-")[0]
        emit_pool(context.module, architecture, exported=False)
    shared = Shared(Parts(context), Places(program, embed_limit))
    _emit_kernels(shared)
    _emit_steps(shared)
    return BuiltModule(str(context.module), checks.sites if checks else [])


def _first_context(program: Program, target: CpuTarget, checks: BoundsChecks | None) -> Context:
    module = Module(program.name, target.triple)
    return Context(module, target, CpuMachine(target), checks)


def _emit_kernels(shared: Shared) -> None:
    """Write the functions of all kernels that the program calls."""
    for variant in dict.fromkeys(map(shared.variant, calls(shared.places.program.steps))):
        emit_kernel(shared.context, variant.kernel, variant.name, variant.overlapping)
        shared.parts.turn()


def _emit_steps(shared: Shared) -> None:
    """Write the functions of the program's steps, the entry last."""
    outline_long(shared, shared.places.program.steps)
    EntryEmitter(shared).emit()


def _compile(
    program: Program,
    target: CpuTarget,
    bounds_checks: bool,
    disk_cache: DiskCache | None,
    digest: str = "",
) -> NativeProgram:
    times: dict[str, float] = {}
    key = "" if disk_cache is None else object_key(digest, target)
    made = None if disk_cache is None else _from_disk(program, key, target, disk_cache, times)
    sites: list[tuple[str, str]] = []
    if made is None:
        code, sites = _generate(program, target, bounds_checks, disk_cache, times)
        made = code, _load(code, program, target, disk_cache, times)
        if disk_cache is not None:
            store_program(disk_cache, key, code, target)
    code, (entry, kept) = made
    stored = StoredCode(key, tabled(program)) if key else None
    return NativeProgram(
        entry,
        kept,
        sites,
        stored,
        program=program,
        target=target,
        code=code,
        times=times,
        bounds_checks=bounds_checks,
    )


def _from_disk(
    program: Program, key: str, target: CpuTarget, disk_cache: DiskCache, times: dict[str, float]
) -> tuple[ProgramCode, Loaded] | None:
    """The program whose code is kept on disk; None where there is none that can be loaded."""
    try:
        code = load_program(disk_cache, key, target, _pool(target, disk_cache))
        return None if code is None else (code, _load(code, program, target, disk_cache, times))
    except (RuntimeError, ValueError, struct.error):  # made again instead
        return None


def _generate(
    program: Program,
    target: CpuTarget,
    bounds_checks: bool,
    disk_cache: DiskCache | None,
    times: dict[str, float],
) -> tuple[ProgramCode, list[tuple[str, str]]]:
    """Object code, with what it shares loaded, and the sites of bounds checks."""
    start = perf_counter()
    checks = BoundsChecks([]) if bounds_checks else None
    known = Known(target)
    first = replace(_first_context(program, target, checks), alone=False)
    if not bounds_checks:
        first = replace(first, is_loaded=known.has)
    with CodeThread(target) as thread:
        shared = Shared(Parts(first, thread.start), Places(program, EMBED_LIMIT))
        _emit_kernels(shared)
        shared.parts.begin_anew()
        kernels = thread.count
        thread.level = jit.QUICK_LEVEL
        _emit_steps(shared)
        times["build"], start = perf_counter() - start, perf_counter()
        objects = thread.finish(shared.context.module)
    times["codegen"] = perf_counter() - start
    loaded = LoadedObjects() if bounds_checks else LOADED
    for code in objects[:kernels]:
        loaded.load(code, known, _pool(target, disk_cache))
    return program_code(objects[kernels:], known), checks.sites if checks else []


def load_stored(
    stored: StoredCode, target: CpuTarget, disk_cache: DiskCache
) -> LoadedProgram | None:
    """The program that is kept on disk; None if it is not."""
    try:
        code = load_program(disk_cache, stored.key, target, _pool(target, disk_cache))
        if code is None:
            return None
        entry, kept = _link(code, stored.constants, target, disk_cache)
    except (RuntimeError, ValueError, struct.error):
        return None
    return LoadedProgram(entry, kept, [], stored)


def _addresses(program: Program) -> tuple[int, ...]:
    """Where the large constants are: they stay there as long as the program is kept."""
    return tuple(np.frombuffer(data, np.uint8).ctypes.data for data in tabled(program))


def tabled(program: Program) -> list[bytes | memoryview]:
    """The constants that are too large to be in the code."""
    return [c.data for c in program.constants if len(c.data) > EMBED_LIMIT]


def _pool(target: CpuTarget, disk_cache: DiskCache | None) -> dict[str, int]:
    return pool_symbols(target, disk_cache) if target.threads > 1 else {}


def _load(
    code: ProgramCode,
    program: Program,
    target: CpuTarget,
    disk_cache: DiskCache | None,
    times: dict[str, float],
) -> Loaded:
    """The program's entry, and what must stay alive."""
    start = perf_counter()
    found = _link(code, tabled(program), target, disk_cache)
    times["link"] = perf_counter() - start
    return found


def _link(
    code: ProgramCode,
    constants: Sequence[bytes | memoryview],
    target: CpuTarget,
    disk_cache: DiskCache | None,
) -> Loaded:
    imports = {**_pool(target, disk_cache), **addresses_of(code.needs)}
    exports = (ENTRY, TABLE) if constants else (ENTRY,)
    library = jit.link([part.code for part in code.own], exports, imports)
    buffers = _fill_table(constants, library[TABLE] if constants else 0)
    return _ENTRY_TYPE(library[ENTRY]), (library, code.needs, buffers)


def _fill_table(constants: Sequence[bytes | memoryview], address: int) -> list[Any]:
    """Write the addresses of the large constants into the code's table; copies if not aligned."""
    arrays = []
    for number, data in enumerate(constants):
        array = np.frombuffer(data, np.uint8)
        if array.ctypes.data % ALIGNMENT:
            memory = np.empty(array.size + ALIGNMENT, np.uint8)
            start = -memory.ctypes.data % ALIGNMENT
            memory[start : start + array.size] = array
            array = memory[start : start + array.size]
        ctypes.c_void_p.from_address(address + 8 * number).value = array.ctypes.data
        arrays.append(array)
    return arrays


class Loading(NamedTuple):
    """What programs have in common that share their code and constants."""

    digest: str
    target: CpuTarget
    constants: tuple[int, ...]  # addresses of the large ones


class _LoadedPrograms:
    """The programs of this process, least recently used first."""

    def __init__(self) -> None:
        self._programs: OrderedDict[Loading, NativeProgram] = OrderedDict()
        self._objects = 0
        self._lock = threading.Lock()

    def get(self, key: Loading) -> NativeProgram | None:
        with self._lock:
            if key in self._programs:
                self._programs.move_to_end(key)
            return self._programs.get(key)

    def put(self, key: Loading, program: NativeProgram) -> None:
        with self._lock:
            replaced = self._programs.pop(key, None)
            self._objects += program.objects - (0 if replaced is None else replaced.objects)
            self._programs[key] = program
            while len(self._programs) > _MOST_LOADED or self._objects > _MOST_OBJECTS:
                _, oldest = self._programs.popitem(last=False)
                self._objects -= oldest.objects


_loaded = _LoadedPrograms()
