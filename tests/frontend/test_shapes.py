"""Dimension and TensorShape."""

from typing import Any

import pytest

import flowc as tf
from flowc.frontend.shapes import Dimension, TensorShape


def test_arithmetic_of_dimensions() -> None:
    d = Dimension(6)
    assert [d + 1, 1 + d, d - 1, 7 - d, d * 2, d // 4, 13 // d, d % 4] == [7, 7, 5, 1, 12, 1, 2, 2]
    assert (Dimension(None) + 1).value is None
    assert int(d) == 6
    assert [0] * d == [0] * 6


def test_comparison_with_an_unknown_dimension_is_unknown() -> None:
    assert (Dimension(None) == 3) is None
    assert (Dimension(None) < 3) is None
    assert Dimension(3) == 3
    assert Dimension(3) != 4


def test_true_division_says_what_to_use() -> None:
    with pytest.raises(TypeError, match="please use // instead"):
        Dimension(6) / 2


@pytest.mark.parametrize(
    ("dims", "text", "representation"),
    [
        (None, "<unknown>", "TensorShape(None)"),
        ([], "()", "TensorShape([])"),
        ([2], "(2,)", "TensorShape([Dimension(2)])"),
        ([2, None], "(2, ?)", "TensorShape([Dimension(2), Dimension(None)])"),
    ],
)
def test_printing(dims: Any, text: str, representation: str) -> None:
    assert str(TensorShape(dims)) == text
    assert repr(TensorShape(dims)) == representation


def test_parts_of_a_shape() -> None:
    shape = TensorShape([2, None, 4])
    assert shape[0].value == 2
    assert shape[1:].as_list() == [None, 4]
    assert shape[-1] == 4
    assert shape.num_elements() is None
    assert TensorShape([2, 3]).num_elements() == 6
    assert [d.value for d in shape] == [2, None, 4]


def test_what_an_unknown_rank_cannot_do() -> None:
    unknown = TensorShape(None)
    assert not unknown
    assert unknown[3].value is None
    assert unknown[1:3].as_list() == [None, None]
    for use in (len, list, TensorShape.as_list):
        with pytest.raises(ValueError, match="unknown"):
            use(unknown)


def test_merging() -> None:
    merged = TensorShape([2, None]).merge_with([None, 3])
    assert merged.as_list() == [2, 3]
    with pytest.raises(ValueError, match=r"Shapes \(2,\) and \(3,\) are not compatible"):
        TensorShape([2]).merge_with([3])
    with pytest.raises(ValueError, match=r"Shapes \(2,\) and \(3, 4\) must have the same rank"):
        TensorShape([2]).merge_with([3, 4])


def test_equality_and_hash() -> None:
    assert TensorShape([2, 3]) == [2, 3]
    assert {TensorShape([2]): 1}[TensorShape([2])] == 1
    with pytest.raises(ValueError, match="inequality of unknown"):
        _ = TensorShape(None) != TensorShape([2])


@pytest.mark.parametrize("dims", [[-1], ["3"], [2.5]])
def test_bad_sizes(dims: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        TensorShape(dims)


def test_sizes_that_are_known_in_part() -> None:
    n, v = tf.placeholder(tf.int32, []), tf.placeholder(tf.int32, [2])
    x = tf.placeholder(tf.float32, [None, 4])
    assert tf.zeros([n, 2]).shape.as_list() == [None, 2]
    assert tf.zeros(tf.concat([v, [3]], 0)).shape.as_list() == [None, None, 3]
    assert tf.zeros(tf.cast(tf.stack([tf.cast(n, tf.int64), 2]), tf.int32)).shape[1] == 2
    assert tf.reshape(x, [-1, n, 2]).shape.as_list() == [None, None, 2]
    assert tf.tile(x, [n, 1]).shape.as_list() == [None, 4]
    assert tf.pad(x, [[0, n], [1, 1]]).shape.as_list() == [None, 6]
    assert tf.layers.dense(tf.zeros([n, 5]), 3).shape.as_list() == [None, 3]
