"""Random ops through sessions: TensorFlow's numbers, streams from run to run, distributions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import DataDependent
from flowc.ir.tensor.primitives.random import philox
from tests.corpus import Pack
from tests.ops.conformance import check, missing_ops
from tests.ops.graph_runner import RunsOnHost

Array = np.ndarray[Any, Any]
FLOATS = [tf.float16, tf.bfloat16, tf.float32, tf.float64]
DISTRIBUTIONS = ["RandomUniform", "RandomStandardNormal", "TruncatedNormal"]


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    """A graph of its own for every test."""
    with tf.Graph().as_default() as made:
        yield made


def runs(tensor: Any, count: int = 1, threads: int = 1, **feeds: Any) -> list[Array]:
    """The tensor's values in consecutive runs of a new session."""
    config = tf.ConfigProto(intra_op_parallelism_threads=threads)
    with tf.Session(config=config) as session:
        return [session.run(tensor, feeds.get("feeds")) for _ in range(count)]


def words(seed: int, seed2: int, first: int, count: int) -> Array:
    """Words of the generator with these seeds, from block `first` on."""
    blocks = np.arange(first, first + -(-count // 4), dtype=np.uint64)
    return philox(seed, blocks, np.full_like(blocks, seed2)).ravel()[:count]


def swapped(count: int, word: Array) -> list[int]:
    """Fisher's and Yates's shuffle, swap by swap."""
    order = list(range(count))
    for row in range(count - 1):
        partner = row + int(word[row]) % (count - row)
        order[row], order[partner] = order[partner], order[row]
    return order


# TensorFlow's answers


@pytest.mark.parametrize("mode", ["eager", "symbolic"])
def test_interpreter_gives_the_numbers_of_tensorflow(shared: Path, mode: str) -> None:
    for path in sorted((shared / "golden" / "random").glob("*.npz")):
        pack = Pack(path)
        for case in pack.cases:
            if not missing_ops(pack, case):
                assert complaint(pack, case, mode) is None, case["id"]


def complaint(pack: Pack, case: dict[str, Any], mode: str) -> str | None:
    """What is wrong; symbolic lowering serves no host kernels, nor sizes that data decides."""
    try:
        return check(pack, case, mode)
    except (DataDependent, RunsOnHost):
        if mode == "eager":
            raise
        return None


# Streams


def test_uniform_numbers_are_the_low_bits_of_words() -> None:
    (first, second) = runs(build("RandomUniform", [5], dtype=tf.float32, seed=3, seed2=7), 2)
    for run, numbers in enumerate((first, second)):
        word = words(3, 7, run * 5 * 256, 5)
        np.testing.assert_array_equal(numbers, (word & 0x7FFFFF) / np.float32(1 << 23))


@pytest.mark.parametrize("op", DISTRIBUTIONS)
def test_seeds_and_runs_decide_the_numbers(op: str) -> None:
    def numbers(seed: int, seed2: int) -> list[Array]:
        return runs(build(op, [40], dtype=tf.float32, seed=seed, seed2=seed2), 2)

    first, second = numbers(1, 2)
    again = numbers(1, 2)
    np.testing.assert_array_equal([first, second], again)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, numbers(1, 3)[0])
    assert not np.array_equal(numbers(0, 0)[0], numbers(0, 0)[0])


@pytest.mark.parametrize("op", DISTRIBUTIONS)
def test_threads_do_not_matter(op: str) -> None:
    tensor = build(op, [300, 101], dtype=tf.float32, seed=1, seed2=2)
    one, four = runs(tensor, threads=1), runs(tensor, threads=4)
    np.testing.assert_array_equal(one, four)


def test_sizes_of_earlier_runs_move_the_stream() -> None:
    shape = tf.placeholder(tf.int32, [1])
    tensor = build("RandomUniform", shape, dtype=tf.float32, seed=3, seed2=7)
    with tf.Session() as session:
        for size, first in ((3, 0), (10, 3), (0, 13), (2, 13)):
            word = words(3, 7, first * 256, size)
            expected = (word & 0x7FFFFF) / np.float32(1 << 23)
            np.testing.assert_array_equal(session.run(tensor, {shape: [size]}), expected)


def test_counter_carries_into_its_high_half() -> None:
    tensor = build("RandomUniform", [4], dtype=tf.float32, seed=3, seed2=7)
    with tf.Session() as session:
        before = session.run(tensor)
        name = f"{tensor.op.name}/generator"
        session.executor.set_variable(name, np.array([3, 2**64 - 1, 6], np.uint64))
        session.run(tensor)
        left = session.executor.variable(name)
        np.testing.assert_array_equal(left, np.array([3, 4 * 256 - 1, 7], np.uint64))
        session.executor.set_variable(name, np.array([3, 0, 7], np.uint64))
        np.testing.assert_array_equal(session.run(tensor), before)


# Distributions


@pytest.mark.parametrize("dtype", FLOATS, ids=lambda d: d.name)
@pytest.mark.parametrize(
    ("op", "mean", "deviation", "least", "greatest"),
    [
        ("RandomUniform", 0.5, 12**-0.5, 0, 1),
        ("RandomStandardNormal", 0, 1, -7, 7),
        ("TruncatedNormal", 0, 0.8796, -2, 2),
    ],
)
def test_moments(
    op: str, mean: float, deviation: float, least: float, greatest: float, dtype: DType
) -> None:
    (numbers,) = runs(build(op, [50, 1001], dtype=dtype, seed=5, seed2=6))
    numbers = numbers.astype(np.float64)
    coarse = 2**-8 if dtype is tf.bfloat16 else 0.0
    assert abs(numbers.mean() - mean) < 0.015 + coarse
    assert abs(numbers.std() - deviation) < 0.015 + coarse
    assert least <= numbers.min() and numbers.max() <= greatest


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64], ids=lambda d: d.name)
def test_integers_are_within_bounds(dtype: DType) -> None:
    low, high = dtype.min, dtype.max
    small = build(
        "RandomUniformInt",
        [5000],
        np.array(-3, dtype.numpy),
        np.array(4, dtype.numpy),
        seed=1,
        seed2=2,
    )
    large = build(
        "RandomUniformInt",
        [5000],
        np.array(low, dtype.numpy),
        np.array(high, dtype.numpy),
        seed=1,
        seed2=2,
    )
    (few, many) = runs([small, large])[0]
    assert sorted(set(few.tolist())) == list(range(-3, 4))
    assert abs(float(many.astype(np.float64).mean())) < 0.05 * float(high)


