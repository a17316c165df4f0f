"""Flags, files, nested structures."""

from pathlib import Path
from typing import Any

import pytest

import flowc as tf
from flowc.frontend.platform import flags


@pytest.fixture
def values(monkeypatch: pytest.MonkeyPatch) -> flags.FlagValues:
    fresh = flags.FlagValues()
    monkeypatch.setattr(flags, "FLAGS", fresh)
    return fresh


def test_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_string("name", "x", "a name")
    flags.DEFINE_integer("count", 1, "a number")
    flags.DEFINE_float("rate", 0.5, "a rate")
    flags.DEFINE_bool("fast", False, "fast")
    flags.DEFINE_list("parts", "a,b", "parts")
    rest = values(["prog", "--name=y", "-count", "3", "--fast", "file", "--", "--rate"])
    assert rest == ["prog", "file", "--rate"]
    found = (values.name, values.count, values.rate, values.fast, values.parts)
    assert found == ("y", 3, 0.5, True, ["a", "b"])
    values(["prog", "--nofast"])
    assert values.fast is False
    values.count = 7
    assert values.count == 7


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["p", "--count=x"], "flag --count=x"),
        (["p", "--other=1"], "Unknown command line flag 'other'"),
        (["p", "--count"], "Missing value for flag count"),
    ],
)
def test_bad_flags(values: flags.FlagValues, argv: list[str], message: str) -> None:
    flags.DEFINE_integer("count", 1, "a number")
    with pytest.raises(flags.Error, match=message):
        values(argv)


def test_flags_are_defined_once(values: flags.FlagValues) -> None:
    flags.DEFINE_integer("count", 1, "a number")
    with pytest.raises(flags.Error, match="defined twice"):
        flags.DEFINE_integer("count", 2, "another")
    with pytest.raises(AttributeError, match="Unknown command line flag"):
        _ = values.nothing


def test_app_runs_main(values: flags.FlagValues) -> None:
    flags.DEFINE_integer("count", 1, "a number")
    with pytest.raises(SystemExit) as stopped:
        tf.app.run(lambda argv: [*argv, values.count], ["prog", "--count=2", "x"])
    code: Any = stopped.value.code
    assert code == ["prog", "x", 2]


def test_files(tmp_path: Path) -> None:
    folder = str(tmp_path / "a" / "b")
    tf.gfile.MakeDirs(folder)
    with tf.gfile.GFile(f"{folder}/x.txt", "w") as file:
        file.write("one\ntwo\n")
    assert list(tf.gfile.GFile(f"{folder}/x.txt")) == ["one\n", "two\n"]
    assert tf.gfile.FastGFile(f"{folder}/x.txt", "rb").read() == b"one\ntwo\n"
    tf.gfile.Copy(f"{folder}/x.txt", f"{folder}/y.txt")
    assert tf.gfile.ListDirectory(folder) == ["x.txt", "y.txt"]
    assert tf.gfile.Glob(f"{folder}/*.txt") == [f"{folder}/x.txt", f"{folder}/y.txt"]
    with pytest.raises(tf.errors.AlreadyExistsError):
        tf.gfile.Copy(f"{folder}/x.txt", f"{folder}/y.txt")
    tf.gfile.DeleteRecursively(folder)
    assert not tf.gfile.Exists(folder)
    with pytest.raises(tf.errors.NotFoundError):
        tf.gfile.GFile(f"{folder}/x.txt").read()


def test_nested_structures() -> None:
    structure: Any = {"b": [1, (2, 3)], "a": 4}
    assert tf.nest.flatten(structure) == [4, 1, 2, 3]
    doubled = tf.nest.map_structure(lambda x: x * 2, structure)
    assert doubled == {"b": [2, (4, 6)], "a": 8}
    with pytest.raises(ValueError, match="same number of elements"):
        tf.nest.assert_same_structure([1, 2], [1])
    with pytest.raises(ValueError, match="Structure had 4 elements"):
        tf.nest.pack_sequence_as(structure, [1])


def test_flags_of_several_values(values: flags.FlagValues) -> None:
    flags.DEFINE_multi_string("name", ["x"], "names")
    flags.DEFINE_multi_integer("count", None, "counts")
    flags.DEFINE_multi_float("rate", 0.5, "rates")
    flags.DEFINE_spaceseplist("words", "a b", "words")
    flags.DEFINE_alias("n", "name")
    assert (values["rate"].value, values["words"].value) == ([0.5], ["a", "b"])
    values(["program", "--name=a", "--n=b", "--count", "1", "--count=0x10", "--words=c d"])
    assert (values.name, values.n, values.count) == (["a", "b"], ["a", "b"], [1, 16])
    assert values.words == ["c", "d"]
    assert values.get_flag_value("nothing", 3) == 3
    values.set_default("rate", [1.5])
    assert values.rate == [1.5]


def test_checks_of_flags(values: flags.FlagValues) -> None:
    flags.DEFINE_integer("count", 1, "a number")
    flags.DEFINE_string("a", None, "one")
    flags.DEFINE_string("b", None, "other")
    flags.register_validator("count", lambda value: value > 0, "must be positive")
    flags.mark_flags_as_mutual_exclusive(["a", "b"], required=True)
    values(["program", "--a=x"])
    with pytest.raises(flags.ValidationError, match="--count=0: must be positive"):
        values(["program", "--count=0"])
    with pytest.raises(flags.ValidationError, match="Exactly one of"):
        values(["program", "--count=1", "--b=y"])
