"""`tf.test.TestCase`, and what else programs test themselves with."""

from __future__ import annotations

import subprocess
import sys
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf

NAN = float("nan")


class Example(tf.test.TestCase):
    """A test case whose tests call a function."""

    call: Callable[[Any], None]

    def runTest(self) -> None:
        type(self).call(self)


Example.__test__ = False  # it is run here, not by pytest


def run(function: Callable[[Any], None]) -> unittest.TestResult:
    """The result of a test that calls `function` with its test case."""
    Example.call = staticmethod(function)
    result = unittest.TestResult()
    Example().run(result)
    return result


def test_sessions() -> None:
    seen: list[Any] = []

    def body(case: Any) -> None:
        assert tf.get_default_graph().get_operations() == []
        seen.append(tf.random_uniform([]))
        with case.cached_session() as first:
            value = first.run(seen[-1])
        with case.test_session() as again:
            assert again is first
        with case.session(graph=tf.Graph()) as other:
            assert other is not first
            assert tf.get_default_graph() is other.graph
        assert case.evaluate(tf.constant(3)) == 3
        seen.append(value)
        (Path(case.get_temp_dir()) / "file").touch()
        with pytest.raises(ValueError, match="is different"), case.cached_session(tf.Graph()):
            pass

    assert run(body).errors == []
    assert run(body).wasSuccessful()
    assert seen[1] == seen[3]  # the seeds are the same each time


HOLDS: list[Callable[[Any], None]] = [
    lambda t: t.assertAllClose([1.0, 2.0], np.array([1.0, 2.0 + 1e-7])),
    lambda t: t.assertAllClose({"a": [1.0, [2.0]], "b": (3,)}, {"a": [1.0, [2.0]], "b": (3,)}),
    lambda t: t.assertAllClose(tf.constant([1.0]), [1.0]),
    lambda t: t.assertAllClose([NAN], [NAN]),
    lambda t: t.assertAllCloseAccordingToType(np.float16(1), np.float16(1.0005)),
    lambda t: t.assertNotAllClose([1.0], [1.1]),
    lambda t: t.assertAllEqual([1, NAN], [1, NAN]),
    lambda t: t.assertAllEqual(tf.constant(["a"]), [b"a"]),
    lambda t: t.assertAllEqual(["a", "b"], np.array([b"a", b"b"], object)),
    lambda t: t.assertNotAllEqual([1], [2]),
    lambda t: t.assertNear(1.0, 1.05, 0.1),
    lambda t: t.assertArrayNear([1.0], [1.05], 0.1),
    lambda t: t.assertNDArrayNear(np.ones(2), np.ones(2) + 0.01, 0.1),
    lambda t: t.assertShapeEqual(np.ones([2, 3]), tf.zeros([2, 3])),
    lambda t: t.assertDTypeEqual(np.ones(2, np.int32), tf.int32),
    lambda t: t.assertDeviceEqual("/cpu:0", "/device:CPU:0"),
    lambda t: t.assertProtoEquals("name: 'x'", tf.NodeDef(name="x")),
    lambda t: t.assertProtoEqualsVersion("", tf.Graph().as_graph_def()),
    lambda t: t.assertAllInRange([1, 2], 1, 2),
    lambda t: t.assertAllGreater([1, 2], 0),
    lambda t: t.assertAllLess([1, 2], 3),
    lambda t: t.assertAllInSet([1, 2], {1, 2, 3}),
    lambda t: t.assertStartsWith("abc", "ab"),
    lambda t: t.assertEmpty([]),
    lambda t: t.assertNotEmpty([1]),
    lambda t: t.assertLen([1], 1),
    lambda t: t.assertItemsEqual([1, 2], [2, 1]),
    lambda t: t.assertBetween(1, 0, 2),
]
FAILS: list[Callable[[Any], None]] = [
    lambda t: t.assertAllClose([1.0, 2.0], [1.0, 2.1]),
    lambda t: t.assertAllClose([1.0], [[1.0]]),
    lambda t: t.assertAllClose({"a": [1.0, [2.0]]}, {"a": [1.0, [2.5]]}),
    lambda t: t.assertAllCloseAccordingToType(np.float32(1), np.float32(1.0005)),
    lambda t: t.assertNotAllClose([1.0], [1.0]),
    lambda t: t.assertAllEqual([1, 2], [1, 3]),
    lambda t: t.assertAllEqual([1, 2], [1]),
    lambda t: t.assertAllEqual([b"a"], [b"b"]),
    lambda t: t.assertNotAllEqual([1], [1]),
    lambda t: t.assertNear(1.0, 1.2, 0.1),
    lambda t: t.assertArrayNear([1.0], [1.05, 2], 0.1),
    lambda t: t.assertNDArrayNear(np.ones(2), np.ones(2) + 1, 0.1),
    lambda t: t.assertShapeEqual(np.ones([2, 3]), tf.zeros([2, 4])),
    lambda t: t.assertDTypeEqual(np.ones(2, np.int32), tf.int64),
    lambda t: t.assertProtoEquals("name: 'x'", tf.NodeDef(name="y")),
    lambda t: t.assertAllInRange([1, 2], 1, 2, open_upper_bound=True),
    lambda t: t.assertAllInSet([1, 4], {1, 2, 3}),
    lambda t: t.assertStartsWith("abc", "b"),
    lambda t: t.assertLen([1], 2),
]


@pytest.mark.parametrize("number", range(len(HOLDS)))
def test_what_holds(number: int) -> None:
    result = run(HOLDS[number])
    assert result.wasSuccessful(), result.errors + result.failures


@pytest.mark.parametrize("number", range(len(FAILS)))
def test_what_does_not_hold(number: int) -> None:
    result = run(FAILS[number])
    assert len(result.failures) == 1, result.errors


