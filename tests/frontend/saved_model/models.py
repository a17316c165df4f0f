"""Small SavedModels for the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import flowc as tf

KERNEL = np.array([[1.0, -2.0], [0.5, 3.0], [4.0, 0.25]], np.float32)


def linear(folder: Path, **options: Any) -> None:
    """`serving_default(x: float32[?,3]) -> (y: float32[?,2])`, which is `x @ KERNEL`."""
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        y = tf.matmul(x, tf.get_variable("kernel", initializer=KERNEL), name="y")
        session.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(session, str(folder), {"x": x}, {"y": y}, **options)


def vocabulary(folder: Path, text: Path) -> None:
    """`look(words: string[?]) -> (ids: int64[?])`: the numbers of the lines of a text."""
    with tf.Graph().as_default(), tf.Session() as session:
        words = tf.placeholder(tf.string, [None])
        lines = tf.lookup.TextFileInitializer(
            str(text),
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        ids = tf.lookup.StaticHashTable(lines, -1).lookup(words)
        init = tf.tables_initializer()
        session.run(init)
        builder = tf.saved_model.Builder(str(folder))
        signature = tf.saved_model.predict_signature_def({"words": words}, {"ids": ids})
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            {"look": signature},
            main_op=init,
            assets_collection=tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS),
        )
        builder.save()
