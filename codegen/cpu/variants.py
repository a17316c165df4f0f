"""Kernels as functions: one for each way in which a kernel's arguments overlap.

A function's name follows from what it does, so equal kernels of all programs are one function: it
is made once, and found again in the process and on disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flowc.ir.loops.kernel import Buffer, Kernel
from flowc.ir.loops.printer import kernel_digest
from flowc.ir.loops.walk import written_parameters

_DIGITS = 24  # of a digest in a name: 96 bits


@dataclass(frozen=True)
class Variant:
    """A kernel, and for each parameter the first that is at the same place in a call."""

    kernel: Kernel
    groups: tuple[int, ...]

    @cached_property
    def name(self) -> str:
        """The function's name: equal for equal kernels, if they overlap alike where it matters."""
        name = f"{self.kernel.name}.{kernel_digest(self.kernel)[:_DIGITS]}"
        numbers = [n for n, p in enumerate(self.kernel.parameters) if p in self.overlapping]
        return ".".join([name, *(f"{n}_{self.groups[n]}" for n in numbers)])

    @cached_property
    def overlapping(self) -> frozenset[Buffer]:
        """The parameters that share memory with another one of which either is written."""
        groups, parameters = self.groups, self.kernel.parameters
        written = written_parameters(self.kernel)
        dirty = {
            g
            for g, p in zip(groups, parameters, strict=True)
            if p in written and groups.count(g) > 1
        }
        return frozenset(p for g, p in zip(groups, parameters, strict=True) if g in dirty)
