"""Builder methods for control flow and fusion. Their bodies may use values from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flowc.ir.tensor.builder_core import BuilderCore
from flowc.ir.tensor.core import Computation, Value

Body = Callable[..., Value | Sequence[Value]]


class Control(BuilderCore):
    """while, case, fusion."""

    def while_(
        self, condition: Callable[..., Value], body: Body, initial: Sequence[Value]
    ) -> tuple[Value, ...]:
        """`body` of the carried values while `condition` of them, a bool scalar, holds."""
        types = [self.type_of(value) for value in initial]
        regions = [self.region(types, condition), self.region(types, body)]
        return self.emit_all("while", initial, regions=regions)

    def case(
        self, index: Value, branches: Sequence[Callable[[], Value | Sequence[Value]]]
    ) -> tuple[Value, ...]:
        """The branch of that number (int32 scalar), the last one for numbers out of range."""
        return self.emit_all("case", [index], regions=[self.region([], b) for b in branches])

    def fusion(self, operands: Sequence[Value], body: Computation, kind: str) -> tuple[Value, ...]:
        """A computation that becomes one kernel; it may not capture."""
        return self.emit_all("fusion", operands, {"kind": kind}, [body])
