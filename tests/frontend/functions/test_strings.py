"""Strings: ops that move them, functions of them, files; always beside compiled numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf


def run(fetches: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feeds)


WORDS = np.array([[b"a", b"bc"], [b"", b"def"]], object)

MOVES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "identity": (tf.identity, WORDS),
    "reshape": (lambda x: tf.reshape(x, [4]), WORDS.reshape(4)),
    "transpose": (tf.transpose, WORDS.T),
    "concat": (lambda x: tf.concat([x, x], 1), np.concatenate([WORDS, WORDS], 1)),
    "stack": (lambda x: tf.stack([x[0], x[1]], 1), WORDS.T),
    "gather": (lambda x: tf.gather(x, [1, 1]), WORDS[[1, 1]]),
    "slice": (lambda x: x[:, 1], WORDS[:, 1]),
    "tile": (lambda x: tf.tile(x, [2, 1]), np.tile(WORDS, (2, 1))),
    "expand": (lambda x: tf.expand_dims(x, 0), WORDS[None]),
    "reverse": (lambda x: tf.reverse(x, [0]), WORDS[::-1]),
    "fill": (lambda x: tf.fill([2, 2], x[0, 0]), np.full((2, 2), b"a", object)),
    "where": (lambda x: tf.where([True, False], x, tf.reverse(x, [0])), WORDS[[0, 0]]),
    "add": (lambda x: x + "!", np.array([[b"a!", b"bc!"], [b"!", b"def!"]], object)),
    "equal": (lambda x: tf.equal(x, "bc"), WORDS == b"bc"),
    "not equal": (lambda x: tf.not_equal(x, "bc"), WORDS != b"bc"),
    "shape": (tf.shape, [2, 2]),
    "unique": (lambda x: tf.unique(tf.reshape(x, [-1]))[1], [0, 1, 2, 3]),
    "mask": (lambda x: tf.boolean_mask(x, [[True, False], [False, True]]), [b"a", b"def"]),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("shape", [(2, 2), (None, None)], ids=["known", "unknown"])
def test_strings_move_like_numbers(move: str, shape: tuple[Any, ...]) -> None:
    function, expected = MOVES[move]
    x = tf.placeholder(tf.string, shape)
    np.testing.assert_array_equal(run(function(x), {x: WORDS}), expected)


def test_a_variable_of_strings() -> None:
    for resource in (True, False):
        initial = tf.constant(["x", "y"])
        names = tf.get_variable(f"n{resource}", initializer=initial, use_resource=resource)
        changed = names.assign(["z", "y"])
        assert run(changed.op) is None
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            session.run(changed.op)
            assert session.run(names).tolist() == [b"z", b"y"]


def test_numbers_between_strings_are_compiled() -> None:
    words = tf.placeholder(tf.string, [None])
    lengths = tf.strings.length(words)
    total = tf.reduce_sum(tf.square(tf.cast(lengths, tf.float32)))
    text = tf.strings.join([tf.as_string(total, precision=1), " in all"])
    assert run(text, {words: ["ab", "cde"]}) == b"13.0 in all"


def test_a_placeholder_that_is_not_fed() -> None:
    x = tf.placeholder(tf.string, [None], name="words")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"You must feed a value.*'words'"):
        run(tf.strings.length(x))


FUNCTIONS: dict[str, tuple[Callable[[], Any], Any]] = {
    "join": (lambda: tf.string_join([["a", "b"], "c"], "-"), [b"a-c", b"b-c"]),
    "reduce": (lambda: tf.reduce_join([["a", "b"], ["c", "d"]], [0, 1]), b"acbd"),
    "upper": (lambda: tf.strings.upper("aé"), "Aé".encode()),
    "upper, all letters": (lambda: tf.strings.upper("aé", "utf-8"), "AÉ".encode()),
    "strip": (lambda: tf.string_strip(" a\n"), b"a"),
    "part": (lambda: tf.substr(["hello", "world"], -3, 2), [b"ll", b"rl"]),
    "characters": (lambda: tf.substr("héé", 1, 1, unit="UTF8_CHAR"), "é".encode()),
    "pattern": (lambda: tf.strings.regex_full_match(["a1", "a"], r"\w\d"), [True, False]),
    "rewrite": (lambda: tf.regex_replace("a1 b2", r"(\w)(\d)", r"\2\1"), b"1a 2b"),
    "line ends": (lambda: tf.regex_replace("a\n", "a$", "b"), b"a\n"),
    "numbers": (lambda: tf.string_to_number([" 1.5", "-2e1"]), [1.5, -20]),
    "format": (lambda: tf.strings.format("{} of {}", [1, tf.range(8)]), b"1 of [0 1 2 ... 5 6 7]"),
    "text": (lambda: tf.as_string([1.5, 2], precision=2, width=6), [b"  1.50", b"  2.00"]),
    "raw": (lambda: tf.decode_raw("\x01\x00\x02\x00", tf.int16), [1, 2]),
    "big-endian": (lambda: tf.decode_raw("\x01\x00", tf.int16, little_endian=False), [256]),
    "base64": (lambda: tf.decode_base64(tf.encode_base64("any bytes")), b"any bytes"),
    "columns": (lambda: tf.decode_csv(['1,"a,""b"""', "2,"], [[0], ["-"]])[1], [b'a,"b"', b"-"]),
    "transcode": (lambda: tf.strings.unicode_transcode("é", "UTF-8", "UTF-16-BE"), b"\0\xe9"),
    "malformed": (lambda: tf.strings.unicode_transcode(b"a\xff", "UTF-8", "UTF-8"), "a�".encode()),
    "segments": (
        lambda: tf.strings.unsorted_segment_join(["a", "b", "c"], [1, 0, 1], 2, "+"),
        [b"b", b"a+c"],
    ),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str) -> None:
    function, expected = FUNCTIONS[name]
    np.testing.assert_array_equal(run(function()), expected)