def test_errors_of_runs() -> None:
    def right(case: Any) -> None:
        with case.cached_session(), case.assertRaisesOpError("[Uu]ninitialized"):
            tf.get_variable("x", [], use_resource=False).eval()
        with case.assertRaisesWithPredicateMatch(ValueError, lambda e: "a" in str(e)):
            raise ValueError("abc")

    assert run(right).wasSuccessful()

    def none(case: Any) -> None:
        with case.assertRaisesOpError("x"):
            pass

    def other(case: Any) -> None:
        with case.assertRaisesWithPredicateMatch(ValueError, "x"):
            raise ValueError("abc")

    assert len(run(none).failures) == len(run(other).failures) == 1


def test_threads() -> None:
    def right(case: Any) -> None:
        thread = case.checkedThread(lambda: None)
        thread.start()
        thread.join()

    def failing(case: Any) -> None:
        thread = case.checkedThread(lambda: 1 // 0)
        thread.start()
        thread.join()

    def forgotten(case: Any) -> None:
        case.checkedThread(lambda: None).start()

    assert run(right).wasSuccessful()
    assert len(run(failing).failures) == len(run(forgotten).failures) == 1


def test_gradients_beside_differences() -> None:
    with tf.Session():
        x = tf.placeholder(tf.float64, [2, 3])
        y = tf.placeholder(tf.float64, [3])
        z = tf.tanh(tf.linalg.matvec(x, y))
        right = tf.test.compute_gradient_error([x, y], [[2, 3], [3]], z, [2], delta=1e-5)
        assert right < 1e-8
        theoretical, numeric = tf.test.compute_gradient(
            y, [3], 2 * y, [3], x_init_value=np.ones(3), delta=1e-5
        )
        np.testing.assert_allclose(theoretical, 2 * np.eye(3))
        np.testing.assert_allclose(numeric, 2 * np.eye(3), atol=1e-8)
        wrong = tf.stop_gradient(y) * y
        assert tf.test.compute_gradient_error(y, [3], wrong, [3], np.ones(3)) > 0.9
        c = tf.placeholder(tf.complex64, [2])
        assert tf.test.compute_gradient_error(c, [2], c * (1 + 2j), [2], delta=1e-2) < 1e-3
        table = tf.placeholder(tf.float64, [3, 2])
        scale = tf.Variable(2.0, dtype=tf.float64)
        rows = tf.gather(table, [2, 0, 2]) * scale
        assert (
            tf.test.compute_gradient_error(
                table, [3, 2], rows, [3, 2], init_targets=scale.initializer, delta=1e-4
            )
            < 1e-8
        )
    with pytest.raises(ValueError, match="default session"):
        tf.test.compute_gradient(y, [3], 2 * y, [3])


def test_equal_graphs() -> None:
    def graph(value: float) -> tf.GraphDef:
        with tf.Graph().as_default() as made:
            tf.constant(value, name="c")
        return made.as_graph_def()

    tf.test.assert_equal_graph_def(graph(1.0), graph(1.0))
    with pytest.raises(AssertionError, match="'c' differs"):
        tf.test.assert_equal_graph_def(graph(1.0), graph(2.0))
    with pytest.raises(AssertionError, match="Did not find"):
        tf.test.assert_equal_graph_def(tf.GraphDef(), graph(2.0))
    with pytest.raises(AssertionError, match="unexpected"):
        tf.test.assert_equal_graph_def(graph(1.0), tf.GraphDef())
    with pytest.raises(TypeError, match=r"Expected tf.GraphDef"):
        tf.test.assert_equal_graph_def(graph(1.0), 3)  # type: ignore[arg-type]


def test_benchmarks() -> None:
    class Mine(tf.test.Benchmark):
        def benchmark_add(self) -> dict[str, Any]:
            with tf.Session(config=tf.test.benchmark_config()) as session:
                return self.run_op_benchmark(session, tf.constant(1) + 1, min_iters=3, mbs=1)

    found = Mine().benchmark_add()
    assert found["iters"] == 3
    assert found["wall_time"] > 0
    assert Mine.is_abstract() is False


def test_the_machine() -> None:
    assert not tf.test.is_gpu_available()
    assert not tf.test.is_built_with_cuda()
    assert tf.test.gpu_device_name() == ""
    assert Path(tf.test.get_temp_dir()).is_dir()
    assert tf.test.test_src_dir_path("a/b").endswith("a/b")
    assert tf.test.mock.Mock()
    workers, servers = tf.test.create_local_cluster(1, 0)
    assert (len(workers), servers) == (1, [])
    with pytest.raises(tf.errors.UnimplementedError):
        tf.test.create_local_cluster(2, 1)


def test_a_program_of_tests(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import flowc as tf\n"
        "tf.app.flags.DEFINE_integer('size', 2, '')\n"
        "class MyTest(tf.test.TestCase):\n"
        "    def test_it(self):\n"
        "        self.assertAllEqual(tf.ones([tf.app.flags.FLAGS.size]), [1, 1, 1])\n"
        "if __name__ == '__main__':\n"
        "    tf.test.main()\n"
    )
    for size, code in ((3, 0), (2, 1)):
        done = subprocess.run([sys.executable, str(program), f"--size={size}"], capture_output=True)
        assert done.returncode == code, done.stderr


def test_stubs() -> None:
    class Thing:
        value = 1

    with tf.test.StubOutForTesting() as stubs:
        stubs.Set(Thing, "value", 2)
        stubs.SmartSet(Thing, "value", 3)
        assert Thing.value == 3
        with pytest.raises(AttributeError):
            stubs.SmartSet(Thing, "nothing", 3)
    assert Thing.value == 1
