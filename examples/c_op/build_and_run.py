"""Compile an op in C, load it, and fit a signal whose moving average is known.

python examples/c_op/build_and_run.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import flowc as tf

SOURCE = Path(__file__).with_name("moving_average.c")
WINDOW = 4


def compiled(folder: Path) -> Path:
    """The library, made by the C compiler of this machine."""
    compiler = shutil.which("cc")
    if compiler is None:
        sys.exit("there is no C compiler (cc) here")
    library = folder / "moving_average.so"
    include = f"-I{tf.custom_ops.include_dir()}"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", include, "-o", library, SOURCE], check=True
    )
    return library


def main() -> None:
    """Find a signal by gradient descent through the op."""
    with tempfile.TemporaryDirectory() as folder:
        ops = tf.load_op_library(compiled(Path(folder)))

        @tf.RegisterGradient("MovingAverage")
        def _(op: Any, grad: Any) -> Any:
            return ops.moving_average_grad(op.inputs[0], grad, window=op.get_attr("window"))

        wanted = np.sin(np.linspace(0.0, 6.0, 29)).astype(np.float32)
        signal = tf.Variable(tf.zeros([len(wanted) + WINDOW - 1]))
        error = tf.reduce_sum(tf.square(ops.moving_average(signal, window=WINDOW) - wanted))
        train = tf.train.GradientDescentOptimizer(0.2).minimize(error)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            print(f"error {session.run(error):.4f} at first")
            for _step in range(500):
                session.run(train)
            print(f"error {session.run(error):.4f} in the end")


if __name__ == "__main__":
    main()
