"""What a compilation gives: an interface, and code that keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flowc.codegen.backend import Code
from flowc.compiler.interface import Interface
from flowc.compiler.lowering import LoweredGraph
from flowc.passes.lowering.program import Lowered


@dataclass(frozen=True, eq=False)
class Details:
    """What an executable was made from: to interpret it, and to explain what it did."""

    graph: LoweredGraph
    lowered: Lowered | None  # None for what is interpreted


@dataclass(frozen=True, eq=False)
class Executable:
    """Something that can be run. Without code it is interpreted."""

    interface: Interface
    code: Code | None
    details: Callable[[], Details]  # made again where the code came from the disk
    times: Mapping[str, float]  # seconds per stage, in order
