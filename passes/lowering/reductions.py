"""What row and column kernels share: the reductions of a fused computation and their levels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from flowc.ir.loops.expressions import Scalar, Variable
from flowc.ir.loops.kernel import Combiner
from flowc.ir.tensor.core import Instruction, Result, Value
from flowc.passes.index_maps import Indices
from flowc.passes.lowering.elements import Elements
from flowc.passes.lowering.fused import Fused
from flowc.passes.lowering.scalars import Complex, Element


@dataclass(frozen=True, eq=False)
class Reduction:
    """One `reduce` instruction as a loop carries it."""

    instruction: Instruction

    @property
    def operands(self) -> tuple[Value, ...]:
        """The reduced tensors."""
        return self.instruction.operands[: len(self.instruction.results)]

    @property
    def initial(self) -> tuple[Value, ...]:
        """The initial value of each reduced tensor, the identity of the reduction."""
        return self.instruction.operands[len(self.instruction.results) :]

    def combine(
        self, elements: Elements, left: Sequence[Element], right: Sequence[Element]
    ) -> list[Element]:
        """The reduction's body on two elements (tuples of elements)."""
        return elements.region(self.instruction.regions[0], [*left, *right])


@dataclass(frozen=True, eq=False)
class ReductionPlan:
    """The reductions of a fused computation, by level: a level depends only on lower ones."""

    fused: Fused

    @cached_property
    def levels(self) -> list[list[Reduction]]:
        """Reductions that one pass over the data can compute together, in order of passes."""
        found: list[list[Reduction]] = []
        for instruction in self.fused.computation.instructions:
            if instruction.primitive == "reduce":
                depth = max((self.level(o) for o in instruction.operands), default=0)
                while len(found) <= depth:
                    found.append([])
                found[depth].append(Reduction(instruction))
        return found

    @cached_property
    def _levels(self) -> dict[Instruction, int]:
        found: dict[Instruction, int] = {}
        for instruction in self.fused.computation.instructions:
            operands = (o for o in instruction.operands if isinstance(o, Result))
            level = max((found[o.instruction] for o in operands), default=0)
            found[instruction] = level + (instruction.primitive == "reduce")
        return found

    def level(self, value: Value) -> int:
        """How many passes must be over before the value can be computed."""
        return self._levels[value.instruction] if isinstance(value, Result) else 0


def variables(
    reductions: Iterable[Reduction], suffix: str
) -> list[list[Variable | tuple[Variable, Variable]]]:
    """A loop variable per reduced tensor; a pair of them for a complex one."""
    named: list[list[Variable | tuple[Variable, Variable]]] = []
    for number, reduction in enumerate(reductions):
        group: list[Variable | tuple[Variable, Variable]] = []
        for i, value in enumerate(reduction.operands):
            dtype, name = value.type.dtype, f"r{number}_{i}{suffix}"
            if dtype.is_complex:
                group.append((Variable(dtype.real, name), Variable(dtype.real, name + "i")))
            else:
                group.append(Variable(dtype, name))
        named.append(group)
    return named


def as_elements(group: Sequence[Variable | tuple[Variable, Variable]]) -> list[Element]:
    """Variables as elements."""
    return [Complex(*v) if isinstance(v, tuple) else v for v in group]


def flat_variables(
    groups: Iterable[Sequence[Variable | tuple[Variable, Variable]]],
) -> tuple[Variable, ...]:
    """All variables in order."""
    return tuple(
        v
        for group in groups
        for item in group
        for v in (item if isinstance(item, tuple) else (item,))
    )


def flat_elements(elements: Iterable[Element]) -> tuple[Scalar, ...]:
    """All real expressions in order."""
    return tuple(
        part for e in elements for part in ((e.real, e.imag) if isinstance(e, Complex) else (e,))
    )


def combiner(elements: Elements, reductions: Sequence[Reduction], suffix: str = "") -> Combiner:
    """How partial results of several reductions merge."""
    left = variables(reductions, f"_left{suffix}")
    right = variables(reductions, f"_right{suffix}")
    results: list[Element] = []
    for reduction, a, b in zip(reductions, left, right, strict=True):
        results += reduction.combine(elements, as_elements(a), as_elements(b))
    return Combiner(flat_variables(left), flat_variables(right), flat_elements(results))


def bind(
    elements: Elements,
    reductions: Sequence[Reduction],
    groups: Sequence[Sequence[Element]],
    index: Indices,
) -> None:
    """Make the reductions' results known to the element generator as scalars."""
    for reduction, group in zip(reductions, groups, strict=True):
        for result, element in zip(reduction.instruction.results, group, strict=True):
            elements.bound[result] = (index, element)
