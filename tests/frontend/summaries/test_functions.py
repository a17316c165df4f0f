"""Summaries, whose bytes are those that TensorFlow makes of the same tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build
from flowc.ops.state.summary_values import bucket_limits

PIXELS = np.array([[[[-1.0], [0.5]], [[np.nan], [2.0]], [[1.0], [0.0]]]], np.float32)
COLORS = np.arange(24, dtype=np.uint8).reshape(2, 2, 2, 3)
SOUNDS = np.array([[0, 0.5, -0.25], [1, -1, 1.5]], np.float32)
VALUES = np.array([0, 1, 1, -2.5, 1e30], np.float32)

MAKE: dict[str, Callable[[], Any]] = {
    "image": lambda: tf.summary.image("a/b c", PIXELS, max_outputs=1),
    "colors": lambda: tf.summary.image("c", COLORS, family="f"),
    "audio": lambda: tf.summary.audio("s", SOUNDS, 8000.0),
    "text": lambda: tf.summary.text("t", tf.constant([b"x", b"yz"])),
    "tensor": lambda: tf.summary.tensor_summary(
        "q", tf.constant([[1.0, 2.0]]), summary_description="d", display_name="n"
    ),
    "histogram": lambda: tf.summary.histogram("h", VALUES),
    "scalar": lambda: tf.summary.scalar("l", 3),
}
# The name of the tensor, and its value in hexadecimal digits.
TENSORFLOW = {
    "image": (
        "a/b_c:0",
        "0a610a0b612f625f632f696d6167652252080310021801224a89504e470d0a1a0a0000000d49484452000000"
        "020000000308000000009c81815d0000001149444154089963748867fccfc072e020000bf903263ac1a3a300"
        "00000049454e44ae426082",
    ),
    "colors": (
        "f/c:0",
        "0a680a0d662f662f632f696d6167652f302257080210021803224f89504e470d0a1a0a0000000d4948445200"
        "000002000000020802000000fdd49a7300000016494441540899636460646266666661636363666606000117"
        "002d48be04c40000000049454e44ae4260820a680a0d662f662f632f696d6167652f31225708021002180322"
        "4f89504e470d0a1a0a0000000d4948445200000002000000020802000000fdd49a7300000016494441540899"
        "63e4e1e563666666616363636666060002c70051c65bba070000000049454e44ae426082",
    ),
    "audio": (
        "s:0",
        "0a550a09732f617564696f2f3032480d0000fa45100118032232524946462a00000057415645666d74201000"
        "000001000100401f0000803e00000200100064617461060000000000004000e02a09617564696f2f7761760a"
        "550a09732f617564696f2f3132480d0000fa45100118032232524946462a00000057415645666d7420100000"
        "0001000100401f0000803e0000020010006461746106000000ff7f0080ff7f2a09617564696f2f776176",
    ),
    "text": (
        "t:0",
        "0a1e0a0174420f08071204120208024201784202797a4a080a060a0474657874",
    ),
    "tensor": (
        "q:0",
        "0a230a0171421608011208120208011202080222080000803f000000404a0612016e1a0164",
    ),
    "histogram": (
        "h:0",
        "0ab7010a01682ab1010900000000000004c01100000040593e29461900000000000014402100000040593e29"
        "462980ecd0eee4e9634c3240ea360f76a3ef04c077603c0e660803c0000000000000000011ea2d819997713d"
        "08996919155aed3f2b14facdbe24f03f4c549f0223831544ffffffffffffef7f3a4000000000000000000000"
        "00000000f03f0000000000000000000000000000f03f00000000000000000000000000000040000000000000"
        "0000000000000000f03f",
    ),
    "scalar": (
        "l:0",
        "0a080a016c1500004040",
    ),
}


def evaluate(tensor: Any) -> Any:
    with tf.Session() as session:
        return session.run(tensor)


@pytest.mark.parametrize("kind", MAKE)
def test_bytes(kind: str) -> None:
    name, content = TENSORFLOW[kind]
    summary = MAKE[kind]()
    assert summary.name == name
    assert evaluate(summary).hex() == content
    assert tf.get_collection(tf.GraphKeys.SUMMARIES) == [summary]


def test_buckets_grow_by_a_tenth() -> None:
    limits = bucket_limits()
    assert len(limits) == 1551
    assert limits[775] == 0
    assert limits[776] == 1e-12
    assert limits[777:-1] / limits[776:-2] == pytest.approx(1.1)


@pytest.mark.parametrize(("value", "what"), [(np.nan, "Nan"), (np.inf, "Infinity")])
def test_histograms_of_what_is_not_finite(value: float, what: str) -> None:
    summary = tf.summary.histogram("h", np.array([1, value], np.float32))
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"{what} in summary histogram for: h"):
        evaluate(summary)


def test_an_empty_histogram() -> None:
    histogram = tf.Summary.FromString(evaluate(tf.summary.histogram("h", tf.zeros([0])))).value[0]
    assert histogram.histo.num == 0
    assert len(histogram.histo.bucket) == 1


def test_merging() -> None:
    assert tf.summary.merge_all() is None
    first, second = tf.summary.scalar("a", 1.0), tf.summary.scalar("b", 2.0, collections=["mine"])
    merged = tf.summary.merge_all()
    assert merged is not None
    assert merged.name == "Merge/MergeSummary:0"
    both = tf.Summary.FromString(evaluate(tf.summary.merge([first, second], name="both")))
    assert [value.tag for value in both.value] == ["a", "b"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Duplicate tag a found"):
        evaluate(tf.summary.merge([first, first]))


@pytest.mark.parametrize(
    ("op", "inputs", "message"),
    [
        ("ScalarSummary", (["a"], 1.0), "tags and values are not the same shape"),
        ("ImageSummary", ("a", np.zeros((1, 2, 2, 2), np.float32)), "last dim 1, 3, or 4"),
        ("AudioSummaryV2", ("a", np.zeros(3, np.float32), 8000.0), "Tensor must be 3-D or 2-D"),
        ("MergeSummary", ([b"\xff\xff"],), "Could not parse one of the summary inputs"),
        ("TensorSummaryV2", ("a", 1.0, b"\xff\xff"), "is no SummaryMetadata"),
    ],
)
def test_wrong_operands(op: str, inputs: tuple[Any, ...], message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        evaluate(build(op, *inputs))


def test_older_forms() -> None:
    sound = build("AudioSummary", "s", SOUNDS, sample_rate=8000.0, max_outputs=1)
    assert [v.tag for v in tf.Summary.FromString(evaluate(sound)).value] == ["s/audio"]
    tensor = build("TensorSummary", tf.constant(2.0), description='{"typeHint": "x"}', name="node")
    assert tf.Summary.FromString(evaluate(tensor)).value[0].node_name == "node"
    assert tf.summary.get_summary_description(tensor.op.node_def).type_hint == "x"
    with pytest.raises(ValueError, match="Can't get_summary_description"):
        tf.summary.get_summary_description(sound.op.node_def)


def test_text_is_of_strings() -> None:
    with pytest.raises(ValueError, match="dtype string"):
        tf.summary.text("t", tf.constant(1.0))
