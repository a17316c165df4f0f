"""Lookup tables: keys to values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flowc.ir.errors import FailedPreconditionError
from flowc.ops.resources import Table, TableSpec


@dataclass(eq=False)
class HashTable(Table):
    """A table in memory."""

    spec: TableSpec
    entries: dict[Any, Any] = field(default_factory=dict)
    is_initialized: bool = False

    def fill(self, entries: dict[Any, Any]) -> None:
        """Give a fixed table its entries. Raises FailedPreconditionError where it has others."""
        if self.is_initialized and len(self.entries) != len(entries):
            raise FailedPreconditionError(
                None, None, "Table was already initialized with different data."
            )
        if not self.is_initialized:
            self.entries, self.is_initialized = entries, True
