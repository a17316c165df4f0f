"""The machine we run on, as a `CpuTarget`."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from flowc.passes.target import CpuTarget

_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


@cache
def host_target(threads: int | None = None) -> CpuTarget:
    """The host, with `threads` threads (default: the cores that this process may use)."""
    from llvmlite import binding as llvm

    features = llvm.get_host_cpu_features()
    caches = _cache_sizes()
    return make_target(
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        ",".join(f"+{name}" for name, on in sorted(features.items()) if on),
        threads or len(os.sched_getaffinity(0)),
        caches,
    )


def make_target(
    triple: str,
    cpu: str,
    features: str,
    threads: int = 1,
    caches: tuple[int, int, int] = (32 << 10, 1 << 20, 16 << 20),
) -> CpuTarget:
    """A CPU target; the vector size follows from the features.

    LLVM avoids 512-bit registers on some CPUs unless `prefer-256-bit` is off.
    """
    names = set(features.split(","))
    size, registers = _vectors(triple, names)
    if size == 64:
        features += ",-prefer-256-bit"
    return CpuTarget(triple, cpu, features, size, registers, *caches, threads=threads)


def _vectors(triple: str, features: set[str]) -> tuple[int, int]:
    """Bytes of a vector register and how many there are."""
    if triple.startswith("aarch64"):
        return 16, 32
    if {"+avx512f", "+avx512vl", "+avx512bw", "+avx512dq"} <= features:
        return 64, 32
    return (32, 16) if "+avx2" in features else (16, 16)


def _cache_sizes() -> tuple[int, int, int]:
    """Bytes of the L1 data, L2 and L3 caches that one core sees; a usual value where unknown."""
    sizes = {1: 32 << 10, 2: 1 << 20, 3: 16 << 20}
    for folder in sorted(_CACHES.glob("index*")):
        try:
            level = int((folder / "level").read_text())
            kind = (folder / "type").read_text().strip()
            size = _parse_size((folder / "size").read_text().strip())
        except (OSError, ValueError):
            continue
        if kind != "Instruction" and level in sizes:
            sizes[level] = size
    return sizes[1], sizes[2], sizes[3]


def _parse_size(text: str) -> int:
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    return int(text[:-1]) * units[text[-1]] if text[-1] in units else int(text)
