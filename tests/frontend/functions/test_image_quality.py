"""Structural similarity, edges, and resizing into a frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf


def run(fetches: Any) -> Any:
    with tf.Session() as session:
        return session.run(fetches)


def test_similarity_of_flat_images_is_that_of_their_means() -> None:
    x, y = np.full((2, 16, 16, 3), 0.5, "f"), np.full((2, 16, 16, 3), 0.25, "f")
    c1 = 0.01**2
    expected = (2 * 0.5 * 0.25 + c1) / (0.5**2 + 0.25**2 + c1)
    found, same = run([tf.image.ssim(x, y, 1.0), tf.image.ssim(x, x, 1.0)])
    # float32 of moments that cancel, beside a constant of 9e-4
    np.testing.assert_allclose(found, [expected] * 2, rtol=5e-4)
    np.testing.assert_allclose(same, [1, 1], rtol=1e-6)


def test_similarity_by_numpy() -> None:
    random = np.random.RandomState(0)
    x = random.rand(13, 12)
    y = np.clip(x + 0.2 * random.randn(13, 12), 0, 1)
    window = np.exp(-((np.arange(11) - 5.0) ** 2) / 4.5)
    weights = np.outer(window, window) / window.sum() ** 2

    def local(z: Any) -> Any:
        return np.array(
            [[(z[i : i + 11, j : j + 11] * weights).sum() for j in range(2)] for i in range(3)]
        )

    a, b = local(x), local(y)
    cross, own = local(x * y) - a * b, local(x * x + y * y) - a * a - b * b
    c1, c2 = 1e-4, 9e-4
    expected = ((2 * a * b + c1) * (2 * cross + c2)) / ((a * a + b * b + c1) * (own + c2))
    found = run(tf.image.ssim(x[..., None].astype("f"), y[..., None].astype("f"), 1.0))
    # float32 of moments that nearly cancel
    np.testing.assert_allclose(found, expected.mean(), rtol=1e-4)


def test_similarity_at_several_scales_is_a_product() -> None:
    x = np.random.RandomState(0).rand(1, 45, 46, 1).astype("f")
    y = np.clip(x * 0.9, 0, 1)
    one = run(tf.image.ssim(x, y, 1.0))
    found = run(
        [
            tf.image.ssim_multiscale(x, y, 1.0, [1.0]),
            tf.image.ssim_multiscale(x, x, 1.0, [0.5, 0.3, 0.2]),
        ]
    )
    np.testing.assert_allclose(found[0], one, rtol=1e-6)
    np.testing.assert_allclose(found[1], [1.0], rtol=1e-5)


def test_images_that_are_smaller_than_the_window() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError):
        run(tf.image.ssim(np.zeros((8, 8, 1), "f"), np.zeros((8, 8, 1), "f"), 1.0))
    with pytest.raises(ValueError, match="incompatible"):
        tf.image.ssim(tf.zeros([8, 8, 1]), tf.zeros([8, 9, 1]), 1.0)


def test_edges_of_a_slope() -> None:
    rows = np.arange(5.0, dtype="f")
    image = np.broadcast_to((2 * rows[:, None] + 3 * rows[None])[None, :, :, None], (1, 5, 5, 1))
    found = run(tf.image.sobel_edges(image))
    assert found.shape == (1, 5, 5, 1, 2)
    # A slope of 1 counts 8; the borders are mirrored, so nothing changes across them.
    assert (found[0, 1:-1, 1:-1, 0] == [16, 24]).all()
    assert (found[0, 0, 1:-1, 0] == [0, 24]).all()


@pytest.mark.parametrize("known", [True, False])
def test_resizing_keeps_proportions(known: bool) -> None:
    image = np.ones((6, 3, 1), "f")
    given = tf.placeholder(tf.float32, [6, 3, 1] if known else [None, None, 1])
    framed = tf.image.resize_image_with_pad(given, 4, 8)
    with tf.Session() as session:
        found = session.run(framed, {given: image})
    expected = np.zeros((4, 8, 1))
    expected[:, 3:5] = 1
    assert found.tolist() == expected.tolist()


def test_sizes_in_proportion() -> None:
    image = tf.placeholder(tf.float32, [None, None, 1])
    resized = tf.image.resize_images(image, [10, 10], preserve_aspect_ratio=True)
    with tf.Session() as session:
        assert session.run(resized, {image: np.ones((6, 3, 1))}).shape == (10, 5, 1)
