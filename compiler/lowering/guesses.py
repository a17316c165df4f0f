"""Guessed sizes: what stands for unknown ones where code is made before there is a run.

All unknown sizes are guessed alike, since those that meet are most often equal: the batch of the
images and that of the labels. Where an op refuses the guess, as `x[:, 3:] + y` does, the relation
that did not hold tells another: a number for which it does.
"""

from __future__ import annotations

from flowc.compiler.request import GUESS
from flowc.ir import dims
from flowc.ir.tensor.assumptions import Specialising

_MOST = 16  # guesses that are given up before the error is taken for the program's


class Guesses:
    """The numbers by symbol, as far as they have been found."""

    def __init__(self) -> None:
        self._found: dict[str, int] = {}
        self._asked: set[str] = set()
        self._count = 0

    def of(self, symbol: str, first: int) -> int:
        """The guess for a symbol of which nothing is known, `first` until that is refused."""
        self._asked.add(symbol)
        return self._found.get(symbol, first)

    def improve(self, assumptions: Specialising) -> bool:
        """Find numbers that keep the relation that was refused last; False if there are none."""
        self._count += 1
        if not self._asked or self._count > _MOST:
            return False
        for guard in reversed(assumptions.guards):
            if guard.equal:
                continue
            difference = dims.expand(guard.left - guard.right)
            for symbol in sorted(s.name for s in dims.symbols(difference) if s.name in self._asked):
                number = _root(difference, symbol, assumptions.hints)
                if number is not None:
                    self._found[symbol] = number
                    return True
        return False


def _root(difference: dims.Dim, symbol: str, hints: dict[str, int]) -> int | None:
    """The number nearest to the guess for which the difference is 0."""
    for number in sorted(range(1, 2 * GUESS), key=lambda number: abs(number - GUESS)):
        try:
            if dims.evaluate(difference, {**hints, symbol: number}) == 0:
                return number
        except ZeroDivisionError:
            continue
    return None
