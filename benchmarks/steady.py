"""Train for thousands of steps, and show that the last ones take no longer than the first.

    python -m benchmarks.steady [--steps 5000]

An MLP with Adam at 1e-2 on noise: most of its units die, and their moments decay to values too
small to be normal, on which a processor that computes on with them is many times slower.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

import flowc as tf

WINDOW = 100  # steps of which the median is told
BATCH = 128


def step_times(steps: int) -> list[float]:
    """Seconds of each training step."""
    generator = np.random.default_rng(0)
    images = generator.random((BATCH, 784), np.float32)
    labels = generator.integers(0, 10, BATCH).astype(np.int32)
    with tf.Graph().as_default(), tf.Session() as session:
        x, y = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.int32, [None])
        hidden = tf.layers.dense(x, 512, activation=tf.nn.relu)
        hidden = tf.layers.dense(hidden, 512, activation=tf.nn.relu)
        loss = tf.losses.sparse_softmax_cross_entropy(y, tf.layers.dense(hidden, 10))
        train = tf.train.AdamOptimizer(1e-2).minimize(loss)
        session.run(tf.global_variables_initializer())
        session.run([train, loss], {x: images, y: labels})
        times = []
        for _ in range(steps):
            start = time.perf_counter()
            session.run([train, loss], {x: images, y: labels})
            times.append(time.perf_counter() - start)
    return times


def main() -> None:
    """Print the median of some windows, and the ratio of the last to the first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=5000)
    times = step_times(parser.parse_args().steps)
    starts = range(0, len(times) - WINDOW + 1, max(WINDOW, len(times) // 10))
    for start in [*starts, len(times) - WINDOW]:
        median = statistics.median(times[start : start + WINDOW])
        print(f"steps {start:5} to {start + WINDOW:5}: {1e3 * median:.3f} ms")
    first, last = (statistics.median(part) for part in (times[:WINDOW], times[-WINDOW:]))
    print(f"last {WINDOW} / first {WINDOW}: {last / first:.2f}")


if __name__ == "__main__":
    main()