def test_bounds_in_the_wrong_order_are_refused() -> None:
    low, high = tf.placeholder(tf.int32, []), tf.placeholder(tf.int32, [])
    tensor = build("RandomUniformInt", [5], low, high)
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError):
        session.run(tensor, {low: 3, high: 3})


@pytest.mark.parametrize("alpha", [0.1, 0.9, 1.0, 1.5, 30.0])
def test_moments_of_gamma(alpha: float) -> None:
    (numbers,) = runs(build("RandomGamma", [20000], np.array([alpha]), seed=1, seed2=2))
    assert numbers.mean() == pytest.approx(alpha, rel=0.05)
    assert numbers.var() == pytest.approx(alpha, rel=0.1)


@pytest.mark.parametrize("rate", [0.3, 4.0, 9.9, 10.0, 200.0])
def test_moments_of_poisson(rate: float) -> None:
    tensor = build("RandomPoissonV2", [20000], np.array(rate), seed=1, seed2=2, dtype=tf.int64)
    (numbers,) = runs(tensor)
    assert numbers.mean() == pytest.approx(rate, rel=0.05)
    assert numbers.var() == pytest.approx(rate, rel=0.1)


def test_parameters_that_no_number_has_do_not_hang() -> None:
    gamma = build("RandomGamma", [2], np.array([-1.0, np.nan, 0.0]), seed=1)
    poisson = build("RandomPoissonV2", [2], np.array([np.inf]), seed=1, dtype=tf.float32)
    (numbers, counts) = runs([gamma, poisson])[0]
    assert np.isnan(numbers[:, :2]).all() and (numbers[:, 2] == 0).all()
    assert np.isnan(counts).all()


def test_multinomial_follows_the_probabilities() -> None:
    probabilities = np.array([[0.1, 0.2, 0.7], [0.5, 0.0, 0.5]], np.float32)
    with np.errstate(divide="ignore"):
        tensor = build("Multinomial", np.log(probabilities), 20000, seed=1, seed2=2)
    (classes,) = runs(tensor)
    found = np.stack([np.bincount(row, minlength=3) for row in classes]) / 20000
    np.testing.assert_allclose(found, probabilities, atol=0.02)
    assert found[1, 1] == 0


