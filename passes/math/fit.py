"""Makes `coefficients.py`: run `python -m flowc.passes.math.fit > passes/math/coefficients.py`.

Remez's exchange algorithm on a fixed fine grid (E. Remez 1934; J.-M. Muller, "Elementary
Functions", 3rd ed., ch. 3), in 60-digit arithmetic. Leading coefficients are rounded to the format
one at a time, and the rest is fitted again to what the rounding left over. Needs mpmath, which
flowc itself does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath as mp
import numpy as np

Number = Any  # mpmath.mpf
Function = Callable[[Number], Number]

mp.mp.dps = 60
# Leading coefficients rounded before the rest is fitted; rounding the later ones costs nothing.
FORMATS: tuple[type[np.floating[Any]], ...] = (np.float32, np.float64)
REFITTED: dict[type[np.floating[Any]], int] = {np.float32: 3, np.float64: 1}


@dataclass(frozen=True)
class Problem:
    """Approximate `function` on [low, high] by a polynomial, errors counted times `weight`."""

    name: str
    formula: str
    function: Function
    low: Number
    high: Number
    weight: Function
    degrees: tuple[int, int]  # in float32, float64; negative: no table


def minimax(p: Problem, degree: int, dtype: type[np.floating[Any]]) -> tuple[list[float], float]:
    """Coefficients in `dtype`, lowest first, and the greatest weighted error with them."""
    points = (p.low + (p.high - p.low) * (1 - mp.cos(mp.pi * i / 600)) / 2 for i in range(601))
    grid = [x for x in points if p.weight(x) > 1e-9]
    target = [p.function(x) for x in grid]
    weights = [p.weight(x) for x in grid]
    fixed: list[float] = []
    rest = target
    for power in range(REFITTED[dtype]):
        coefficients = _remez(grid, rest, weights, range(power, degree + 1))
        fixed.append(_rounded(coefficients[0], dtype))
        rest = [y - mp.mpf(fixed[-1]) * x**power for x, y in zip(grid, rest, strict=True)]
    fixed += [_rounded(c, dtype) for c in coefficients[1:]]
    errors = (
        w * (sum(mp.mpf(c) * x**n for n, c in enumerate(fixed)) - y)
        for x, y, w in zip(grid, target, weights, strict=True)
    )
    return fixed, float(max(abs(e) for e in errors))


def _rounded(coefficient: Number, dtype: type[np.floating[Any]]) -> float:
    return float(dtype(mp.nstr(coefficient, 30)))


def _remez(
    grid: list[Number], target: list[Number], weights: list[Number], powers: range
) -> list[Number]:
    count = len(powers) + 1
    reference = [(len(grid) - 1) * k // (count - 1) for k in range(count)]
    for _ in range(30):
        rows = [
            [grid[i] ** n for n in powers] + [(-1) ** k / weights[i]]
            for k, i in enumerate(reference)
        ]
        solution = mp.lu_solve(mp.matrix(rows), mp.matrix([target[i] for i in reference]))
        coefficients, level = list(solution[:-1]), abs(solution[count - 1])
        errors = [
            w * (sum(c * x**n for c, n in zip(coefficients, powers, strict=True)) - y)
            for x, y, w in zip(grid, target, weights, strict=True)
        ]
        worst = max(abs(e) for e in errors)
        if worst <= level * mp.mpf("1.0001"):
            break
        extrema = _exchange(errors, count)
        if len(extrema) < count:  # only rounding noise is left
            break
        reference = extrema
    return coefficients


def _exchange(errors: list[Number], count: int) -> list[int]:
    """The extrema of an alternating error curve, reduced to `count` by dropping small ends."""
    extrema: list[int] = []
    for i, error in enumerate(errors):
        if extrema and (errors[extrema[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[extrema[-1]]):
                extrema[-1] = i
        else:
            extrema.append(i)
    while len(extrema) > count:
        extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
    return extrema


def _quotient(exact: Function, limit: Number) -> Function:
    """`exact` evaluated with digits to spare, and its limit at zero."""

    def function(x: Number) -> Number:
        if x == 0:
            return mp.mpf(limit)
        with mp.workdps(150):
            return +exact(x)

    return function


def _one(_: Number) -> Number:
    return mp.mpf(1)


HALF_LN2 = mp.log(2) / 2 * mp.mpf("1.0005")
ROOT_HALF, ROOT_TWO = mp.sqrt(0.5), mp.sqrt(2)
SCALED_ERFC_CENTRE = 4

PROBLEMS = (
    Problem(
        "EXPONENTIAL",
        "(e**r - 1 - r) / r**2",
        _quotient(lambda r: (mp.exp(r) - 1 - r) / r**2, 0.5),
        -HALF_LN2,
        HALF_LN2 * mp.mpf("1.001"),
        abs,
        (4, 9),
    ),
    Problem(
        "LOGARITHM",
        "(log(1 + f) - f + f**2/2) / f**3",
        _quotient(lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3, mp.mpf(1) / 3),
        ROOT_HALF - 1,
        ROOT_TWO - 1,
        lambda f: f**2,
        (7, -1),
    ),
    Problem(
        "LOGARITHM_OF_QUOTIENT",
        "(2*atanh(s) - 2*s) / s**3 of s**2",
        _quotient(lambda z: (mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 1) * 2 / z, mp.mpf(2) / 3),
        mp.mpf(0),
        ((ROOT_TWO - 1) / (ROOT_TWO + 1)) ** 2,
        lambda z: z,
        (-1, 6),
    ),
    Problem(
        "LOGARITHM_OF_QUOTIENT_TAIL",
        "(2*atanh(s) - 2*s - 2*s**3/3) / s**5 of s**2",
        _quotient(
            lambda z: (mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 1 - z / 3) * 2 / z**2, mp.mpf(2) / 5
        ),
        mp.mpf(0),
        ((ROOT_TWO - 1) / (ROOT_TWO + 1)) ** 2,
        lambda z: z**2,
        (-1, 8),
    ),
    Problem(
        "SINE",
        "(sin(r) - r) / r**3 of r**2",
        _quotient(lambda z: (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, mp.mpf(-1) / 6),
        mp.mpf(0),
        (mp.pi / 4) ** 2 * mp.mpf("1.001"),
        lambda z: z,
        (2, 5),
    ),
    Problem(
        "COSINE",
        "(cos(r) - 1 + r**2/2) / r**4 of r**2",
        _quotient(lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2, mp.mpf(1) / 24),
        mp.mpf(0),
        (mp.pi / 4) ** 2 * mp.mpf("1.001"),
        lambda z: z**2,
        (2, 5),
    ),
    Problem(
        "ARCTANGENT",
        "(atan(q) - q) / q**3 of q**2",
        _quotient(lambda z: (mp.atan(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, mp.mpf(-1) / 3),
        mp.mpf(0),
        mp.mpf(1),
        lambda z: z,
        (7, -1),
    ),
    Problem(
        "ARCTANGENT",
        "(atan(q) - q) / q**3 of q**2",
        _quotient(lambda z: (mp.atan(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, mp.mpf(-1) / 3),
        mp.mpf(0),
        (ROOT_TWO - 1) ** 2 * mp.mpf("1.001"),
        lambda z: z,
        (-1, 11),
    ),
    Problem(
        "ARCSINE",
        "(asin(q) - q) / q**3 of q**2",
        _quotient(lambda z: (mp.asin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, mp.mpf(1) / 6),
        mp.mpf(0),
        mp.mpf("0.3026"),
        lambda z: z,
        (5, 13),
    ),
    Problem(
        "HYPERBOLIC_SINE",
        "(sinh(x) - x) / x**3 of x**2",
        _quotient(lambda z: (mp.sinh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, mp.mpf(1) / 6),
        mp.mpf(0),
        mp.mpf(1),
        lambda z: z,
        (3, 7),
    ),
    Problem(
        "ERROR_FUNCTION",
        "erf(x) / x - 1 of x**2",
        _quotient(lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1, 2 / mp.sqrt(mp.pi) - 1),
        mp.mpf(0),
        mp.mpf(1),
        _one,
        (6, 12),
    ),
    Problem(
        "ERROR_FUNCTION_TAIL",
        "-log(erfc(x))",
        lambda x: -mp.log(mp.erfc(x)),
        mp.mpf("0.99"),
        mp.mpf("3.95"),
        mp.erfc,
        (7, -1),
    ),
    Problem(
        "SCALED_COMPLEMENT",
        "(1 + 2*x) * exp(x**2) * erfc(x) of t = (x - 4) / (x + 4)",
        lambda t: _scaled_erfc(t),
        mp.mpf(-1),
        mp.mpf(1),
        _one,
        (-1, 24),
    ),
)


def _scaled_erfc(t: Number) -> Number:
    if t == 1:
        return 2 / mp.sqrt(mp.pi)
    x = SCALED_ERFC_CENTRE * (1 + t) / (1 - t)
    if x > 100:  # asymptotic series, DLMF 7.12.1
        terms = [(-1) ** m * mp.fac2(2 * m - 1) / (2 * x * x) ** m for m in range(1, 12)]
        return (1 + 2 * x) / (x * mp.sqrt(mp.pi)) * (1 + sum(terms))
    with mp.workdps(80):
        return +((1 + 2 * x) * mp.exp(x * x) * mp.erfc(x))


HEADER = '''"""Minimax coefficients, lowest power first, made by `fit.py`; not to be edited by hand.

Above each table stand the function that it approximates and the greatest weighted error.
"""

# fmt: off'''


def main() -> None:
    """Print the module of all tables."""
    print(HEADER)
    for problem in PROBLEMS:
        for degree, dtype in zip(problem.degrees, FORMATS, strict=True):
            if degree >= 0:
                coefficients, error = minimax(problem, degree, dtype)
                print(f"\n# {problem.formula}: {error:.1e}")
                print(f"{problem.name}_{np.finfo(dtype).bits} = (")
                print("".join(f"    {c!r},\n" for c in coefficients) + ")")


if __name__ == "__main__":
    main()
