"""A server that compiles when it starts, so that its first request is as fast as any other.

python examples/warm_up.py
"""

from __future__ import annotations

import time

import numpy as np

import flowc as tf

COLUMNS, CLASSES = 784, 10


def main() -> None:
    """Compile, give the weights values, and serve requests of several sizes."""
    images = tf.placeholder(tf.float32, [None, COLUMNS], name="images")
    hidden = tf.layers.dense(images, 512, activation=tf.nn.relu)
    predictions = tf.nn.softmax(tf.layers.dense(hidden, CLASSES))
    initialise = tf.global_variables_initializer()

    with tf.Session() as session:
        start = time.perf_counter()
        session.compile(predictions, {images: [None, COLUMNS]})  # for every number of images
        print(f"compiled in {1e3 * (time.perf_counter() - start):.0f} ms, before there are weights")
        session.run(initialise)  # or tf.train.Saver().restore(session, checkpoint)

        compiled = session.compile_count
        for count in (1, 32, 7):
            batch = np.random.default_rng(count).random((count, COLUMNS), np.float32)
            start = time.perf_counter()
            found = session.run(predictions, {images: batch})
            took = 1e6 * (time.perf_counter() - start)
            print(f"{count:3} images: {found.shape} in {took:.0f} us")
        print(f"compiled since: {session.compile_count - compiled}")


if __name__ == "__main__":
    main()
