"""Non-maximum suppression, against a plain loop over pairs of boxes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import flowc as tf

Array = NDArray[Any]


def overlap(a: Array, b: Array) -> float:
    """Intersection over union of [y1, x1, y2, x2], corners in any order."""
    sides = np.minimum(*(np.maximum(x[:2], x[2:]) for x in (a, b))) - np.maximum(
        *(np.minimum(x[:2], x[2:]) for x in (a, b))
    )
    areas = [float(np.prod(np.abs(x[2:] - x[:2]))) for x in (a, b)]
    common = float(np.prod(np.maximum(sides, 0)))
    return common / (sum(areas) - common) if min(areas) > 0 else 0.0


def suppressed(
    boxes: Array, scores: Array, count: int, threshold: float, least: float, sigma: float
) -> tuple[list[int], list[float]]:
    left = {i: float(s) for i, s in enumerate(scores) if s > least}
    chosen: list[int] = []
    values: list[float] = []
    while left and len(chosen) < count:
        best = max(left, key=lambda i: (left[i], -i))
        chosen.append(best)
        values.append(left.pop(best))
        for other in list(left):
            common = overlap(boxes[best], boxes[other])
            if sigma > 0:
                left[other] *= math.exp(-0.5 / sigma * common * common)
            if left[other] <= least or (not sigma and common > threshold):
                del left[other]
    return chosen, values


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.integers(0, 12),
    st.integers(0, 8),
    st.sampled_from([0.0, 0.3, 0.7]),
    st.sampled_from([-math.inf, 0.2]),
    st.sampled_from([0.0, 0.5]),
    st.booleans(),
    st.booleans(),
)
def test_kept_boxes(
    boxes: int, count: int, threshold: float, least: float, sigma: float, pad: bool, unknown: bool
) -> None:
    draw = np.random.default_rng(boxes)
    corners = draw.uniform(0, 1, (boxes, 4)).astype(np.float32)
    numbers = draw.permutation(boxes).astype(np.float32) / 10
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None if unknown else boxes, 4])
        scores = tf.placeholder(tf.float32, [None if unknown else boxes])
        found = session.run(
            tf.raw_ops.NonMaxSuppressionV5(
                boxes=x,
                scores=scores,
                max_output_size=count,
                iou_threshold=threshold,
                score_threshold=least,
                soft_nms_sigma=sigma,
                pad_to_max_output_size=pad,
            ),
            {x: corners, scores: numbers},
        )
        assert len(session.compilations) == 1
    chosen, values = suppressed(corners, numbers, count, threshold, least, sigma)
    assert found[2] == len(chosen)
    missing = [0] * (count - len(chosen)) if pad else []
    np.testing.assert_array_equal(found[0], chosen + missing)
    np.testing.assert_allclose(found[1], values + missing, rtol=1e-5)


def test_equal_scores_and_scores_that_are_no_numbers() -> None:
    boxes = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [4, 4, 5, 5]], np.float32)
    scores = np.array([1, 1, np.nan, np.inf], np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        found = session.run(tf.image.non_max_suppression(boxes, scores, 4))
    assert found.tolist() == [3, 0]


def test_detections_are_one_part() -> None:
    """The kept boxes are gathered, padded ones in a loop over images."""
    boxes = np.random.default_rng(0).uniform(0, 1, (3, 20, 4)).astype(np.float32)
    scores = np.random.default_rng(1).uniform(0, 1, (3, 20)).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        x, s = tf.placeholder(tf.float32, [None, None, 4]), tf.placeholder(tf.float32, [None, None])

        def kept(pair: Any) -> Any:
            return tf.image.non_max_suppression_padded(
                pair[0], pair[1], max_output_size=5, pad_to_max_output_size=True
            )[0]

        numbers = tf.map_fn(kept, (x, s), dtype=tf.int32)
        first = tf.gather(x[0], tf.image.non_max_suppression(x[0], s[0], 5))
        found, rows = session.run([numbers, first], {x: boxes, s: scores})
        assert len(session.compilations) == 1
    for image in range(3):
        chosen, _ = suppressed(boxes[image], scores[image], 5, 0.5, -math.inf, 0)
        assert found[image].tolist() == chosen + [0] * (5 - len(chosen))
        if not image:
            np.testing.assert_array_equal(rows, boxes[0][chosen])


@pytest.mark.parametrize(
    ("count", "threshold", "message"),
    [
        (-1, 0.5, "output size must be non-negative"),
        (1, 1.5, r"iou_threshold must be in \[0, 1\]"),
    ],
)
def test_wrong_limits(count: int, threshold: float, message: str) -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        n, t = tf.placeholder(tf.int32, []), tf.placeholder(tf.float32, [])
        found = tf.image.non_max_suppression(np.ones((2, 4), "f"), np.ones(2, "f"), n, t)
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            session.run(found, {n: count, t: threshold})
