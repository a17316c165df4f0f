"""Random crops. The boxes are those that TensorFlow draws with the same seeds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build

BOXES = np.array([[[0.1, 0.2, 0.7, 0.6], [0.5, 0.5, 0.9, 0.8]]], np.float32)
NONE = np.zeros((1, 0, 4), np.float32)
SIZE = np.array([200, 300, 3], np.int32)

TENSORFLOW: list[tuple[dict[str, Any], list[list[int]]]] = [
    (
        {"seed": 1},
        [[59, 7, 0], [139, 170, -1], [13, 72, 0], [162, 152, -1], [35, 40, 0], [128, 163, -1]],
    ),
    (
        {"seed": 5, "seed2": 6, "min_object_covered": 0.9},
        [[35, 88, 0], [153, 180, -1], [14, 80, 0], [177, 190, -1], [13, 108, 0], [174, 167, -1]],
    ),
    (
        {"seed": 7, "aspect_ratio_range": (0.5, 2.0), "area_range": (0.1, 0.4), "max_attempts": 20},
        [[45, 20, 0], [109, 178, -1], [31, 49, 0], [82, 156, -1], [15, 75, 0], [85, 106, -1]],
    ),
]


@pytest.fixture(autouse=True)
def session() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as made:
        yield made


@pytest.mark.parametrize(("options", "expected"), TENSORFLOW)
def test_the_boxes_are_tensorflows(session: Any, options: Any, expected: Any) -> None:
    sample = tf.image.sample_distorted_bounding_box(SIZE, BOXES, **options)
    assert [t.shape.as_list() for t in sample] == [[3], [3], [1, 1, 4]]
    for begin, size in zip(expected[::2], expected[1::2], strict=True):
        found, extent, box = session.run(list(sample))
        assert (found.tolist(), extent.tolist()) == (begin, size)
        top, left, bottom, right = box.ravel() * np.array([200, 300, 200, 300])
        np.testing.assert_allclose([top, left], begin[:2], atol=1e-4)
        np.testing.assert_allclose([bottom - top, right - left], size[:2], atol=1e-4)


def test_older_form(session: Any) -> None:
    options: dict[str, Any] = {"seed": 3, "seed2": 4}
    old = build("SampleDistortedBoundingBox", SIZE, BOXES, min_object_covered=0.3, **options)
    new = tf.image.sample_distorted_bounding_box(SIZE, BOXES, min_object_covered=0.3, **options)
    for a, b in zip(session.run(list(old)), session.run(list(new)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_where_nothing_is_found_the_image_is_taken(session: Any) -> None:
    sample = tf.image.sample_distorted_bounding_box(
        np.array([10, 20, 3], np.uint8),
        NONE,
        seed=1,
        use_image_if_no_bounding_boxes=True,
        min_object_covered=1.0,
        area_range=(0.1, 0.2),
    )
    begin, size, box = session.run(list(sample))
    assert (begin.tolist(), box.ravel().tolist()) == ([0, 0, 0], [0, 0, 1, 1])
    assert size.tolist() == [10, 20, 255]
    assert size.dtype == np.uint8


@pytest.mark.parametrize(
    ("size", "boxes", "options", "message"),
    [
        (SIZE, NONE, {}, "No bounding boxes provided"),
        (SIZE[:2], BOXES, {}, "must contain 3 elements"),
        (SIZE * 0, BOXES, {}, "must be > 0"),
        (SIZE, BOXES + 1, {}, r"must be in \[0.0, 1.0\]"),
        (SIZE, BOXES[0], {}, "must be 3-dimensional"),
        (SIZE, BOXES, {"area_range": (0.0, 1.0)}, "Area range must be"),
        (SIZE, BOXES, {"aspect_ratio_range": (0.0, 1.0)}, "must be positive"),
        (SIZE, BOXES, {"max_attempts": 0}, "Max attempts"),
        (SIZE, BOXES, {"min_object_covered": -1.0}, "non-negative"),
    ],
)
def test_wrong_operands(
    session: Any, size: Any, boxes: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        session.run(list(tf.image.sample_distorted_bounding_box(size, boxes, **options)))
