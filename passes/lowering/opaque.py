"""Lowerings of single instructions that fuse with nothing: the table by primitive."""

from __future__ import annotations

from collections.abc import Callable

from flowc.ir.loops.kernel import Buffer, Kernel
from flowc.passes.lowering.fused import Fused

OPAQUE: dict[str, Callable[[Fused], Kernel | tuple[Kernel, tuple[Buffer, ...]]]] = {}
