"""Whether two ways to run a program agree.

Values, shapes and dtypes of every fetch, and the classes of errors. Floats agree where they are
within a few last bits of each other for the size of the array; a difference beyond that is held
against the interpreter with random last bits (`noise.py`), several times over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ml_dtypes
import numpy as np

from tests.fuzz.arrays import Array
from tests.fuzz.sessions import Failure, Outcome

SAMPLES = 12
_EXPANSION = 3.0  # of the samples' range, to both sides
_LAST_BITS = 16.0  # by which results may differ without a question


@dataclass(frozen=True)
class Difference:
    """Where two ways differ: `kind` is stable while a program is shrunk, `text` is for a reader."""

    ways: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.ways}: {self.text}"


Samples = Callable[[], Sequence[Sequence[Outcome]]]


def difference(
    ways: str, actual: Sequence[Outcome], expected: Sequence[Outcome], samples: Samples
) -> Difference | None:
    """The first difference between the outcomes of a program's runs."""
    suspects = _suspects(ways, actual, expected, exact=False)
    if not suspects or suspects[0].kind != "value":
        return suspects[0] if suspects else None
    drawn = [*samples(), expected]
    for number, (left, right) in enumerate(zip(actual, expected, strict=False)):
        others = [sample[number] for sample in drawn if number < len(sample)]
        if isinstance(left, Failure) or isinstance(right, Failure):
            continue
        if any(isinstance(o, Failure) or len(o) != len(right) for o in others):
            return None  # so ill-conditioned that errors come and go
        for place, (a, b) in enumerate(zip(left, right, strict=True)):
            spread = [o[place] for o in others if not isinstance(o, Failure)]
            text = _outside(a, b, spread)
            if text is not None:
                return Difference(ways, "value", f"run {number}, fetch {place}: {text}")
    return None


def same_bits(
    ways: str, actual: Sequence[Outcome], expected: Sequence[Outcome]
) -> Difference | None:
    """The first difference in any bit (but those of NaN)."""
    found = _suspects(ways, actual, expected, exact=True)
    return found[0] if found else None


def _suspects(
    ways: str, actual: Sequence[Outcome], expected: Sequence[Outcome], exact: bool
) -> list[Difference]:
    """Differences in values, which may be ill conditioned; one of another kind comes first."""
    found: list[Difference] = []
    if len(actual) != len(expected):
        texts = [str(o) for o in (actual[-1], expected[-1])]
        return [Difference(ways, "building", " but ".join(texts))]
    for number, (left, right) in enumerate(zip(actual, expected, strict=True)):
        if isinstance(left, Failure) or isinstance(right, Failure):
            if (text := _unlike(left, right)) is not None:
                found.insert(0, Difference(ways, text[0], f"run {number}: {text[1]}"))
        elif len(left) != len(right):
            text = ("length", f"{len(left)} results, not {len(right)}")
            found.insert(0, Difference(ways, text[0], f"run {number}: {text[1]}"))
        else:
            for place, (a, b) in enumerate(zip(left, right, strict=True)):
                where = f"run {number}, fetch {place}"
                if (a.dtype, a.shape) != (b.dtype, b.shape):
                    text = f"{where}: {a.dtype}{a.shape}, not {b.dtype}{b.shape}"
                    found.insert(0, Difference(ways, "type", text))
                elif not _agree(a, b, exact):
                    found.append(Difference(ways, "value", f"{where}: {_example(a, b)}"))
    return found


def _unlike(left: Outcome, right: Outcome) -> tuple[str, str] | None:
    kinds = [o.kind if isinstance(o, Failure) else "values" for o in (left, right)]
    if kinds[0] == kinds[1]:
        return None
    texts = [f"{o.kind} {o.text[:400]}" if isinstance(o, Failure) else "values"
             for o in (left, right)]  # fmt: skip
    return f"{kinds[0]}, not {kinds[1]}", f"{texts[0]}, not {texts[1]}"


def _is_float(array: Array) -> bool:
    return array.dtype.kind in "fc" or array.dtype == ml_dtypes.bfloat16


def _wide(array: Array) -> Array:
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _unit(array: Array) -> float:
    real = array.real.dtype if array.dtype.kind == "c" else array.dtype
    return float(ml_dtypes.finfo(real).eps)


def _agree(a: Array, b: Array, exact: bool) -> bool:
    if not _is_float(a):
        return bool(np.array_equal(a, b))
    x, y = _wide(a), _wide(b)
    if exact:
        return bool(np.array_equal(x, y, equal_nan=True))
    finite = np.abs(y[np.isfinite(y)])
    allowed = _LAST_BITS * _unit(a) * (float(finite.max()) if finite.size else 0.0)
    return bool(np.isclose(x, y, rtol=_LAST_BITS * _unit(a), atol=allowed, equal_nan=True).all())


def _outside(a: Array, b: Array, samples: Sequence[Array]) -> str | None:
    """Where `a` is outside of what the samples span, and far from `b`."""
    if any(s.shape != b.shape for s in samples) or _agree(a, b, exact=False):
        return None
    if a.dtype.kind == "O":
        return None if any(np.array_equal(a, s) for s in samples) else _example(a, b)
    parts = [(a, samples)]
    if a.dtype.kind == "c":
        parts = [(a.real, [s.real for s in samples]), (a.imag, [s.imag for s in samples])]
    for value, spread in parts:
        stack = np.stack([s.astype(np.float64) for s in spread])
        wide = value.astype(np.float64)
        with np.errstate(all="ignore"):
            low, high = stack.min(0), stack.max(0)
            room = _EXPANSION * (high - low)
            if _is_float(value):
                size = np.nanmax(np.abs(np.where(np.isfinite(stack), stack, 0)), initial=0.0)
                room = room + _LAST_BITS * _unit(value) * size
            inside = (wide >= low - room) & (wide <= high + room)
        seen = [(wide == s) | (np.isnan(wide) & np.isnan(s)) for s in stack]
        moved = ~np.isfinite(stack).all(0) & np.isfinite(stack).any(0)  # infinite in some
        if not (inside | np.logical_or.reduce(seen) | moved).all():
            return _example(a, b)
    return None


def _example(a: Array, b: Array) -> str:
    """The first elements that differ most."""
    if not a.size or a.shape != b.shape:
        return f"{a!r}, not {b!r}"
    if _is_float(a):
        with np.errstate(all="ignore"):
            x, y = _wide(a), _wide(b)
            distance = np.where(np.isfinite(x) & np.isfinite(y), np.abs(x - y), np.inf)
            distance = np.where((x == y) | (np.isnan(x) & np.isnan(y)), -1.0, distance)
        place = np.unravel_index(int(np.argmax(distance)), a.shape)
    else:
        place = tuple(int(i) for i in np.argwhere(np.asarray(a != b))[0]) if a.ndim else ()
    count = int(np.sum(np.asarray(~((a == b) | ((a != a) & (b != b))))))
    at = ", ".join(str(int(i)) for i in place)
    return f"{count} of {a.size} {a.dtype}, at [{at}] {a[place]!r}, not {b[place]!r}"
