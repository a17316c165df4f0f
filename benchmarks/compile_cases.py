"""What is compiled and how long it may take: the cases, and how each one is measured."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import compile_networks as networks

NEW_SIZES = 2000
THREAD_ROUNDS = 7
THREAD_SECONDS = 0.3


@dataclass
class Reading:
    """What one process found, in the case's unit; None where it says nothing."""

    cpu: float | None = None
    wall: float | None = None
    building: float | None = None  # processor time of building the graph


Measure = Callable[[Any, int], Reading]


@dataclass(frozen=True)
class Case:
    """A line of the table; a case of several sizes takes a process for each."""

    name: str
    measure: Measure
    sizes: tuple[int, ...]
    wanted: str
    unit: str = "s"
    layers_in_jax: bool = False
    shows_building: bool = False
    large: bool = False


@contextmanager
def timed(reading: Reading) -> Iterator[None]:
    """Fill in the processor time of all threads, and the time that passes."""
    cpu, wall = time.process_time(), time.perf_counter()
    yield
    reading.wall = time.perf_counter() - wall
    reading.cpu = time.process_time() - cpu


def first_run(build: Callable[[Any, int], networks.Program]) -> Measure:
    """Measures the first run of what is fetched, where variables have their values."""

    def measure(tf: Any, size: int) -> Reading:
        reading, building = Reading(), Reading()
        with timed(building):
            program = build(tf, size)
        session = tf.Session()
        if program.has_variables:
            session.run(tf.global_variables_initializer())
        with timed(reading):
            session.run(program.fetches, program.feeds)
        reading.building = building.cpu
        return reading

    return measure


def single_fetches(tf: Any, layers: int) -> Reading:
    """Each layer's output in a run of its own."""
    reading = Reading()
    x = tf.placeholder(tf.float32, [None, 64])
    outputs = networks.hidden_layers(tf, x, layers)
    session, value = tf.Session(), networks.noise(32, 64)
    session.run(tf.global_variables_initializer())
    with timed(reading):
        for output in outputs:
            session.run(output, {x: value})
    return reading


def single_ops(tf: Any, _: int) -> Reading:
    """The median first run, in milliseconds, of graphs that have one operation."""
    readings, value = [], networks.noise(8, 8)
    for build in networks.SINGLE.values():
        with tf.Graph().as_default(), tf.Session() as session:
            x = tf.placeholder(tf.float32, [8, 8])
            result = build(tf, x)
            with timed(reading := Reading()):
                session.run(result, {x: value})
        readings.append(reading)
    return median(readings, 1e3)


