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


def test_a_value_read_in_the_step_that_updates_it() -> None:
    check(
        """
w1 = tf.get_variable('w1', initializer=data((), 'float32', 1), use_resource=False)
v2 = tf.reduce_sum(w1)
t3 = tf.train.GradientDescentOptimizer(0.1).minimize(v2)
""",
        run("t3", "v2"),
    )


def test_an_optimizer_with_state_on_a_resource_variable() -> None:
    check(
        """
w1 = tf.get_variable('w1', initializer=data((1, 1, 2), 'float32', 1), use_resource=True)
v2 = tf.squared_difference(tf.reduce_sum(tf.sigmoid(w1)), data((), 'float32', 1))
t3 = tf.train.MomentumOptimizer(0.1, 0.9).minimize(v2)
""",
        run("t3"),
        run("w1"),
        run("t3"),
        run("w1"),
    )


def test_adam_on_a_clipped_norm() -> None:
    check(
        """
w1 = tf.get_variable('w1', initializer=data((2,), 'float64', 1), use_resource=True)
t2 = tf.train.AdamOptimizer(0.01).minimize(tf.tanh(tf.clip_by_norm(w1, 0.8)))
""",
        run("t2"),
        run("w1"),
    )


def test_small_values_count_as_zero_in_every_way() -> None:
    check(
        """
x1 = tf.placeholder(tf.float32, [2])
v2 = [tf.erfc(x1), tf.exp(-x1 * 9.3), tf.pow(x1, -40.), tf.reduce_prod(x1 * 1e-19)]
v3 = [tf.sinh(x1 * 1e-40), tf.expm1(x1 * 1e-20) * 1e-20, tf.cumprod(x1 * 1e-19)]
v4 = tf.cast(tf.cast(x1, tf.float64) * 1e-39, tf.float32)
v5 = tf.matmul(tf.reshape(x1 * 1e-19, [2, 1]), tf.reshape(x1 * 1e-20, [1, 2]))
""",
        run("v2", "v3", "v4", "v5", x1="np.array([9.6, 9.5])"),
    )


def test_sorting_values_with_nan() -> None:
    check(
        """
x1 = tf.placeholder(tf.float32, [None, None])
v2 = tf.nn.top_k(x1, 3)
v3 = [tf.sort(x1), tf.argsort(x1, direction='DESCENDING', stable=True)]
v4 = tf.sort(tf.cast(x1, tf.bfloat16), direction='DESCENDING')
""",
        run("v2", "v3", "v4", x1="data((20, 5), 'float32', 1, True)"),
        run("v2", "v3", "v4", x1="data((3, 200), 'float32', 2, True)"),
    )
