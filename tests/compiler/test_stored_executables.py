"""Executables from the disk: what another process has compiled runs here, and only what fits."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from flowc.compiler.lowering import NeedsHost, ShapeDependsOnData

PROGRAM = """
import numpy as np, flowc as tf
{body}
"""


def run(folder: Path, body: str, *flags: str) -> list[str]:
    """The lines that a program in a process of its own prints."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder), "FLOWC_FLAGS": " ".join(flags)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


SUM = """
x = tf.placeholder(tf.float32, [None, {columns}])
w = tf.constant(np.arange({columns} * 2000, dtype=np.float32).reshape({columns}, 2000) + {first})
y = tf.reduce_sum(tf.matmul(x, w) * 2, 0)
with tf.Session() as session:
    for rows in (2, 5):
        print(session.run(y, {{x: np.ones((rows, {columns}), np.float32)}})[:3])
    print([list(c.times) for c in session.compilations])
"""


def test_what_another_process_has_compiled_is_loaded(tmp_path: Path) -> None:
    first = run(tmp_path, SUM.format(columns=3, first=0))
    second = run(tmp_path, SUM.format(columns=3, first=0))
    assert second[:-1] == first[:-1]
    assert "lower" in first[-1]
    assert second[-1] == "[['load']]"


@pytest.mark.parametrize(("columns", "first"), [(3, 1), (4, 0)])
def test_another_constant_or_size_is_another_request(
    tmp_path: Path, columns: int, first: int
) -> None:
    run(tmp_path, SUM.format(columns=3, first=0))
    found = run(tmp_path, SUM.format(columns=columns, first=first))
    assert "lower" in found[-1]
    assert found[:-1] == run(tmp_path / "other", SUM.format(columns=columns, first=first))[:-1]


def test_large_constants_that_were_computed_are_kept(tmp_path: Path) -> None:
    body = SUM.replace("+ {first})", ") * 3 + 1").format(columns=3)
    first, second = run(tmp_path, body), run(tmp_path, body)
    assert (second[:-1], second[-1]) == (first[:-1], "[['load']]")


SIZES = """
x, n = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.int32, [])
y = tf.reshape(x, tf.stack([n, -1]))
with tf.Session() as session:
    print(session.run(y, {{x: np.arange(12), n: {n}}}).shape)
    print([list(c.times) for c in session.compilations])
"""


def test_one_request_may_have_several(tmp_path: Path) -> None:
    for n, shape in ((3, "(3, 4)"), (1, "(1, 12)"), (4, "(4, 3)")):
        for _ in range(2):
            *result, times = run(tmp_path, SIZES.format(n=n))
            assert result == [shape]
        assert times == "[['load']]"


VARIABLE = """
v = tf.get_variable("v", [{size}])
assign = v.initializer
y = tf.check_numerics(v * tf.log(tf.placeholder_with_default(np.float32({value}), [])), "here")
with tf.Session() as session:
    session.run(v.assign(np.ones({size}, np.float32)))
    try:
        print(session.run(y))
    except tf.errors.InvalidArgumentError as error:
        print(str(error).splitlines()[0])
    print(list(session.compilations[-1].times))
"""


def test_a_variable_of_another_shape(tmp_path: Path) -> None:
    for size in (2, 3, 2):
        result, _ = run(tmp_path, VARIABLE.format(size=size, value=1))
        assert result == str(["0."] * size).replace("'", "").replace(",", "")


def test_a_check_tells_the_same(tmp_path: Path) -> None:
    body = VARIABLE.format(size=2, value=0)
    (fresh, _), (loaded, times) = run(tmp_path, body), run(tmp_path, body)
    assert times == "['load']"
    assert loaded == fresh
    assert "Inf" in loaded


def test_chance_stays_chance(tmp_path: Path) -> None:
    body = "with tf.Session() as s: print(s.run(tf.random_uniform([3])))"
    assert run(tmp_path, body) != run(tmp_path, body)
    seeded = "tf.set_random_seed(1)\n" + body
    assert run(tmp_path, seeded) == run(tmp_path, seeded)


def test_a_function_in_python_is_the_program_s_own(tmp_path: Path) -> None:
    body = """
with tf.Session() as s:
    print(s.run(tf.py_func(lambda a: a * {factor}, [np.float32(2)], tf.float32) + 1))
"""
    assert run(tmp_path, body.format(factor=2)) == ["5.0"]
    assert run(tmp_path, body.format(factor=3)) == ["7.0"]


def test_a_damaged_entry_is_made_again(tmp_path: Path) -> None:
    body = SUM.format(columns=3, first=0)
    first = run(tmp_path, body)
    for file in (tmp_path / "flowc").iterdir():
        file.write_bytes(file.read_bytes()[:-1] + b"x")
    second = run(tmp_path, body)
    assert second[:-1] == first[:-1]
    assert "lower" in second[-1]


INITIALISERS = """
tf.set_random_seed(1)
make = {maker}
made = [tf.get_variable(f"{name}{{i}}", (3, 2 + i), initializer=make) for i in range({count})]
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    print([list(c.times) for c in session.compilations])
    print(session.run(made[0]))
"""


def test_initialisers_of_another_model_are_loaded(tmp_path: Path) -> None:
    maker = "tf.truncated_normal_initializer(stddev={})"
    body = INITIALISERS.format(name="v", count=5, maker=maker.format(0.5))
    first, same = run(tmp_path, body), run(tmp_path, body)
    other = run(tmp_path, INITIALISERS.format(name="w", count=2, maker=maker.format(2.0)))
    assert "lower" in first[0]
    assert same[0] == other[0] == "[['load']]"
    assert same[1:] == first[1:]


def test_code_with_generators_is_loaded(tmp_path: Path) -> None:
    body = """
with tf.Session() as session:
    x = tf.random_normal([3], seed=1)
    print(session.run(x), session.run(x))
    print([list(c.times) for c in session.compilations])
"""
    first, second = run(tmp_path, body), run(tmp_path, body)
    assert (second[:-1], second[-1]) == (first[:-1], "[['load']]")


DIVIDED = """
x = tf.placeholder(tf.float32, [3000])
count = tf.reduce_sum(tf.cast(x, tf.int32))
y = tf.reduce_sum(tf.fill([count, 2], 1.5))
with tf.Session() as session:
    for last in (1, 4):
        print(session.run(y, {x: np.arange(3000) // 2999 * last}))
    print([list(c.times) for c in session.compilations])
"""


def test_how_a_request_is_divided_is_kept(tmp_path: Path) -> None:
    first, second = run(tmp_path, DIVIDED), run(tmp_path, DIVIDED)
    assert first[:-1] == second[:-1] == ["3.0", "12.0"]
    assert "lower" in first[-1]
    assert second[-1] == "[['load'], ['load']]"


def test_refusals_survive_pickling() -> None:
    for refusal in (ShapeDependsOnData("n", frozenset({"m:0"}), "p"), NeedsHost("n", "why")):
        found = pickle.loads(pickle.dumps(refusal))
        assert type(found) is type(refusal)
        assert vars(found) == vars(refusal)
        assert str(found) == str(refusal)
