"""Fourier transforms as contractions: a mixed-radix algorithm in tensor IR.

J. Cooley and J. Tukey, "An Algorithm for the Machine Calculation of Complex Fourier Series" (1965):
a transform of n = r*m points is m transforms of r points, twiddle factors, and r transforms of m
points. The small transforms are products with a constant matrix. Twiddle factors are computed in
double precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from flowc.ir.dtypes import DType
from flowc.ir.tensor.core import Instruction, Module, Value
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.primitives.contraction import DotDimensionNumbers
from flowc.ir.tensor.primitives.linear_algebra import COMPLEX
from flowc.ir.tensor.rewrite import all_instructions
from flowc.passes.simplify.engine import RuleBuilder, Simplifier

LARGEST_RADIX = 64  # a product with a matrix of this size is fast; more stages move more memory


@dataclass(frozen=True)
class ExpandFourier:
    """Replace `fft` by contractions and data movement.

    Requires: transformed sizes are numbers. Ensures: no `fft` of such sizes is left, in regions
    neither.
    """

    name: str = "expand_fourier"

    def run(self, module: Module) -> Module:
        """The module without `fft`."""
        if not any(i.primitive == "fft" for i in all_instructions(module.main)):
            return module
        main = Simplifier({"fft": (expand,)}, module).computation(module.main)
        return replace(module, main=main)


def expand(b: RuleBuilder, i: Instruction) -> Value | None:
    """`fft(x)  ->` one transform for each of the last axes; zeros for a length of 0."""
    (x,), kind = i.operands, i.attributes["fft_type"]
    lengths = i.attributes["fft_length"]
    if not all(isinstance(n, int) for n in lengths):
        return None
    if 0 in lengths:
        return b.full(0, i.types[0].shape, i.types[0].dtype)
    if kind == "IRFFT":
        return _to_real(b, x, lengths)
    inverse = kind == "IFFT"
    result = _along_axes(b, x, lengths, inverse)
    if kind == "RFFT":
        return b.slice_axis(result, result.type.rank - 1, 0, lengths[-1] // 2 + 1)
    return result


def _along_axes(b: RuleBuilder, x: Value, lengths: Sequence[int], inverse: bool) -> Value:
    rank = x.type.rank
    for axis in range(rank - len(lengths), rank):
        x = _along(b, x, axis, inverse)
    return x


def _along(b: RuleBuilder, x: Value, axis: int, inverse: bool) -> Value:
    """The transform along one axis."""
    rank = x.type.rank
    order = [*(a for a in range(rank) if a != axis), axis]
    back = [order.index(a) for a in range(rank)]
    moved = b.transpose(x, order) if axis != rank - 1 else x
    size = x.type.shape[axis]
    assert isinstance(size, int)
    result = _transform(b, moved, size, inverse)
    if inverse:
        scale = np.full((), 1 / size, x.type.dtype.numpy)
        result = b.multiply(result, b.broadcast_to(b.constant(scale), result.type.shape))
    return b.transpose(result, back) if axis != rank - 1 else result


def _transform(b: RuleBuilder, x: Value, size: int, inverse: bool) -> Value:
    """The unscaled transform of the last axis.

    With j = j1*m + j2 and k = k1 + r*k2:
    X[k] = sum over j2 of w_m^(j2 k2) w_n^(j2 k1) sum over j1 of x[j] w_r^(j1 k1).
    """
    radix = _radix(size)
    outer = x.type.shape[:-1]
    dtype = COMPLEX.get(x.type.dtype, x.type.dtype)
    if radix == size:
        return _multiply(b, x, _roots(size, size, size, inverse, dtype), len(outer))
    rest = size // radix
    split = b.reshape(x, (*outer, radix, rest))
    small = _multiply(b, split, _roots(radix, radix, radix, inverse, dtype), len(outer))
    twiddles = b.constant(_roots(rest, radix, size, inverse, dtype))  # [j2, k1], as `small` ends
    small = b.multiply(small, b.broadcast_to(twiddles, small.type.shape))
    rank = len(outer)
    swapped = b.transpose(small, [*range(rank), rank + 1, rank])  # [k1, j2]
    large = _transform(b, swapped, rest, inverse)  # [k1, k2]
    ordered = b.transpose(large, [*range(rank), rank + 1, rank])  # [k2, k1]
    return b.reshape(ordered, (*outer, size))


def _multiply(b: RuleBuilder, x: Value, matrix: Array, axis: int) -> Value:
    """The sum over `axis` of x times the matrix's rows; the new axis comes last.

    A real x has two products, one with each part of the matrix.
    """
    if np.iscomplexobj(matrix) and not x.type.dtype.is_complex:
        real, imag = np.ascontiguousarray(matrix.real), np.ascontiguousarray(matrix.imag)
        return b.complex(_multiply(b, x, real, axis), _multiply(b, x, imag, axis))
    numbers = DotDimensionNumbers(
        lhs_contracting_dimensions=(axis,), rhs_contracting_dimensions=(0,)
    )
    return b.emit("dot_general", x, b.constant(matrix), dot_dimension_numbers=numbers)


def _roots(rows: int, columns: int, size: int, inverse: bool, dtype: DType) -> Array:
    """e^(-2 pi i j k / size); the conjugate for an inverse transform."""
    products = np.outer(np.arange(rows), np.arange(columns)) % size
    angle = (2j if inverse else -2j) * np.pi * products / size
    roots: Array = np.exp(angle).astype(dtype.numpy)
    return roots


def _radix(size: int) -> int:
    """The largest divisor up to the limit; the size itself where it has none."""
    return next((r for r in range(min(LARGEST_RADIX, size), 1, -1) if size % r == 0), size)


def _to_real(b: RuleBuilder, x: Value, lengths: Sequence[int]) -> Value:
    """The real signal of half a spectrum: the other half is its mirrored conjugate."""
    size, last = lengths[-1], x.type.rank - 1
    for axis in range(x.type.rank - len(lengths), last):
        x = _along(b, x, axis, inverse=True)
    whole = x
    if size > 2:
        middle = b.slice_axis(x, last, 1, (size + 1) // 2)
        mirrored = b.reverse(middle, (last,))
        conjugate = b.complex(b.real(mirrored), b.negate(b.imag(mirrored)))
        whole = b.concatenate([x, conjugate], last)
    return b.real(_along(b, whole, last, inverse=True))
