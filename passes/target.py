"""What a pass may know about the machine that the code is for.

`codegen` fills a `Target` from the host or from an option; passes that choose tile and vector sizes
read it. Nothing else about a machine reaches a pass.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowc.ir.dtypes import DType


@dataclass(frozen=True, slots=True)
class Target:
    """A machine as the schedules see it. Cache sizes are in bytes, `l1` to `l3` per core."""

    triple: str
    cpu: str
    features: str
    vector_bytes: int  # of one SIMD register: 64 for AVX-512, 32 for AVX2, 16 for NEON
    vector_registers: int
    l1: int = 32 << 10
    l2: int = 1 << 20
    l3: int = 16 << 20
    threads: int = 1

    def lanes(self, dtype: DType) -> int:
        """Elements of `dtype` in one vector register; bool counts as a byte."""
        return max(1, self.vector_bytes // max(1, dtype.size))
