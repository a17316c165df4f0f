"""Pooling in several dimensions, erosion, transposed convolutions; by their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf

RANDOM = np.random.RandomState(0)


def run(fetches: Any) -> Any:
    with tf.Session() as session:
        return session.run(fetches)


def test_windows_of_sequences() -> None:
    x = np.array([1.0, 5, 2, 4, 3], "f").reshape(1, 5, 1)
    found = run(
        [
            tf.nn.max_pool1d(x, 2, 2, "SAME"),
            tf.nn.avg_pool1d(x, 3, 1, "SAME"),
            tf.nn.pool(x, [2], "MAX", "VALID", dilation_rate=[2]),
            tf.nn.avg_pool_v2(x, 2, 2, "VALID"),
        ]
    )
    assert [f.ravel().tolist() for f in found] == [
        [5, 4, 3],
        pytest.approx([3, 8 / 3, 11 / 3, 3, 3.5]),
        [2, 5, 3],
        [3, 3],
    ]


@pytest.mark.parametrize("form", ["NHWC", "NCHW"])
@pytest.mark.parametrize(("kind", "reduce"), [("MAX", np.max), ("AVG", np.mean)])
def test_windows_with_gaps(form: str, kind: str, reduce: Any) -> None:
    x = RANDOM.randn(2, 7, 8, 3).astype("f")
    given = x.transpose(0, 3, 1, 2) if form == "NCHW" else x
    found = run(tf.nn.pool(given, [3, 2], kind, "VALID", [2, 3], data_format=form))
    expected = np.stack(
        [
            np.stack([reduce(x[:, i : i + 5 : 2, j : j + 4 : 3], (1, 2)) for j in range(5)], 1)
            for i in range(3)
        ],
        1,
    )
    if form == "NCHW":
        expected = expected.transpose(0, 3, 1, 2)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_what_cannot_be_pooled() -> None:
    x = tf.zeros([1, 4, 4, 1])
    with pytest.raises(ValueError, match="dilation_rate > 1"):
        tf.nn.pool(x, [2, 2], "MAX", "VALID", [2, 2], [2, 2])
    with pytest.raises(ValueError, match="'SAME' padding"):
        tf.nn.pool(x, [2, 2], "MAX", "SAME", [2, 2])
    with pytest.raises(ValueError, match="must be 'MAX' or 'AVG'"):
        tf.nn.pool(x, [2, 2], "SUM", "SAME")


def test_erosion_is_a_least_difference() -> None:
    x = RANDOM.randn(1, 5, 6, 2).astype("f")
    kernel = RANDOM.rand(2, 3, 2).astype("f")
    found = run(tf.nn.erosion2d(x, kernel, [1, 1, 1, 1], [1, 1, 1, 1], "VALID"))
    expected = np.stack(
        [
            np.stack(
                [(x[:, i : i + 2, j : j + 3] - kernel[::-1, ::-1]).min((1, 2)) for j in range(4)], 1
            )
            for i in range(4)
        ],
        1,
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_transposed_convolutions_undo_the_shape() -> None:
    x, w = np.ones((1, 3, 1), "f"), np.array([1.0, 10.0, 100.0], "f").reshape(3, 1, 1)
    found = run(tf.nn.conv1d_transpose(x, w, [1, 7, 1], 2, "VALID"))
    assert found.ravel().tolist() == [1, 10, 101, 10, 101, 10, 100]
    same = run(tf.nn.conv_transpose(x, w, [1, 7, 1], 2, "VALID"))
    assert same.tolist() == found.tolist()
    with pytest.raises(ValueError, match="must be of length 3, 4 or 5"):
        tf.nn.conv_transpose(x, w, [1, 7], 2)


def test_hits_among_samples() -> None:
    rows, places, weights = run(tf.nn.compute_accidental_hits([[1, 2], [3, 4]], [3, 2, 9], 2))
    assert sorted(zip(rows.tolist(), places.tolist(), strict=True)) == [(0, 1), (1, 0)]
    assert (weights == np.finfo("f").min).all()
