"""Pooling, windows and resizing where sizes or numbers are at the edge; TensorFlow's answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build

Array = np.ndarray[Any, Any]


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    """A graph of its own for every test."""
    with tf.Graph().as_default() as made:
        yield made


def run(tensors: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(tensors, feeds)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_pooling_without_finite_numbers(dtype: type) -> None:
    x: Array = np.full((1, 4, 4, 1), -np.inf, dtype)
    x[0, 0, 0], x[0, 3, 3] = 1, np.nan
    pooled = run(tf.nn.max_pool(tf.constant(x), [1, 2, 2, 1], [1, 2, 2, 1], "VALID"))
    least = np.finfo(dtype).min
    assert pooled.ravel().tolist() == [1, least, least, least]


def test_pooling_of_volumes_keeps_what_is_no_number() -> None:
    x = np.full((1, 4, 4, 1, 1), -np.inf, np.float32)
    x[0, 0, 0], x[0, 3, 3] = 1, np.nan
    pooled = run(tf.nn.max_pool3d(tf.constant(x), [1, 2, 2, 1, 1], [1, 2, 2, 1, 1], "VALID"))
    np.testing.assert_array_equal(pooled.ravel(), [1, -np.inf, -np.inf, np.nan])


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("size", [1, 2])
def test_gradient_of_windows_that_do_not_fit(size: int, known: bool) -> None:
    values = np.ones((2, size, size, 2), np.float32)
    x = tf.placeholder(tf.float32, values.shape if known else [2, None, None, 2])
    pooled = tf.nn.avg_pool(x, [1, 3, 3, 1], [1, 3, 3, 1], "VALID")
    found, gradient = run([pooled, tf.gradients(pooled, x)[0]], {x: values})
    assert found.shape == (2, 0, 0, 2)
    np.testing.assert_array_equal(gradient, np.zeros_like(values))


def test_windows_of_volumes_that_do_not_fit() -> None:
    x = tf.zeros([1, 3, 1, 1, 1])
    sizes: dict[str, Any] = {"ksizes": [1, 2, 2, 2, 1], "strides": [1, 1, 2, 2, 1]}
    assert run(build("ExtractVolumePatches", x, padding="VALID", **sizes)).shape == (1, 2, 0, 0, 8)


def test_nothing_to_factor_or_to_divide() -> None:
    lu, order = build("Lu", tf.zeros([2, 0, 0]))
    assert [array.shape for array in run([lu, order])] == [(2, 0, 0), (2, 0)]
    parts = tf.dynamic_partition(tf.zeros([3, 0]), [0, 1, 0], 2)
    assert [part.shape for part in run(parts)] == [(2, 0), (1, 0)]


def shared_in_float32(grads: Array, old: int, new: int) -> Array:
    """The gradient of a bilinear resizing of squares: float32 shares, added up in float64."""
    scale = np.float32(old) / np.float32(new)
    places = np.arange(new, dtype=np.float32) * scale
    low = np.floor(places).astype(int)
    high = np.minimum(np.ceil(places).astype(int), old - 1)
    part = places - low.astype(np.float32)
    ways = [(low, np.float32(1) - part), (high, part)]
    total = np.zeros((old, old))
    for y in range(new):
        for x in range(new):
            for row, height in ways:
                for column, width in ways:
                    total[row[y], column[x]] += grads[y, x] * height[y] * width[x]
    return total


@pytest.mark.parametrize(("old", "new"), [(3, 7), (5, 2)])
def test_gradient_of_resizing_in_float64(old: int, new: int) -> None:
    grads = np.random.default_rng(0).normal(size=(new, new)).astype(np.float32)
    found = run(build("ResizeBilinearGrad", grads[None, ..., None], np.zeros((1, old, old, 1))))
    np.testing.assert_allclose(found[0, ..., 0], shared_in_float32(grads, old, new), 1e-14, 1e-15)


def test_a_box_that_ends_on_a_pixel() -> None:
    """In float32 its last column is at 4 exactly, where the slope is that to the right: none."""
    image = np.arange(30, dtype=np.float32).reshape(1, 5, 6, 1) ** 2
    boxes = np.array([[0.1, -0.5, 1.2, 0.8]], np.float32)
    grads = np.ones((1, 3, 4, 1), np.float32)
    found = run(build("CropAndResizeGradBoxes", grads, image, boxes, np.zeros(1, np.int32)))
    np.testing.assert_allclose(found, [[1428.0, 70.0, 860.0, 390.0]], 1e-5)
