"""The builder of tensor IR: emission, questions on sizes, and a method for each primitive.

b = Builder(assumptions)
y = b.add(b.matmul(x, w), b.broadcast_to(bias, shape))
"""

from __future__ import annotations

from flowc.ir.tensor.builder_contraction import Contraction
from flowc.ir.tensor.builder_control import Control
from flowc.ir.tensor.builder_core import (
    SYMBOLIC_LIMIT,
    BuilderCore,
    Composite,
    DataDependent,
    Handle,
    Initial,
    LocalHandle,
    NotCompilable,
    State,
    UnknownShape,
    UnknownValue,
    parts_of,
    require,
    with_parts,
)
from flowc.ir.tensor.builder_counting import Counting
from flowc.ir.tensor.builder_elementwise import Elementwise
from flowc.ir.tensor.builder_movement import Movement
from flowc.ir.tensor.builder_reduction import Reduction, accumulator, greatest, least
from flowc.ir.tensor.builder_shapes import Number, Operand, Shapes

__all__ = [
    "SYMBOLIC_LIMIT",
    "Builder",
    "BuilderCore",
    "Composite",
    "DataDependent",
    "Handle",
    "Initial",
    "LocalHandle",
    "NotCompilable",
    "Number",
    "Operand",
    "State",
    "UnknownShape",
    "UnknownValue",
    "accumulator",
    "greatest",
    "least",
    "parts_of",
    "require",
    "with_parts",
]


class Builder(Reduction, Elementwise, Counting, Movement, Contraction, Control, Shapes):
    """All methods together."""
