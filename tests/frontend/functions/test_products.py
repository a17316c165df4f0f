"""`tf.matmul` where one operand has batches and the other has fewer or none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf

RANDOM = np.random.default_rng(3)


def run(tensors: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(tensors, feeds)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((2, 5, 2, 3), (3, 4)),
        ((2, 3), (1, 3, 4)),
        ((0, 2, 3), (3, 4)),
        ((4, 1, 2, 3), (5, 3, 1)),
    ],
)
def test_batches_broadcast(left: tuple[int, ...], right: tuple[int, ...], known: bool) -> None:
    a, b = RANDOM.standard_normal(left), RANDOM.standard_normal(right)
    sizes = (left, right) if known else ([None] * len(left), [None] * len(right))
    x, y = (tf.placeholder(tf.float64, shape) for shape in sizes)
    product = tf.matmul(x, y)
    weights = RANDOM.standard_normal(np.matmul(a, b).shape)
    gradients = tf.gradients(product, [x, y], weights)
    found, by_a, by_b = run([product, *gradients], {x: a, y: b})
    np.testing.assert_allclose(found, a @ b, rtol=1e-12, atol=1e-12)
    full_a, full_b = weights @ np.swapaxes(b, -1, -2), np.swapaxes(a, -1, -2) @ weights
    np.testing.assert_allclose(by_a, summed(full_a, left), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(by_b, summed(full_b, right), rtol=1e-12, atol=1e-12)


def summed(array: Any, shape: tuple[int, ...]) -> Any:
    """The sum over what was repeated to get from the shape to the array's."""
    array = array.sum(tuple(range(array.ndim - len(shape))))
    axes = tuple(i for i, size in enumerate(shape) if size == 1 != array.shape[i])
    return array.sum(axes, keepdims=True)


@pytest.mark.parametrize("flags", [{"transpose_a": True}, {"adjoint_b": True}])
def test_one_matrix_may_be_transposed(flags: dict[str, Any]) -> None:
    a = RANDOM.standard_normal((5, 3, 3)) + 1j * RANDOM.standard_normal((5, 3, 3))
    b = a[0]
    left = np.swapaxes(a, 1, 2) if "transpose_a" in flags else a
    right = np.conj(b.T) if "adjoint_b" in flags else b
    np.testing.assert_allclose(run(tf.matmul(a, b, **flags)), left @ right)


@pytest.mark.parametrize("transposed", [False, True])
def test_gradients_of_rows_by_one_matrix(transposed: bool) -> None:
    a, b = RANDOM.standard_normal((4, 5, 2, 3)), RANDOM.standard_normal((3, 4))
    x, y = tf.placeholder(tf.float64, [None, 5, None, 3]), tf.constant(b.T if transposed else b)
    weights = RANDOM.standard_normal((4, 5, 2, 4))
    found = tf.gradients(tf.matmul(x, y, transpose_b=transposed), [x, y], weights)
    by_a, by_b = run(found, {x: a})
    expected = np.einsum("abik,abij->kj", a, weights)
    np.testing.assert_allclose(by_a, weights @ b.T, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(by_b.T if transposed else by_b, expected, rtol=1e-12, atol=1e-12)


def test_batches_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"Incompatible shapes|broadcast"):
        tf.matmul(np.zeros((2, 3, 3)), np.zeros((4, 3, 3)))
    with pytest.raises(ValueError, match=r"rank|ndims"):
        tf.matmul(np.zeros((2, 3, 3)), np.zeros(3))
