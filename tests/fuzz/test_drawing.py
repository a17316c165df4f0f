"""What is drawn: the same by the same seed, and of every phrase."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import numpy as np
import pytest

import flowc as tf
from tests.fuzz.drawing import blocks, raw, state
from tests.fuzz.drawing.drawing import Drawing, Unfit, Value
from tests.fuzz.drawing.holes import Holes, Phrase
from tests.fuzz.drawing.programs import draw
from tests.fuzz.drawing.vocabulary import FAMILIES

_SHAPES = {"float32": ((), (6,), (4, 6), (2, 3, 3), (2, 4, 6, 4), (1, 2, 3, 4, 2))}
_DTYPES = ("float64", "float16", "bfloat16", "int32", "int64", "uint8", "int8", "bool", "complex64")


@pytest.fixture(scope="module", autouse=True)
def interpret() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        patch.setenv("FLOWC_FLAGS", "--interpret")
        yield


@pytest.fixture(scope="module")
def inputs(interpret: None) -> Iterator[Drawing]:
    """A drawing that has something of every kind."""
    d = Drawing(1, tf)
    for dtype in ("float32", *_DTYPES):
        for shape in _SHAPES.get(dtype, ((), (6,), (4, 6), (2, 4, 6, 4))):
            for _ in range(2):
                name = d.fresh("x")
                d.inputs[name] = (f"data({shape}, {dtype!r}, {d.number()})",)
                d.execute(f"{name} = tf.placeholder(tf.{dtype}, {list(shape)})")
                d.values.append(Value(name, (d.feeds(0)[name],), frozenset([name])))
    yield d
    d.session.close()


def test_a_seed_has_one_program() -> None:
    assert [draw(seed, tf) for seed in range(3)] == [draw(seed, tf) for seed in range(3)]


def test_every_phrase_is_drawn(inputs: Drawing) -> None:
    for text in ("tf.as_string(x1)", "tf.as_string(x2)"):
        inputs.add(text)
    families = [family for _, family in FAMILIES if family is not raw.OPERATIONS]
    missing = [p for family in families for p in family if not _fits(inputs, p)]
    assert not missing


def test_every_block_is_drawn(inputs: Drawing) -> None:
    state.variable(inputs)
    for block in (*blocks.BLOCKS, state.gradients, state.training, state.updates):
        assert _succeeds(partial(block, inputs)), block


def _fits(d: Drawing, phrase: Phrase) -> bool:
    """Whether the phrase can be drawn; what it gave is forgotten."""
    count = len(d.values)
    try:
        return _succeeds(lambda: d.add(Holes(d).fill(phrase)))
    finally:
        del d.values[count:]


def _succeeds(attempt: Callable[[], object]) -> bool:
    for _ in range(60):
        with suppress(Unfit):
            attempt()
            return True
    return False
