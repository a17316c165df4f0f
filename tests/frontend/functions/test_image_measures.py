"""Turns, crops, differences and colours of images against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf

IMAGE = np.random.default_rng(3).random((5, 6, 3), np.float32)


@pytest.fixture(autouse=True)
def graph() -> Any:
    """A graph of its own for every test."""
    with tf.Graph().as_default() as made:
        yield made


def run(tensors: Any) -> Any:
    with tf.Session() as session:
        return session.run(tensors)


@pytest.mark.parametrize("k", range(5))
def test_turns(k: int) -> None:
    np.testing.assert_array_equal(run(tf.image.rot90(IMAGE, k)), np.rot90(IMAGE, k))
    np.testing.assert_array_equal(run(tf.image.rot90(IMAGE[None], k))[0], np.rot90(IMAGE, k))


def test_middle() -> None:
    np.testing.assert_array_equal(run(tf.image.central_crop(IMAGE, 0.5)), IMAGE[1:4, 1:5])
    with pytest.raises(ValueError, match="central_fraction"):
        tf.image.central_crop(IMAGE, 1.5)


@pytest.mark.parametrize("name", ["yiq", "yuv"])
def test_colors_come_back(name: str) -> None:
    there, back = getattr(tf.image, f"rgb_to_{name}"), getattr(tf.image, f"{name}_to_rgb")
    np.testing.assert_allclose(run(back(there(IMAGE))), IMAGE, atol=2e-4)


def test_differences() -> None:
    below, right = run(tf.image.image_gradients(IMAGE[None]))
    np.testing.assert_array_equal(below[0, :-1], np.diff(IMAGE, axis=0))
    np.testing.assert_array_equal(right[0, :, :-1], np.diff(IMAGE, axis=1))
    total = sum(np.abs(np.diff(IMAGE, axis=axis)).sum() for axis in (0, 1))
    np.testing.assert_allclose(run(tf.image.total_variation(IMAGE)), total, 1e-5)


def test_noise_in_decibels() -> None:
    error = np.mean((IMAGE * 0.1) ** 2)
    found = run(tf.image.psnr(IMAGE, IMAGE * 0.9, 1.0))
    np.testing.assert_allclose(found, -10 * np.log10(error), 1e-4)


def test_gamma() -> None:
    np.testing.assert_allclose(run(tf.image.adjust_gamma(IMAGE, 2.0, 0.5)), IMAGE**2 / 2, 1e-5)
    with pytest.raises(ValueError, match="non-negative"):
        tf.image.adjust_gamma(IMAGE, -1)


def test_suppression() -> None:
    boxes = np.array([[0, 0, 1, 1], [0, 0, 1, 0.9], [0, 2, 1, 3]], np.float32)
    scores = np.array([0.5, 0.9, 0.2], np.float32)
    assert run(tf.image.non_max_suppression(boxes, scores, 5)).tolist() == [1, 2]
    indices, count = run(
        tf.image.non_max_suppression_padded(boxes, scores, 4, pad_to_max_output_size=True)
    )
    assert (indices.tolist(), count) == ([1, 2, 0, 0], 2)


def test_files() -> None:
    content = tf.image.encode_jpeg((IMAGE * 255).astype(np.uint8))
    shape, jpeg = run([tf.image.extract_jpeg_shape(content), tf.image.is_jpeg(content)])
    assert shape.tolist() == [5, 6, 3] and jpeg
