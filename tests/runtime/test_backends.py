"""Sessions on a machine whose memory is not the host's: nothing but the backend may know of it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.compiler.driver import load_backends
from tests.runtime.pretend import PretendBackend

LOADER = "flowc.runtime.executor.load_backends"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> PretendBackend:
    backend = PretendBackend()
    monkeypatch.setenv("FLOWC_FLAGS", "--strict --no-cache")
    monkeypatch.setattr(LOADER, lambda threads, options: (backend,))
    return backend


def on(backend: PretendBackend | None, program: Callable[[], Any]) -> Any:
    """What a program gives in a graph of its own, and that nothing was left on the machine."""
    with tf.Graph().as_default():
        result = program()
    if backend is not None:
        assert backend.compiled, "nothing was compiled for the machine"
        gc.collect()
        assert not backend.memory.used, "buffers of a closed session are not free"
    return result


def train() -> list[Any]:
    """An MLP under Adam, for batches of several sizes."""
    tf.set_random_seed(7)
    x = tf.placeholder(tf.float32, [None, 6])
    labels = tf.placeholder(tf.int64, [None])
    hidden = tf.layers.dense(x, 5, activation=tf.nn.relu)
    logits = tf.layers.dense(hidden, 3)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    loss = tf.reduce_mean(losses)
    step = tf.train.AdamOptimizer(0.1).minimize(loss)
    random = np.random.RandomState(3)
    found = []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for size in (4, 4, 7):
            feeds = {x: random.randn(size, 6).astype(np.float32), labels: np.arange(size) % 3}
            found.append(session.run([loss, logits, step], feeds)[:2])
        found.append(session.run(tf.global_variables()))
    return found


def flat(found: list[Any]) -> list[Any]:
    return [np.asarray(array) for group in found for array in group]


def test_training_gives_the_numbers_of_the_cpu(machine: PretendBackend) -> None:
    for got, want in zip(flat(on(machine, train)), flat(expected(train)), strict=True):
        np.testing.assert_allclose(got, want, 1e-5, 1e-6)


def expected(program: Callable[[], Any]) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LOADER, load_backends)
        return on(None, program)


def test_large_feeds_and_fetches(machine: PretendBackend) -> None:
    """What is too large for a fixed buffer, and not in row-major order."""

    def program() -> Any:
        x = tf.placeholder(tf.float32, [None, 40])
        with tf.Session() as session:
            values = np.arange(4000, dtype=np.float32).reshape(40, 100).T
            return session.run([x + 1.0, tf.reduce_sum(x)], {x: values})

    for got, want in zip(on(machine, program), expected(program), strict=True):
        np.testing.assert_array_equal(got, want)


def test_variables_by_other_roads(machine: PretendBackend) -> None:
    """Loaded, saved, restored, assigned another shape, read by a host kernel, of strings."""

    def program() -> Any:
        v = tf.Variable([1.0, 2.0], validate_shape=False)
        text = tf.Variable(["a", "b"])
        longer = tf.assign(v, [1.0, 2.0, 3.0], validate_shape=False)
        shown = tf.as_string(v)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            v.load([5.0, 6.0], session)
            found = [session.run(v), session.run(shown), session.run(text)]
            return [*found, session.run(longer), session.run(v)]

    for got, want in zip(on(machine, program), expected(program), strict=True):
        np.testing.assert_array_equal(got, want)


def test_a_failed_check_changes_nothing(machine: PretendBackend) -> None:
    def program() -> Any:
        v = tf.Variable([1.0, 2.0])
        index = tf.placeholder(tf.int32, [])
        step = tf.assign_add(v, tf.gather([[1.0, 1.0], [2.0, 2.0]], index))
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            with pytest.raises(tf.errors.InvalidArgumentError, match="= 5 is not in"):
                session.run(step, {index: 5})
            return session.run(v)

    np.testing.assert_array_equal(on(machine, program), [1.0, 2.0])


def test_a_full_memory(machine: PretendBackend) -> None:
    def program() -> Any:
        x = tf.placeholder(tf.float32, [None])
        y = x * 2.0
        with tf.Session() as session:
            with pytest.raises(tf.errors.ResourceExhaustedError):
                session.run(y, {x: np.ones(1 << 20, np.float32)})
            return session.run(y, {x: np.ones(3, np.float32)})

    np.testing.assert_array_equal(on(machine, program), [2.0, 2.0, 2.0])


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> PretendBackend:
    """The pretend machine beside the CPU."""
    backend = PretendBackend()
    monkeypatch.setenv("FLOWC_FLAGS", "--strict --no-cache")
    monkeypatch.setattr(
        LOADER, lambda threads, options: (*load_backends(threads, options), backend)
    )
    return backend


def test_two_machines_share_a_step(second: PretendBackend) -> None:
    """Each computes what is placed on it; values and variables go over where they are used."""

    def program() -> Any:
        x = tf.placeholder(tf.float32, [None, 3])
        with tf.device("/device:PRETEND:0"):
            v = tf.get_variable("v", initializer=np.eye(3, dtype=np.float32))
            product = tf.matmul(x, v)
        total = tf.reduce_sum(product) + 1.0
        with tf.device("/device:PRETEND:0"):
            scaled = product * total
            grow = tf.assign_add(v, tf.ones([3, 3]))
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            made = len(second.compiled)
            assert made, "the variable is not initialised where it is"
            values = np.arange(6, dtype=np.float32).reshape(2, 3)
            found = session.run([total, scaled], {x: values})
            assert len(second.compiled) == made + 2, "before the total and after it"
            assert session.executor.environment.store["v"].memory is second.memory
            session.run(grow)
            v.load(np.full((3, 3), 2.0, np.float32), session)
            return [*found, session.run(product, {x: values}), session.run(v)]

    total, scaled, product, variable = on(second, program)
    assert total == 16.0
    np.testing.assert_array_equal(scaled, np.arange(6, dtype=np.float32).reshape(2, 3) * 16.0)
    np.testing.assert_array_equal(product, [[6.0] * 3, [24.0] * 3])
    np.testing.assert_array_equal(variable, np.full((3, 3), 2.0))


def test_training_on_two_machines(second: PretendBackend) -> None:
    def program() -> Any:
        with tf.device(lambda op: "/device:PRETEND:0" if "dense_1" in op.name else ""):
            return train()

    for got, want in zip(flat(on(second, program)), flat(expected(train)), strict=True):
        np.testing.assert_allclose(got, want, 1e-5, 1e-6)


def test_the_listing_tells_the_machines(
    second: PretendBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    def program() -> Any:
        with tf.device("/device:PRETEND:0"):
            x = tf.exp(tf.constant(0.0, name="there"), name="there_too")
        y = tf.negative(x, name="here")
        with tf.Session(config=tf.ConfigProto(log_device_placement=True)) as session:
            return session.run(y)

    assert on(second, program) == -1.0
    task = "/job:localhost/replica:0/task:0"
    assert capsys.readouterr().out.splitlines() == [
        f"there: (Const): {task}/device:PRETEND:0",
        f"there_too: (Exp): {task}/device:PRETEND:0",
        f"here: (Neg): {task}/device:CPU:0",
    ]
