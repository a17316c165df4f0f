"""What a compilation gives: an interface, and code that keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from flowc.compiler.interface import Interface
from flowc.compiler.lowering import LoweredGraph
from flowc.passes.lowering.program import Lowered


class Code(Protocol):
    """Machine code in memory."""

    @property
    def entry(self) -> Any:
        """`entry(arguments, symbols, arena, control)`; see `codegen/cpu/entry`."""

    @property
    def stopped(self) -> int:
        """What `entry` gives where the run was ended from outside."""

    def describe_error(self, code: int) -> str:
        """What a negative result of `entry` means."""


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
