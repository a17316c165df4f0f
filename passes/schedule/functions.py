"""The last part of a schedule: transcendental functions become arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from flowc.ir.loops.kernel import Kernel
from flowc.passes.math import expand
from flowc.passes.schedule.steps import Steps


@dataclass(frozen=True)
class Expand:
    """Transcendental functions in arithmetic that is as exact (`passes/math`).

    store y[i] = exponential(load x[i])  ->  store y[i] = fma(...)
    """

    def __str__(self) -> str:
        return "expand transcendental functions"

    def run(self, kernel: Kernel) -> Kernel:
        """The kernel after the step."""
        return expand(kernel)


@dataclass(frozen=True)
class ExpandFunctions:
    """No transcendental function is left: the emitter knows none."""

    name: str = "expand_functions"

    def steps(self, kernel: Kernel) -> Steps:
        """The steps that a kernel wants."""
        kernel = yield Expand()
        return kernel
