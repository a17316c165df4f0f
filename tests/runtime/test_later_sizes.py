"""Code that was made for some sizes meets others that it must refuse, or treat otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build

OPS: dict[str, Callable[[Any], Any]] = {
    "MirrorPad": lambda x: build("MirrorPad", x, [[3, 3]], mode="REFLECT"),
    "Slice": lambda x: tf.slice(x, [2], [3]),
    "SplitV": lambda x: tf.split(x, [3, -1])[0],
    "TopKV2": lambda x: tf.nn.top_k(x, 3)[0],
}


@pytest.mark.parametrize("name", OPS)
def test_what_fits_at_first_may_not_fit_later(name: str) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None])
        y = OPS[name](x)
        first = session.run(y, {x: np.arange(6)})
        for size in (2, 1):
            with pytest.raises(tf.errors.InvalidArgumentError):
                session.run(y, {x: np.arange(size)})
        np.testing.assert_array_equal(session.run(y, {x: np.arange(6)}), first)
