"""Scalar expressions of loop IR: what one iteration computes.

Expressions form a DAG of immutable nodes, shared by identity (`eq=False`). A node is computed at
its first use, and keeps that value to the end of the scope of that use: one iteration of the loop,
the body of the `If`, or the kernel. So a `Load` node that appears again after a store to its buffer
still means the old value; a new node reads again.

Index arithmetic is not here: positions in a buffer are `Dim` expressions over the loops' index
symbols (`flowc.ir.dims`), which the emitter can analyse for strides.

Types are real: complex tensors are buffers of twice as many reals. An operation on float16 or
bfloat16 computes in float32 and rounds its result; a chain that should round once converts to
float32 first and back at its end. bool is stored as one byte, 0 or 1; its `add` is `or`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType

if TYPE_CHECKING:
    from flowc.ir.loops.kernel import Buffer

UNARY = frozenset(
    {
        # arithmetic; `not` is bitwise, logical for bool
        "abs",
        "negate",
        "sign",
        "not",
        "popcnt",
        "count_leading_zeros",
        "sqrt",
        "rsqrt",
        "ceil",
        "floor",
        "round_nearest_even",
        "round_nearest_afz",
        "trunc",
        "is_finite",
        # transcendental, expanded into arithmetic before emission (`passes/math`)
        "exponential",
        "exponential_minus_one",
        "log",
        "log_plus_one",
        "logistic",
        "tanh",
        "sine",
        "cosine",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "asinh",
        "acosh",
        "atanh",
        "cbrt",
        "erf",
        "erfc",
        "erf_inv",
        "lgamma",
        "digamma",
    }
)
BINARY = frozenset(
    {
        "add",
        "subtract",
        "multiply",
        "divide",
        "remainder",
        "maximum",
        "minimum",
        "and",
        "or",
        "xor",
        "shift_left",
        "shift_right_arithmetic",
        "shift_right_logical",
        "multiply_high",  # upper half of the double-width product, unsigned (for Philox)
        "power",
        "atan2",  # transcendental
    }
)
DIRECTIONS = ("EQ", "NE", "LT", "LE", "GT", "GE")


@dataclass(frozen=True, eq=False, slots=True)
class Constant:
    """A literal. `value` is a Python bool, int or float (inf and nan allowed)."""

    dtype: DType
    value: bool | int | float


@dataclass(frozen=True, eq=False, slots=True)
class Index:
    """An index expression as a scalar value of integer type."""

    dtype: DType
    expression: Dim


@dataclass(frozen=True, eq=False, slots=True)
class Variable:
    """A name bound by a loop's carried list or by a `Let`."""

    dtype: DType
    name: str


@dataclass(frozen=True, eq=False, slots=True)
class Load:
    """`buffer[position]`, position in elements. Under a false `mask` (bool) the value is 0.

    `gather` adds a data-dependent part to the position: `buffer[position + gather]`.
    """

    buffer: Buffer
    position: Dim
    mask: Scalar | None = None
    gather: Scalar | None = None

    @property
    def dtype(self) -> DType:
        """The buffer's element type."""
        return self.buffer.dtype


@dataclass(frozen=True, eq=False, slots=True)
class Unary:
    """`operator(operand)`; the operator is one of `UNARY`. `is_finite` gives bool."""

    dtype: DType
    operator: str
    operand: Scalar


@dataclass(frozen=True, eq=False, slots=True)
class Binary:
    """`operator(left, right)` with both of the result's type; the operator is one of `BINARY`.

    maximum and minimum propagate NaN. Integer division truncates; by zero it gives -1 (as
    StableHLO), and the remainder by zero is the dividend. Shifts by the width or more give 0 (or
    the sign).
    """

    dtype: DType
    operator: str
    left: Scalar
    right: Scalar


@dataclass(frozen=True, eq=False, slots=True)
class Fma:
    """`a * b + c` rounded once."""

    dtype: DType
    a: Scalar
    b: Scalar
    c: Scalar


@dataclass(frozen=True, eq=False, slots=True)
class Compare:
    """`left direction right` as bool. Ordered, except NE, which is true for NaN."""

    dtype: DType  # bool
    direction: str
    left: Scalar
    right: Scalar


@dataclass(frozen=True, eq=False, slots=True)
class Select:
    """`on_true` where the bool `predicate` holds, else `on_false`; both sides are evaluated."""

    dtype: DType
    predicate: Scalar
    on_true: Scalar
    on_false: Scalar


@dataclass(frozen=True, eq=False, slots=True)
class Convert:
    """`operand` as another type: floats round to nearest even, floats to integers truncate.

    Out-of-range floats saturate, NaN becomes 0; to bool is `!= 0`.
    """

    dtype: DType
    operand: Scalar


@dataclass(frozen=True, eq=False, slots=True)
class Bitcast:
    """The operand's bits as another type of the same width."""

    dtype: DType
    operand: Scalar


Scalar: TypeAlias = (
    Constant | Index | Variable | Load | Unary | Binary | Fma | Compare | Select | Convert | Bitcast
)
