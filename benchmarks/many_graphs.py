"""Compile many distinct graphs in one process, and show that memory does not grow with them.

    python -m benchmarks.many_graphs [--count 20000] [--every 1000]

Each graph has constants and sizes of its own and a session that is closed, or forgotten, after one
run. A line tells the process's resident memory and how many memory maps it has; Linux allows
65,530 maps, and code takes two or three for each of its parts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import flowc as tf


def run_graph(number: int) -> None:
    """Compile and run the graph of a number: a chain, a product, a loop or a training step."""
    rows = 2 + number % 7
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, rows])
        match number % 4:
            case 0:
                result = tf.tanh(x * float(number)) + float(number + 1)
            case 1:
                result = tf.nn.softmax(tf.matmul(x, tf.ones([rows, 3]) * float(number)))
            case 2:
                result = tf.while_loop(
                    lambda i, y: i < number, lambda i, y: (i + number, y * 0.5), [0, x]
                )[1]
            case _:
                w = tf.get_variable("w", initializer=np.full((rows, 2), number, np.float32))
                loss = tf.reduce_sum((tf.matmul(x, w) - float(number)) ** 2)
                result = tf.train.GradientDescentOptimizer(1e-9).minimize(loss)
        session = tf.Session()
        session.run(tf.global_variables_initializer())
        session.run(result, {x: np.ones((3, rows), np.float32)})
        if number % 2:
            session.close()


def usage() -> tuple[int, int]:
    """Resident mebibytes of this process, and its memory maps."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 >> 20, len(Path("/proc/self/maps").read_text().splitlines())


def report(count: int, every: int) -> Iterator[str]:
    """Run all graphs; a line after each `every` of them."""
    start = time.perf_counter()
    for number in range(1, count + 1):
        run_graph(number)
        if number % every == 0:
            memory, maps = usage()
            seconds = time.perf_counter() - start
            yield f"{number:6} graphs {memory:6} MiB {maps:6} maps {seconds:7.0f} s"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--every", type=int, default=1000)
    options = parser.parse_args()
    for line in report(options.count, options.every):
        print(line, flush=True)


if __name__ == "__main__":
    main()
