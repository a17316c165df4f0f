"""How well a program's answers are determined: the interpreter with random last bits.

Where every rounding goes astray by a last bit or two, as it may in any other order of operations,
answers move: cancellation makes much of it, a comparison of nearly equal values flips. What lies
within the spread of such runs is no fault, what lies outside is one. That is Monte Carlo arithmetic
(D. S. Parker, 1997), and it makes thresholds that are tight where a program is well conditioned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from flowc.ir.tensor.primitive import PRIMITIVES, Attributes, Evaluate, Region
from tests.fuzz.arrays import Array, is_float, unit, widened

# Those that sum or iterate: their operands are disturbed too, since terms may cancel inside.
_ACCUMULATING = frozenset(
    (
        "reduce",
        "reduce_window",
        "dot_general",
        "convolution",
        "scatter",
        "select_and_scatter",
        "fft",
        "cholesky",
        "triangular_solve",
    )
)
_ROUNDED = _ACCUMULATING | frozenset(
    (
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "asinh",
        "acosh",
        "atanh",
        "erf",
        "erfc",
        "erf_inv",
        "lgamma",
        "digamma",
        "exponential",
        "exponential_minus_one",
        "log",
        "log_plus_one",
        "logistic",
        "sine",
        "cosine",
        "tan",
        "tanh",
        "rsqrt",
        "sqrt",
        "cbrt",
        "add",
        "subtract",
        "multiply",
        "divide",
        "power",
        "remainder",
        "atan2",
        "convert",
    )
)
_LAST_BITS = 2.0  # greatest disturbance, in units of the last place


@contextmanager
def noisy(seed: int) -> Iterator[None]:
    """While it lasts, primitives that round are wrong in their last bits."""
    random = np.random.RandomState(seed)
    kept = dict(PRIMITIVES)
    for name in _ROUNDED:
        evaluate = _disturbed(kept[name].evaluate, name in _ACCUMULATING, random)
        PRIMITIVES[name] = replace(kept[name], evaluate=evaluate)
    try:
        yield
    finally:
        PRIMITIVES.update(kept)


def _disturbed(evaluate: Evaluate, inside: bool, random: np.random.RandomState) -> Evaluate:
    def wrapped(
        arrays: Sequence[Array], attributes: Attributes, regions: Sequence[Region]
    ) -> tuple[Array, ...]:
        operands = [_astray(a, random) for a in arrays] if inside else arrays
        return tuple(_astray(a, random) for a in evaluate(operands, attributes, regions))

    return wrapped


def _astray(array: Array, random: np.random.RandomState) -> Array:
    if not is_float(array):
        return array
    if array.dtype.kind == "c":
        real, imaginary = (_astray(part, random) for part in (array.real, array.imag))
        return np.asarray(real + 1j * imaginary).astype(array.dtype)
    factor = 1 + unit(array.dtype) * random.uniform(-_LAST_BITS, _LAST_BITS, size=array.shape)
    return np.asarray(widened(array) * factor).astype(array.dtype)
