"""Images, sparse tensors, sampled losses: run, and compared with NumPy."""

from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.ops.registry import OPS

IMAGE = np.arange(48, dtype=np.float32).reshape(4, 4, 3) / 48


def run(tensor: Any) -> Any:
    with tf.Session() as session:
        return session.run(tensor)


def test_flips() -> None:
    np.testing.assert_array_equal(run(tf.image.flip_left_right(IMAGE)), IMAGE[:, ::-1])
    np.testing.assert_array_equal(run(tf.image.flip_up_down(IMAGE[None])), IMAGE[None, ::-1])
    flipped = run(tf.image.random_flip_left_right(IMAGE, seed=1))
    assert any(np.array_equal(flipped, image) for image in (IMAGE, IMAGE[:, ::-1]))


def test_cropping_and_padding() -> None:
    cropped = tf.image.resize_image_with_crop_or_pad(IMAGE, 2, 6)
    assert cropped.shape.as_list() == [2, 6, 3]
    expected = np.pad(IMAGE[1:3], [(0, 0), (1, 1), (0, 0)])
    np.testing.assert_array_equal(run(cropped), expected)
    with pytest.raises(ValueError, match="width must be <= target - offset"):
        tf.image.pad_to_bounding_box(IMAGE, 0, 0, 2, 2)
    with pytest.raises(ValueError, match="height must be >= target"):
        tf.image.crop_to_bounding_box(IMAGE, 3, 0, 2, 2)


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("target", [(2, 6), (6, 2), (3, 3), (4, 4), (7, 9)])
def test_cropping_and_padding_of_unknown_sizes(batch: bool, target: tuple[int, int]) -> None:
    pixels = np.stack([IMAGE, -IMAGE]) if batch else IMAGE
    x = tf.placeholder(tf.float32, [None] * pixels.ndim)
    sizes = tf.placeholder(tf.int32, [2])
    made = [
        tf.image.resize_image_with_crop_or_pad(x, *target),
        tf.image.resize_image_with_crop_or_pad(x, sizes[0], sizes[1]),
        tf.image.resize_image_with_crop_or_pad(tf.constant(pixels), *target),
    ]
    assert made[0].shape.as_list()[-3:-1] == list(target)
    with tf.Session() as session:
        found = session.run(made, {x: pixels, sizes: target})
    for one in found[:2]:
        np.testing.assert_array_equal(one, found[2])


def test_bounding_boxes_of_unknown_sizes() -> None:
    x = tf.placeholder(tf.float32, None)
    padded = tf.image.pad_to_bounding_box(x, 1, 2, 6, 7)
    cropped = tf.image.crop_to_bounding_box(x, 1, 2, 2, 1)
    middle = tf.image.central_crop(x, 0.5)
    gradient = tf.gradients(padded, x)[0]
    with tf.Session() as session:
        found = session.run([padded, cropped, middle, gradient], {x: IMAGE})
        with pytest.raises(tf.errors.InvalidArgumentError, match="height must be <= target"):
            session.run(padded, {x: np.zeros((9, 4, 3))})
        with pytest.raises(tf.errors.InvalidArgumentError, match="crop_to_bounding_box"):
            session.run(cropped, {x: np.zeros((9, 2, 3))})
    np.testing.assert_array_equal(found[0], np.pad(IMAGE, [(1, 1), (2, 1), (0, 0)]))
    np.testing.assert_array_equal(found[1], IMAGE[1:3, 2:3])
    np.testing.assert_array_equal(found[2], IMAGE[1:3, 1:3])
    np.testing.assert_array_equal(found[3], np.ones_like(IMAGE))
    with pytest.raises(ValueError, match="3 or 4 dimensions"):
        tf.image.crop_to_bounding_box(np.zeros((2, 2)), 0, 0, 1, 1)


def test_colours() -> None:
    gray = run(tf.image.rgb_to_grayscale(IMAGE))
    np.testing.assert_allclose(gray[..., 0], IMAGE @ [0.2989, 0.587, 0.114], rtol=1e-5)
    brighter = run(tf.image.adjust_brightness(tf.constant([[[100]]], tf.uint8), 0.1))
    assert brighter.tolist() == [[[125]]]
    standard = run(tf.image.per_image_standardization(IMAGE))
    assert abs(standard.mean()) < 1e-5
    assert abs(standard.std() - 1) < 1e-4


def test_conversion_of_pixels() -> None:
    pixels = tf.constant([0, 128, 255], tf.uint8)
    floats = run(tf.image.convert_image_dtype(pixels, tf.float32))
    np.testing.assert_allclose(floats, [0, 128 / 255, 1])
    assert run(tf.image.convert_image_dtype(floats, tf.uint8)).tolist() == [0, 128, 255]


def test_resizing() -> None:
    resized = tf.image.resize_images(IMAGE, [2, 2], tf.image.ResizeMethod.NEAREST_NEIGHBOR)
    np.testing.assert_array_equal(run(resized), IMAGE[::2, ::2])
    with pytest.raises(ValueError, match="1-D Tensor of 2 elements"):
        tf.image.resize_images(IMAGE, [2])


def test_sparse_to_dense() -> None:
    if "SparseToDense" not in OPS:
        pytest.skip("the op SparseToDense is not there yet")
    sparse = tf.SparseTensor([[0, 1], [1, 2]], [5.0, 7.0], [2, 3])
    assert run(tf.sparse_tensor_to_dense(sparse)).tolist() == [[0, 5, 0], [0, 0, 7]]
    product = run(tf.sparse_tensor_dense_matmul(sparse, tf.ones([3, 1])))
    assert product.tolist() == [[5], [7]]


def test_sampled_losses() -> None:
    weights = tf.get_variable("weights", [20, 4])
    biases = tf.zeros([20])
    inputs = tf.ones([3, 4])
    labels = tf.constant([[1], [2], [3]], tf.int64)
    losses = [
        tf.nn.nce_loss(weights, biases, labels, inputs, 5, 20),
        tf.nn.sampled_softmax_loss(weights, biases, labels, inputs, 5, 20),
    ]
    (grad,) = tf.gradients(losses, [weights])
    assert isinstance(grad, tf.IndexedSlices)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for value in session.run(losses):
            assert value.shape == (3,)
            assert np.all(value > 0)
