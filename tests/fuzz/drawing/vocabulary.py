"""The families of phrases, and how often each is drawn from."""

from __future__ import annotations

from tests.fuzz.drawing import raw
from tests.fuzz.drawing.drawing import Drawing, Unfit, Value
from tests.fuzz.drawing.holes import Holes, Phrase
from tests.fuzz.drawing.phrases import contractions, elementwise, movement, other, reductions

FAMILIES: tuple[tuple[int, tuple[Phrase, ...]], ...] = (
    (12, elementwise.UNARY),
    (12, elementwise.BINARY),
    (2, elementwise.SPECIAL),
    (5, elementwise.INTEGER),
    (5, elementwise.LOGIC),
    (5, elementwise.CONVERSIONS),
    (2, elementwise.COMPLEX),
    (5, elementwise.SELECTIONS),
    (10, reductions.REDUCTIONS),
    (3, reductions.SCANS),
    (6, reductions.NORMALISED),
    (4, reductions.SORTING),
    (10, movement.RESHAPES),
    (8, movement.SLICES),
    (7, movement.JOINS),
    (6, movement.GATHERS),
    (4, movement.SHAPES),
    (8, contractions.PRODUCTS),
    (8, contractions.IMAGES),
    (2, contractions.MATRICES),
    (1, other.RANDOM),
    (1, other.STATEFUL),
    (2, other.HOST),
    (20, raw.OPERATIONS),
)
_TRIES = 12
# Where a NaN or infinity gets to is a matter of the algorithm: Fourier transforms, factorizations,
# special functions; TensorFlow's pooling takes the lowest finite number for -inf.
_TAME = (
    contractions.MATRICES,
    contractions.IMAGES,
    elementwise.COMPLEX,
    elementwise.SPECIAL,
    raw.OPERATIONS,
)
# TensorFlow runs the iterations of a loop in any order, so streams of numbers meet them in any.
_ORDERED = (other.STATEFUL,)


def step(drawing: Drawing) -> Value | None:
    """One more statement; None where every phrase that was tried found nothing that fits."""
    for _ in range(_TRIES):
        phrases = drawing.random.choices([f for _, f in FAMILIES], [w for w, _ in FAMILIES])[0]
        if (drawing.wild and phrases in _TAME) or (drawing.depth and phrases in _ORDERED):
            continue
        try:
            return drawing.add(Holes(drawing).fill(drawing.choose(*phrases)))
        except Unfit:
            continue
    return None
