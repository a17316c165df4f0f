"""Branches and loops of MetaGraphs keep their contexts, so that they can be differentiated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf

X = np.array([0.3, -0.7])


def branch(x: Any) -> Any:
    return tf.cond(x[0] > 0.0, lambda: tf.sin(x) * x, lambda: tf.exp(x))


def loop(x: Any) -> Any:
    return tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, tf.sin(a) * x), [0, x])[1]


def both(x: Any) -> Any:
    def body(i: Any, a: Any) -> Any:
        return i + 1, tf.cond(tf.equal(i % 2, 0), lambda: loop(a), lambda: tf.exp(a) * x)

    return tf.while_loop(lambda i, a: i < 3, body, [0, x], maximum_iterations=5)[1]


@pytest.mark.parametrize("scope", [None, "again/and"])
@pytest.mark.parametrize("function", [branch, loop, both])
def test_gradients_of_what_was_imported(function: Callable[[Any], Any], scope: str | None) -> None:
    x = tf.placeholder(tf.float64, [None], "x")
    y = tf.identity(function(x), "y")
    slope = tf.gradients(y, x)[0]
    with tf.Session() as session:
        expected = session.run(slope, {x: X})
    contexts = [k for k in tf.get_all_collection_keys() if k.endswith("_context")]
    assert contexts
    with tf.Graph().as_default():
        with tf.Graph().as_default():
            x = tf.placeholder(tf.float64, [None], "x")
            tf.identity(function(x), "y")
            meta_graph = tf.train.export_meta_graph()
        tf.train.import_meta_graph(meta_graph, import_scope=scope)
        prefix = f"{scope}/" if scope else ""
        graph = tf.get_default_graph()
        x, y = (graph.get_tensor_by_name(f"{prefix}{name}:0") for name in "xy")
        with tf.Session() as session:
            found = session.run(tf.gradients(y, x)[0], {x: X})
        exported = tf.train.export_meta_graph()
        for key in contexts:
            assert len(exported.collection_def[key].bytes_list.value) == len(
                meta_graph.collection_def[key].bytes_list.value
            )
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_a_loop_without_its_context_cannot_be_differentiated() -> None:
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float64, [None], "x")
        tf.identity(loop(x), "y")
    found = tf.import_graph_def(graph.as_graph_def(), return_elements=["x:0", "y:0"])
    assert found is not None
    x, y = found
    with pytest.raises(ValueError, match="imported without its context"):
        tf.gradients(y, x)
