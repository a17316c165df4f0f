"""LLVM's parts of compilation: target machines, parsing, and the linker that loads objects.

Objects are position independent and small-model, so the same bytes serve the in-process linker, the
disk cache and a library. LLJIT links an object in 0.3 ms, MCJIT in 0.6.
"""

from __future__ import annotations

import ctypes
import threading
import weakref
from collections import deque
from collections.abc import Sequence
from functools import cache
from itertools import count
from typing import Any

import llvmlite
from llvmlite import binding as llvm
from llvmlite.binding import ffi

from flowc.passes.target import CpuTarget

CODEGEN_LEVEL = 2
QUICK_LEVEL = 0  # for functions that only call others: a third of the time, and as fast
# Passes of code generation that took a third of its time and gained nothing measurable: the emitter
# hoists and strength-reduces addresses itself. Options of LLVM are the process's.
_OPTIONS = ("-disable-lsr", "-disable-post-ra")
_LIBRARIES = 128  # that one LLJIT loads
_KNOWN_INSIDES = ("0.50.",)  # the versions of llvmlite whose unpublished functions are called
_names = count()
_lock = threading.RLock()  # LLVM objects are shared by all threads of Python


@cache
def _initialize() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for option in _OPTIONS:
        llvm.set_option("flowc", option)


@cache
def _initialize_all() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


@cache
def target_machine(target: CpuTarget) -> Any:
    """LLVM's code generator for `target`, for one thread at a time."""
    return _new_machine(target, CODEGEN_LEVEL)


def _new_machine(target: CpuTarget, level: int) -> Any:
    _initialize()
    try:
        found = llvm.Target.from_triple(target.triple)
    except RuntimeError:
        _initialize_all()
        found = llvm.Target.from_triple(target.triple)
    return found.create_target_machine(
        cpu=target.cpu,
        features=target.features,
        opt=level,
        reloc="pic",
        codemodel="small",
    )


def prepare(target: CpuTarget) -> None:
    """Do now what the first compilation would do first."""
    target_machine(target)


def parse(llvm_ir: str) -> Any:
    """LLVM's module of a text, in a context of its own."""
    _initialize()
    return llvm.parse_assembly(llvm_ir, llvm.create_context())


@cache
def _idle_machines(target: CpuTarget, level: int) -> deque[Any]:
    """The machines for `target` that no thread uses at the moment."""
    return deque()


def compile_ir(llvm_ir: str, target: CpuTarget, level: int = CODEGEN_LEVEL) -> bytes:
    """Object code of a module's text; several threads may be in here at once."""
    idle = _idle_machines(target, level)
    try:
        machine = idle.pop()
    except IndexError:
        machine = _new_machine(target, level)
    code = _emit_object(machine, parse(llvm_ir))
    idle.append(machine)
    return code


def _emit_object(machine: Any, module: Any) -> bytes:
    """`machine.emit_object(module)`, without llvmlite's lock around all of LLVM where possible.

    It guards nothing here: the module has its context, and the thread its machine, to itself.
    """
    emit = _unlocked_emit() if llvmlite.__version__.startswith(_KNOWN_INSIDES) else None
    if emit is None:
        return bytes(machine.emit_object(module))
    with ffi.OutputString() as error:
        memory = emit(machine, module, 1, error)
        if not memory:
            raise RuntimeError(str(error))
    try:
        size = ffi.lib.LLVMPY_GetBufferSize(memory)
        return ctypes.string_at(ffi.lib.LLVMPY_GetBufferStart(memory), size)
    finally:
        ffi.lib.LLVMPY_DisposeMemoryBuffer(memory)


def _unlocked_emit() -> Any:
    """What llvmlite calls when it has its lock; None where it is not where it was."""
    return getattr(ffi.lib.LLVMPY_TargetMachineEmitToMemory, "_cfn", None)


class _Linker:
    """One LLJIT, in use as long as some code that it has loaded is.

    LLJIT keeps some kilobytes of every library that it has ever loaded, so a new one is taken now
    and then (it costs a millisecond), and an old one given back with the last of its code.
    """

    def __init__(self) -> None:
        _initialize()
        self._lljit = llvm.create_lljit_compiler(use_jit_link=True)
        self._loaded = 0
        self._in_use = 0

    @property
    def is_full(self) -> bool:
        """Whether the next library had better go to another one."""
        return self._loaded >= _LIBRARIES or bool(self._lljit.closed)

    def load(self, builder: Any) -> Library:
        """Link what the builder has."""
        tracker = builder.link(self._lljit, f"flowc.{next(_names)}")
        self._loaded += 1
        self._in_use += 1
        return Library(self, tracker)

    def unload(self, tracker: Any) -> None:
        """Give back the memory of one library."""
        with _lock:
            tracker.close()
            self._in_use -= 1
            if self.is_full and not self._in_use:
                self._lljit.close()


class Library:
    """Loaded code: addresses by exported name. It is unloaded when the object goes."""

    def __init__(self, linker: _Linker, tracker: Any) -> None:
        self._tracker = tracker
        self._unload = weakref.finalize(self, linker.unload, tracker)
        self._unload.atexit = False  # threads may run code to the process's end

    def __getitem__(self, name: str) -> int:
        """The address of an exported name."""
        return int(self._tracker[name])

    def keep(self) -> None:
        """Never unload it."""
        self._unload.detach()
        _kept.append(self)


_kept: list[Library] = []
_linkers: list[_Linker] = []  # the one that loads at present


def link(
    objects: Sequence[bytes], exports: Sequence[str], imports: dict[str, int] | None = None
) -> Library:
    """Load objects. Raises RuntimeError where they cannot be loaded."""
    builder = llvm.JITLibraryBuilder().add_current_process()
    for code in objects:
        builder.add_object_img(code)
    for name in exports:
        builder.export_symbol(name)
    for name, address in (imports or {}).items():
        builder.import_symbol(name, address)
    with _lock:
        if not _linkers or _linkers[-1].is_full:
            _linkers[:] = [_Linker()]
        return _linkers[-1].load(builder)
