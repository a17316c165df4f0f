"""Programs that the fuzzer found fault with, made small; each was run wrongly once."""

from __future__ import annotations

from tests.fuzz.checks import check
from tests.fuzz.program import run


def test_shifted_scalars() -> None:
    check(
        """
x1 = tf.placeholder(tf.int32, None)
v2 = tf.bitwise.right_shift(x1, 1)
""",
        run("v2", x1="np.int32(-7)"),
    )


def test_sizes_that_are_equal_only_by_the_first_run() -> None:
    check(
        """
x1 = tf.placeholder(tf.float32, None)
x2 = tf.placeholder(tf.float32, None)
v3 = tf.nn.avg_pool(x1, [1, 1, 2, 1], [1, 1, 1, 1], 'VALID')
v4 = tf.reshape(v3, [-1, tf.shape(v3)[3]]) * x2
v5 = tf.where_v2(tf.reduce_sum(v3, 3) > np.zeros([1, 5, 6]), tf.reshape(v4, [2, 5, 6]), 0.5)
""",
        run("v5", x1="data((2, 5, 7, 1), 'float32', 1)", x2="data((60, 1), 'float32', 2)"),
        run("v5", x1="data((1, 5, 7, 1), 'float32', 1)", x2="data((30, 1), 'float32', 2)"),
    )
