"""Code that is made for the very values of a feed, whose number of results follows from them."""

from __future__ import annotations

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build


def test_values_that_differ_from_themselves() -> None:
    x, y = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None])
    out = build("ListDiff", x, y)[0] * 2.0
    with tf.Session() as session:
        for _ in range(2):
            found = session.run(out, {x: [1.0, 2.0], y: [np.nan, 2.0]})
            assert found.tolist() == [2.0]
        assert session.compile_count == 1


def test_a_tensor_of_texts_that_is_too_large() -> None:
    text = tf.placeholder(tf.string, [])
    stitched = build("DynamicStitch", [tf.placeholder_with_default(2**31 - 1, None)], [text])
    with (
        tf.Session() as session,
        pytest.MonkeyPatch.context() as patch,
        pytest.raises(tf.errors.ResourceExhaustedError),
    ):
        patch.setattr("flowc.ir.tensor.interpreter.run", _out_of_memory)
        session.run(stitched, {text: "a"})


def _out_of_memory(*unused: object) -> None:
    raise MemoryError("nothing left")
