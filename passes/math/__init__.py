"""Transcendental functions as arithmetic: rewrites loop IR so that only plain operators are left.

*Requires* float32 or float64 operands (narrower floats are float32 inside expressions). *Ensures*
that no transcendental operator is left, that shared nodes stay shared, and that the new nodes
branch nowhere, so they run in vector lanes. Errors are at most 2 ulp in float32 and 4 ulp in
float64 (see `gamma.py` for what roots mean there); infinities, NaN, -0.0 and denormals come out
right.
"""

from __future__ import annotations

from collections.abc import Callable

from flowc.ir.loops.expressions import Binary, Scalar, Unary
from flowc.ir.loops.kernel import Kernel
from flowc.ir.loops.rewrite import Rewriter
from flowc.passes.math.error_function import erf, erf_inv, erfc
from flowc.passes.math.exponential import exponential, exponential_minus_one, logistic
from flowc.passes.math.gamma import digamma, lgamma
from flowc.passes.math.hyperbolic import acosh, asinh, atanh, cosh, sinh, tanh
from flowc.passes.math.logarithm import log, log_plus_one
from flowc.passes.math.power import cbrt, power
from flowc.passes.math.trigonometric import acos, asin, atan, atan2, cosine, sine, tan
from flowc.passes.math.values import Value

EXPANSIONS: dict[str, Callable[..., Value]] = {
    "exponential": exponential,
    "exponential_minus_one": exponential_minus_one,
    "log": log,
    "log_plus_one": log_plus_one,
    "logistic": logistic,
    "tanh": tanh,
    "sine": sine,
    "cosine": cosine,
    "tan": tan,
    "asin": asin,
    "acos": acos,
    "atan": atan,
    "sinh": sinh,
    "cosh": cosh,
    "asinh": asinh,
    "acosh": acosh,
    "atanh": atanh,
    "cbrt": cbrt,
    "erf": erf,
    "erfc": erfc,
    "erf_inv": erf_inv,
    "lgamma": lgamma,
    "digamma": digamma,
    "power": power,
    "atan2": atan2,
}


def expand(kernel: Kernel) -> Kernel:
    """`kernel` without transcendental operators; itself where it has none."""
    return Rewriter(_expand_node).kernel(kernel)


def expand_scalar(scalar: Scalar) -> Scalar:
    """One expression without transcendental operators; itself where it has none."""
    return Rewriter(_expand_node).scalar(scalar)


def _expand_node(node: Scalar, operands: list[Scalar]) -> Scalar | None:
    match node:
        case Unary(operator=name) | Binary(operator=name) if name in EXPANSIONS:
            return EXPANSIONS[name](*map(Value, operands)).node
    return None
