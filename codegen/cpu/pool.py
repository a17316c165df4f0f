"""The process's thread pool: `threads` compiled and loaded, once for all programs."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from threading import Lock
from typing import Any

from flowc.codegen.cpu import jit
from flowc.codegen.cpu.cache import DiskCache, object_key
from flowc.codegen.cpu.threads import EXPORTS, POOL_RESET, emit_pool
from flowc.codegen.llvm.module import Module
from flowc.passes.target import CpuTarget

_libraries: dict[CpuTarget, Any] = {}  # the process's pool, by the machine; there is one entry
_loading = Lock()


def pool_symbols(target: CpuTarget, disk_cache: DiskCache | None = None) -> dict[str, int]:
    """Addresses of the pool's functions.

    The pool is loaded once and never unloaded, since its threads run in it.
    """
    machine = CpuTarget(target.triple, "", "", 16, 16)
    with _loading:
        if machine not in _libraries:
            library = _load_pool(machine, disk_cache)
            library.keep()
            _libraries[machine] = library
            reset = ctypes.CFUNCTYPE(None)(library[POOL_RESET])
            os.register_at_fork(after_in_child=reset)
    return {name: _libraries[machine][name] for name in EXPORTS}


def _load_pool(machine: CpuTarget, disk_cache: DiskCache | None) -> Any:
    """The pool, from the disk where it is kept there and can be loaded."""
    key = "" if disk_cache is None else object_key("pool", machine)
    code = None if disk_cache is None else disk_cache.load(key)
    if code is not None:
        with suppress(RuntimeError):
            return jit.link([code], EXPORTS)
    module = Module("pool", machine.triple)
    emit_pool(module, machine.triple.split("-")[0])
    code = jit.compile_ir(str(module), machine)
    if disk_cache is not None:
        disk_cache.store(key, code)
    return jit.link([code], EXPORTS)
