"""Parsing records, sequences of labels, printing, and serialized tensors, beside the corpus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build
from flowc.ir.proto import Example, SequenceExample
from flowc.ops.state.printing import summary


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    """A graph of its own for every test."""
    with tf.Graph().as_default() as made:
        yield made


def run(fetches: Any) -> Any:
    with tf.Session() as session:
        return session.run(fetches)


def example(**features: Any) -> bytes:
    made = Example()
    for name, values in features.items():
        kind = {int: "int64_list", float: "float_list", bytes: "bytes_list"}[type(values[0])]
        getattr(made.features.feature[name], kind).value.extend(values)
    return bytes(made.SerializeToString())


def parse(texts: list[bytes], shape: Any = (2,), default: Any = ()) -> Any:
    return build(
        "ParseExample",
        texts,
        [],
        ["s"],
        ["d"],
        [np.array(default, np.int64)],
        sparse_types=[tf.string],
        Tdense=[tf.int64],
        dense_shapes=[shape],
    )


def test_columns_of_examples() -> None:
    texts = [example(d=[1, 2], s=[b"x"]), example(d=[3, 4]), example(d=[5, 6], s=[b"y", b"z"])]
    indices, values, shape, dense = run([x[0] for x in parse(texts)])
    assert indices.tolist() == [[0, 0], [2, 0], [2, 1]]
    assert values.tolist() == [b"x", b"y", b"z"]
    assert shape.tolist() == [3, 2]
    assert dense.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_missing_features() -> None:
    assert run(parse([example(s=[b"x"])], default=[7, 8])[3][0]).tolist() == [[7, 8]]
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Feature: d .* is required"):
        run(parse([example(s=[b"x"])])[3][0])


def test_runs_of_open_length_are_filled_up() -> None:
    texts = [example(d=[1, 2, 3]), example(s=[b"x"]), example(d=[4])]
    dense = run(parse(texts, [None], [-1])[3][0])
    assert dense.tolist() == [[1, 2, 3], [-1, -1, -1], [4, -1, -1]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"\xff\xff", "Could not parse example input"),
        (example(d=[1.0, 2.0]), "Expected type: int64, Feature is: float32"),
        (example(d=[1, 2, 3]), "Number of int64 values != expected. Values size: 3"),
    ],
)
def test_records_that_do_not_fit(text: bytes, message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        run(parse([text])[3][0])


def sequence(steps: int) -> bytes:
    made = SequenceExample()
    made.context.feature["c"].int64_list.value.append(steps)
    for step in range(steps):
        made.feature_lists.feature_list["f"].feature.add().float_list.value.extend([step, -step])
    return bytes(made.SerializeToString())


def test_lists_of_features_in_time() -> None:
    parsed = build(
        "ParseSequenceExample",
        [sequence(2), sequence(0), sequence(3)],
        [],
        [np.zeros(0, np.int64)],
        feature_list_dense_missing_assumed_empty=["f"],
        context_sparse_keys=[],
        context_dense_keys=["c"],
        feature_list_sparse_keys=["f"],
        feature_list_dense_keys=["f"],
        Ncontext_dense=1,
        Tcontext_dense=[tf.int64],
        context_dense_shapes=[[]],
        Nfeature_list_sparse=1,
        feature_list_sparse_types=[tf.float32],
        Nfeature_list_dense=1,
        feature_list_dense_types=[tf.float32],
        feature_list_dense_shapes=[[2]],
    )
    context, dense, lengths, shape = run(
        [
            parsed.context_dense_values[0],
            parsed.feature_list_dense_values[0],
            parsed.feature_list_dense_lengths[0],
            parsed.feature_list_sparse_shapes[0],
        ]
    )
    assert context.tolist() == [2, 0, 3]
    assert lengths.tolist() == [2, 0, 3]
    assert dense[:, :, 0].tolist() == [[0, 1, 0], [0, 0, 0], [0, 1, 2]]
    assert shape.tolist() == [3, 3, 2]


def test_a_serialized_tensor_comes_back() -> None:
    texts, empty = np.array([b"a", b""], object), np.zeros((0, 3), np.int8)
    for value in (np.array([[1, 2]], np.float32), texts, empty):
        tensor = tf.constant(value)
        text = build("SerializeTensor", tensor)
        found = run(build("ParseTensor", text, out_type=tensor.dtype))
        np.testing.assert_array_equal(found, value)
    with pytest.raises(tf.errors.InvalidArgumentError, match="Type mismatch"):
        run(build("ParseTensor", text, out_type=tf.int32))


# Printing


@pytest.mark.parametrize(
    ("value", "most", "text"),
    [
        (np.arange(6, dtype=np.float32).reshape(2, 3), 3, "[0 1 2]..."),
        (np.arange(12).reshape(2, 3, 2), 3, "[[0 1][2...]]..."),
        (np.arange(12).reshape(2, 3, 2), -1, "[[0 1][2 3][4 5]][[6 7][8 9][10 11]]"),
        (np.array([b'a"b', b"c"], object), 3, r"a\"b c"),
        (np.array([True, False]), 10, "1 0"),
        (np.array(3.5, np.float32), 3, "3.5"),
        (np.zeros((0, 2)), 3, ""),
    ],
)
def test_summaries_are_those_of_tensorflow(value: Any, most: int, text: str) -> None:
    assert summary(value, most) == text


def test_printing_passes_on_and_counts(capfd: pytest.CaptureFixture[str]) -> None:
    x = tf.constant([1.0, 2.0])
    y = build("Print", x, [x], message="x: ", first_n=2)
    slope = tf.gradients(y, x)[0]
    with tf.Session() as session:
        for _ in range(3):
            np.testing.assert_array_equal(session.run(y), [1, 2])
        assert session.run(slope).tolist() == [1, 1]
    assert capfd.readouterr().err == "x: [1 2]\nx: [1 2]\n"


def test_where_text_goes(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run(build("PrintV2", "out", output_stream="stdout", end="!"))
    run(build("PrintV2", "one", output_stream=f"file://{tmp_path}/log"))
    run(build("PrintV2", "two", output_stream=f"file://{tmp_path}/log"))
    assert capfd.readouterr().out == "out!"
    assert (tmp_path / "log").read_text() == "one\ntwo\n"
    with pytest.raises(tf.errors.InvalidArgumentError, match="Unknown output stream"):
        run(build("PrintV2", "x", output_stream="nowhere"))


# Sequences of labels


def test_greedy_decoding_merges_what_repeats() -> None:
    logits = np.full((5, 1, 3), -9, np.float32)
    for time, label in enumerate([0, 0, 2, 0, 1]):  # class 2 is the blank
        logits[time, 0, label] = 1
    for merge, labels in ((True, [0, 0, 1]), (False, [0, 0, 0, 1])):
        decoded = build("CTCGreedyDecoder", logits, [5], merge_repeated=merge)
        values, score = run([decoded.decoded_values, decoded.log_probability])
        assert values.tolist() == labels
        assert score.tolist() == [[-5]]
    with pytest.raises(tf.errors.FailedPreconditionError, match="sequence_length"):
        run(build("CTCGreedyDecoder", logits, [6])[0])


def all_paths(logits: Any) -> dict[tuple[int, ...], float]:
    """The likelihood of every sequence of labels, path by path."""
    time, classes = logits.shape
    odds = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    found: dict[tuple[int, ...], float] = {}
    for path in np.ndindex(*(classes,) * time):
        steps = [c for i, c in enumerate(path) if i == 0 or path[i - 1] != c]
        labels = tuple(c for c in steps if c != classes - 1)
        found[labels] = found.get(labels, 0.0) + float(
            np.prod([odds[t, c] for t, c in enumerate(path)])
        )
    return found


@pytest.mark.parametrize("seed", range(5))
def test_loss_and_beams_sum_over_all_paths(seed: int) -> None:
    logits = np.random.default_rng(seed).normal(size=(5, 1, 3)) * 2
    paths = all_paths(logits[:, 0])
    labels = [0, 1] if seed % 2 else [1, 1]
    indices = np.array([[0, 0], [0, 1]], np.int64)
    loss, slope = run(list(build("CTCLoss", logits, indices, np.array(labels, np.int32), [5])))
    np.testing.assert_allclose(loss, -np.log(paths[tuple(labels)]), rtol=1e-6)
    np.testing.assert_allclose(slope.sum(axis=2), 0, atol=1e-6)
    found = build(
        "CTCBeamSearchDecoder", logits, [5], beam_width=100, top_paths=2, merge_repeated=False
    )
    best = sorted(paths, key=lambda p: -paths[p])[:2]
    values, scores = run([list(found.decoded_values), found.log_probability])
    assert [tuple(v.tolist()) for v in values] == best
    np.testing.assert_allclose(scores[0], np.log([paths[p] for p in best]), rtol=1e-6)


@pytest.mark.parametrize(
    ("guess", "truth", "distance"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", np.inf), ("", "", 0), ("ab", "ab", 0)],
)
def test_edit_distances(guess: str, truth: str, distance: float) -> None:
    def sparse(text: str) -> list[Any]:
        indices = np.array([[0, i] for i in range(len(text))], np.int64).reshape(-1, 2)
        return [
            indices,
            np.array([ord(c) for c in text], np.int64),
            np.array([1, max(1, len(text))], np.int64),
        ]

    inputs = [*sparse(guess), *sparse(truth)]
    exact, relative = (run(build("EditDistance", *inputs, normalize=n)) for n in (False, True))
    assert exact[0] == (len(guess) if np.isinf(distance) else distance)
    assert relative[0] == pytest.approx(distance / len(truth) if truth else distance)


def test_scripts_of_characters() -> None:
    points = [ord("a"), ord("я"), ord("漢"), ord("1"), -1, 0x110000]
    assert run(build("UnicodeScript", points)).tolist() == [25, 8, 17, 0, -1, -1]