def test_splitting() -> None:
    parts = run(tf.string_split(["a b", "", "c  d"]))
    assert parts.values.tolist() == [b"a", b"b", b"c", b"d"]
    assert parts.indices.tolist() == [[0, 0], [0, 1], [2, 0], [2, 1]]
    assert parts.dense_shape.tolist() == [3, 2]
    assert run(tf.strings.split(["a,b,c"], ",", maxsplit=1)).values.tolist() == [b"a", b"b,c"]


MISTAKES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "no number": ("could not correctly convert string: x", tf.string_to_number),
    "no base64": ("Invalid character found in base64", lambda x: tf.decode_base64(x + "!")),
    "no pattern": ("Invalid pattern: \\(", lambda x: tf.regex_replace(x, "(", "")),
    "no group": ("Invalid rewrite pattern", lambda x: tf.regex_replace(x, "a", "\\1")),
    "outside": ("pos 2 out of range", lambda x: tf.substr(x, 2, 1)),
    "odd bytes": ("not a multiple of 4", lambda x: tf.decode_raw(x, tf.int32)),
    "too few fields": ("Expect 2 fields but have 1", lambda x: tf.decode_csv(x, [[0], [0]])),
    "other shapes": (
        "Incompatible shapes",
        lambda x: x + tf.placeholder_with_default(["a", "b", "c"], [None]),
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_leaves_the_session_usable(name: str) -> None:
    message, function = MISTAKES[name]
    x = tf.placeholder(tf.string, [None])
    wrong = function(x)
    with tf.Session() as session:
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            session.run(wrong, {x: ["x", "x"]})
        assert session.run(tf.strings.length(x), {x: ["x"]}) == [1]


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    run(tf.write_file(str(path), "content"))
    assert path.read_bytes() == b"content"
    assert run(tf.read_file(str(path))) == b"content"
    assert run(tf.matching_files(str(tmp_path / "*" / "f*"))).tolist() == [str(path).encode()]
    with pytest.raises(tf.errors.NotFoundError, match="No such file"):
        run(tf.read_file(str(tmp_path / "absent")))