def test_gradient_of_gamma_numbers() -> None:
    alpha = tf.placeholder(tf.float64, [3])
    (slope,) = tf.gradients(tf.random_gamma([4000], alpha, dtype=tf.float64, seed=1), alpha)
    (value,) = runs(slope, feeds={alpha: [0.5, 2.0, 50.0]})
    np.testing.assert_allclose(value / 4000, 1, atol=0.1)  # the mean is alpha


# Permutations


@pytest.mark.parametrize("count", [0, 1, 2, 3, 10, 257, 5000])
def test_shuffle_swaps_row_by_row(count: int) -> None:
    tensor = build("RandomShuffle", np.arange(count, dtype=np.int64), seed=3, seed2=7)
    first, second = runs(tensor, 2)
    assert first.tolist() == swapped(count, words(3, 7, 0, count))
    assert second.tolist() == swapped(count, words(3, 7, (count + 2) // 4, count))


def test_shuffle_keeps_rows_together() -> None:
    rows = np.arange(60).reshape(20, 3)
    (shuffled,) = runs(build("RandomShuffle", rows, seed=3, seed2=7))
    np.testing.assert_array_equal(shuffled, rows[swapped(20, words(3, 7, 0, 20))])


def test_strings_are_shuffled_like_numbers() -> None:
    names = np.array([str(i) for i in range(9)], object)
    fed = tf.placeholder(tf.string, [None])
    tensor = build("RandomShuffle", fed, seed=3, seed2=7)
    for run, shuffled in enumerate(runs(tensor, 2, feeds={fed: names})):
        order = swapped(9, words(3, 7, run * 2, 9))
        assert [int(name) for name in shuffled] == order


# Candidates


def candidates(count: int, size: int, unique: bool) -> tuple[list[int], int]:
    """Log-uniform classes one by one, and how many were drawn."""
    word = words(3, 7, 0, 512 * count).astype(np.uint64).reshape(-1, 2)
    mantissa = (word[:, 0] & np.uint64(0xFFFFF)) << np.uint64(32) | word[:, 1]
    drawn = np.exp(mantissa / 2.0**52 * np.log1p(size)).astype(np.int64) - 1
    found: list[int] = []
    for tries, label in enumerate(drawn.tolist()):
        if len(found) == count:
            return found, tries
        if not (unique and label in found):
            found.append(label)
    raise AssertionError("too few words")


@pytest.mark.parametrize("unique", [True, False])
@pytest.mark.parametrize(("count", "size"), [(5, 5), (8, 100), (64, 10000)])
def test_candidates_are_the_first_that_are_drawn(count: int, size: int, unique: bool) -> None:
    drawn = build(
        "LogUniformCandidateSampler",
        np.zeros((3, 1), np.int64),
        num_true=1,
        num_sampled=count,
        unique=unique,
        range_max=size,
        seed=3,
        seed2=7,
    )
    (labels, of_true, of_picked) = runs(list(drawn))[0]
    expected, tries = candidates(count, size, unique)
    assert labels.tolist() == expected
    probability = np.log((labels + 2) / (labels + 1)) / np.log1p(size)
    often = 1 - (1 - probability) ** tries if unique and tries > count else probability * count
    np.testing.assert_allclose(of_picked, often, rtol=1e-5)
    assert of_true.shape == (3, 1)


def test_uniform_candidates() -> None:
    drawn = build(
        "UniformCandidateSampler",
        [[1]],
        num_true=1,
        num_sampled=6,
        unique=True,
        range_max=6,
        seed=3,
        seed2=7,
    )
    (labels, _, often) = runs(list(drawn))[0]
    assert sorted(labels.tolist()) == list(range(6))
    assert ((often > 0) & (often <= 1)).all()


def test_accidental_hits() -> None:
    hits = build("ComputeAccidentalHits", [[1, 4], [7, 2]], [2, 5, 1], num_true=2)
    (rows, ids, weights) = runs(list(hits))[0]
    assert (rows.tolist(), ids.tolist()) == ([0, 1], [2, 0])
    assert (weights == np.finfo(np.float32).min).all()