def median(readings: list[Reading], scale: float = 1.0) -> Reading:
    """The medians of each number, as far as there are any."""

    def of(values: list[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return scale * statistics.median(known) if known else None

    numbers = (
        [r.cpu for r in readings],
        [r.wall for r in readings],
        [r.building for r in readings],
    )
    return Reading(*map(of, numbers))


def two_threads(tf: Any, width: int) -> Reading:
    """The runs a second of two threads on one session, as a multiple of one thread's."""
    x, logits = networks.perceptron(tf, 784, width, 1)
    session, value = tf.Session(), networks.noise(1, 784)

    def runs(_: int) -> int:
        count, end = 0, time.perf_counter() + THREAD_SECONDS
        while time.perf_counter() < end:
            session.run(logits, {x: value})
            count += 1
        return count

    ratios = []
    with ThreadPoolExecutor(2) as threads:
        sum(threads.map(runs, range(2)))
        for _ in range(THREAD_ROUNDS):
            alone = sum(threads.map(runs, range(1)))
            ratios.append(sum(threads.map(runs, range(2))) / alone)
    return Reading(wall=statistics.median(ratios))


def unknown_vector(tf: Any) -> tuple[Any, Any, tuple[int, ...]]:
    """A placeholder, a result, and the rest of the placeholder's shape."""
    x = tf.placeholder(tf.float32, [None])
    return x, x * 2.0 + 1.0, ()


def unknown_batch(tf: Any) -> tuple[Any, Any, tuple[int, ...]]:
    """A placeholder, a result, and the rest of the placeholder's shape."""
    x, logits = networks.perceptron(tf, 32, 32, None)
    return x, logits, (32,)


def new_sizes(build: Callable[[Any], tuple[Any, Any, tuple[int, ...]]]) -> Measure:
    """Measures what a first run of a size takes beyond the next one of it, in microseconds."""

    def measure(tf: Any, unmeasured: int) -> Reading:
        x, result, rest = build(tf)
        session = tf.Session()
        sizes = list(range(1, unmeasured + NEW_SIZES + 1))
        random.Random(0).shuffle(sizes)
        largest = np.ones((len(sizes), *rest), np.float32)
        pairs = []
        for size in sizes:
            pair = Reading(), Reading()
            for reading in pair:
                value = largest[:size]
                with timed(reading):
                    session.run(result, {x: value})
            pairs.append(pair)
        new, again = (median([pair[i] for pair in pairs[unmeasured:]], 1e6) for i in range(2))
        return difference(new, again)

    return measure


def difference(first: Reading, second: Reading) -> Reading:
    """How much more the first took."""
    assert first.cpu is not None and second.cpu is not None
    assert first.wall is not None and second.wall is not None
    return Reading(first.cpu - second.cpu, first.wall - second.wall)


INFERENCE, RESNET = first_run(networks.resnet_inference), first_run(networks.resnet_training)
MLP, RNN = first_run(networks.mlp_training), first_run(networks.rnn_training)
INITIALISERS, WAVENET = first_run(networks.initialisers), first_run(networks.wavenet_training)
ADAM, LOOPS = first_run(networks.adam_over_many), first_run(networks.nested_loops)
ELEMENTWISE = first_run(networks.elementwise)

CASES = (
    Case("ResNet-50 inference, batch unknown", INFERENCE, (50,), "<= 1.0, from disk <= 0.12"),
    Case("ResNet-50 training step", RESNET, (50,), "<= 1.5"),
    Case("ResNet-152 training step", RESNET, (152,), "<= 4"),
    Case("MLP training, 50 layers", MLP, (50,), "<= 0.8, from disk <= 0.25", layers_in_jax=True),
    Case("MLP training, 400 layers", MLP, (400,), "<= 3.0, from disk <= 1.0", layers_in_jax=True),
    Case("static RNN training, 50 steps", RNN, (50,), "<= 0.8"),
    Case("static RNN training, 200 steps", RNN, (200,), "<= 2.5"),
    Case("initialisers of 100 variables", INITIALISERS, (100,), "<= 0.5"),
    Case("initialisers of 200 variables", INITIALISERS, (200,), "<= 0.8"),
    Case("WaveNet training, 4 layers", WAVENET, (4,), "<= 2"),
    Case("WaveNet training, 6 layers", WAVENET, (6,), "<= 3"),
    Case("Adam over 3,000 variables", ADAM, (3000,), "<= 5, building <= 6", shows_building=True),
    Case("while loops, 1, 3, 5 and 7 nested", LOOPS, (1, 3, 5, 7), "linear"),
    Case("10,000 elementwise nodes", ELEMENTWISE, (10_000,), "<= 3"),
    Case("50,000 elementwise nodes", ELEMENTWISE, (50_000,), "<= 15", large=True),
    Case("60 single fetches of 60 layers", single_fetches, (60,), "<= 1"),
    Case("a graph of a single op", single_ops, (30,), "<= 8", "ms"),
    Case("two threads / one, MLP of batch 1", two_threads, (512,), ">= 1.8", "x"),
    Case("a new size, x * 2 + 1", new_sizes(unknown_vector), (50,), "<= 20", "us"),
    Case("a new size, MLP", new_sizes(unknown_batch), (50,), "<= 20", "us"),
)
