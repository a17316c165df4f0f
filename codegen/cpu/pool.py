"""The process's thread pool: `threads` compiled and loaded, once for all programs."""

from __future__ import annotations

import ctypes
import os
from threading import Lock
from typing import Any

from llvmlite import ir

from flowc.codegen.cpu import jit
from flowc.codegen.cpu.cache import DiskCache, object_key
from flowc.codegen.cpu.threads import EXPORTS, POOL_RESET, emit_pool
from flowc.passes.target import Target

_libraries: dict[Target, Any] = {}  # the process's pool, by the machine; there is one entry
_loading = Lock()


def pool_symbols(target: Target, disk_cache: DiskCache | None = None) -> dict[str, int]:
    """Addresses of the pool's functions.

    The pool is loaded once and never unloaded, since its threads run in it.
    """
    machine = Target(target.triple, "", "", 16, 16)
    with _loading:
        if machine not in _libraries:
            library = jit.link([_pool_object(machine, disk_cache)], EXPORTS)
            library._owned = True
            _libraries[machine] = library
            reset = ctypes.CFUNCTYPE(None)(library[POOL_RESET])
            os.register_at_fork(after_in_child=reset)
    return {name: _libraries[machine][name] for name in EXPORTS}


def _pool_object(machine: Target, disk_cache: DiskCache | None) -> bytes:
    key = "" if disk_cache is None else object_key("pool", machine)
    code = None if disk_cache is None else disk_cache.load(key)
    if code is None:
        module = ir.Module("pool")
        module.triple = machine.triple
        emit_pool(module, machine.triple.split("-")[0])
        code = jit.compile_ir(str(module), machine)
        if disk_cache is not None:
            disk_cache.store(key, code)
    return code
