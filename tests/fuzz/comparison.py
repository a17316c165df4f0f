"""Whether two ways to run a program agree.

Values, shapes and dtypes of every fetch, and the classes of errors. Floats agree where they are
within a few last bits of each other for the size of the array; a difference beyond that is held
against the interpreter with random last bits (`noise.py`), several times over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from tests.fuzz.arrays import Array, is_float, unit, widened
from tests.fuzz.sessions import Failure, Outcome

SAMPLES = 12
_EXPANSION = 3.0  # of the samples' range, to both sides
_LAST_BITS = 16.0  # by which results may differ without a question

Samples: TypeAlias = Sequence[Sequence[Outcome]]
Agreement: TypeAlias = Callable[[int, int, Array, Array], bool]  # run, fetch, and two values


@dataclass(frozen=True)
class Difference:
    """Where two ways differ: `kind` is stable while a program is shrunk, `text` is for a reader."""

    ways: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.ways}: {self.text}"


def difference(
    ways: str,
    actual: Sequence[Outcome],
    expected: Sequence[Outcome],
    samples: Callable[[], Samples],
) -> Difference | None:
    """The first difference between outcomes that the arithmetic does not explain."""
    with np.errstate(all="ignore"):
        found = _first(ways, actual, expected, lambda _, __, a, b: _is_close(a, b))
        if found is None or found.kind != "value":
            return found
        drawn = [*samples(), expected]

        def explained(run: int, place: int, a: Array, b: Array) -> bool:
            spread = [_fetched(sample, run, place) for sample in drawn]
            return _is_close(a, b) or any(s is None for s in spread) or _is_within(a, spread)

        return _first(ways, actual, expected, explained)


def same_bits(
    ways: str, actual: Sequence[Outcome], expected: Sequence[Outcome]
) -> Difference | None:
    """The first difference in any bit (but those of NaN)."""
    with np.errstate(all="ignore"):
        return _first(ways, actual, expected, lambda _, __, a, b: _is_same(a, b))


def _fetched(sample: Sequence[Outcome], run: int, place: int) -> Array | None:
    """One value of a sample; None where a run failed, as it may where bits decide an error."""
    outcome = sample[run] if run < len(sample) else Failure("missing")
    return None if isinstance(outcome, Failure) or place >= len(outcome) else outcome[place]


def _first(
    ways: str, actual: Sequence[Outcome], expected: Sequence[Outcome], agree: Agreement
) -> Difference | None:
    if len(actual) != len(expected):
        return Difference(ways, "building", f"{actual[-1]} but {expected[-1]}")
    for number, (left, right) in enumerate(zip(actual, expected, strict=True)):
        for kind, text in _differences(number, left, right, agree):
            return Difference(ways, kind, f"run {number}{text}")
    return None


def _differences(
    run: int, left: Outcome, right: Outcome, agree: Agreement
) -> Iterator[tuple[str, str]]:
    """Kind and text of each difference between two outcomes of one run."""
    if isinstance(left, Failure) or isinstance(right, Failure):
        kinds = [o.kind if isinstance(o, Failure) else "values" for o in (left, right)]
        if kinds[0] != kinds[1]:
            texts = [str(o) if isinstance(o, Failure) else "values" for o in (left, right)]
            yield f"{kinds[0]}, not {kinds[1]}", f": {texts[0]}, not {texts[1]}"
        return
    if len(left) != len(right):
        yield "length", f": {len(left)} results, not {len(right)}"
        return
    for place, (a, b) in enumerate(zip(left, right, strict=True)):
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            yield "type", f", fetch {place}: {a.dtype}{a.shape}, not {b.dtype}{b.shape}"
        elif not agree(run, place, a, b):
            yield "value", f", fetch {place}: {_example(a, b)}"


def _is_same(a: Array, b: Array) -> bool:
    return bool(np.array_equal(widened(a), widened(b), equal_nan=is_float(a)))


def _is_close(a: Array, b: Array) -> bool:
    if not is_float(a):
        return _is_same(a, b)
    x, y, relative = widened(a), widened(b), _LAST_BITS * unit(a.dtype)
    greatest = np.abs(np.where(np.isfinite(y), y, 0)).max(initial=0.0)
    return bool(np.isclose(x, y, rtol=relative, atol=relative * greatest, equal_nan=True).all())


def _is_within(a: Array, samples: Sequence[Array | None]) -> bool:
    """Whether every element is about in the range of the samples."""
    spread = [s for s in samples if s is not None]
    if any(s.shape != a.shape for s in spread):
        return True  # even its shape depends on last bits
    if a.dtype.kind == "O":
        return any(_is_same(a, s) for s in spread)
    if a.dtype.kind == "c":
        return _is_within(a.real, [s.real for s in spread]) and _is_within(
            a.imag, [s.imag for s in spread]
        )
    value, stack = widened(a), np.stack([widened(s) for s in spread])
    low, high, finite = stack.min(0), stack.max(0), np.isfinite(stack)
    room = _EXPANSION * (high - low)
    if is_float(a):
        greatest = np.abs(np.where(finite, stack, 0)).max(initial=0.0)
        room = room + _LAST_BITS * unit(a.dtype) * greatest
    inside = (value >= low - room) & (value <= high + room)
    seen = ((value == stack) | (np.isnan(value) & np.isnan(stack))).any(0)
    comes_and_goes = finite.any(0) & ~finite.all(0)
    return bool((inside | seen | comes_and_goes).all())


def _example(a: Array, b: Array) -> str:
    """How many elements differ, and the one that does most."""
    if not a.ndim or not a.size:
        return f"{a!r}, not {b!r}"
    unlike = a != b
    if is_float(a):
        x, y = widened(a), widened(b)
        unlike &= ~(np.isnan(x) & np.isnan(y))
        distance = np.where(np.isfinite(x) & np.isfinite(y), np.abs(x - y), np.inf)
        place = np.unravel_index(np.argmax(np.where(unlike, distance, -1)), a.shape)
    else:
        place = np.unravel_index(np.argmax(unlike), a.shape)
    at = [int(i) for i in place]
    return f"{unlike.sum()} of {a.size} {a.dtype}, at {at} {a[place]!r}, not {b[place]!r}"
