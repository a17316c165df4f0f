"""Where the compiler trips over a valid graph, a warning says so, and the graph runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

import flowc as tf
from flowc.codegen.cpu.host import host_target
from flowc.compiler import driver
from flowc.compiler.faults import CompilerFaultWarning
from flowc.ir.errors import InternalError
from flowc.passes.pass_manager import PassError, run_passes
from flowc.passes.pipeline import PASSES, PLAIN
from tests.graphs import SMOOTH, Program, assert_same, programs
from tests.passes.lowering.harness import Compiled, few_examples

DATA = np.random.default_rng(0).standard_normal((3, 5)).astype(np.float32)
EXPECTED = np.exp(DATA) / np.exp(DATA).sum(1, keepdims=True)


class _Broken:
    name = "trip_over_everything"

    def run(self, module: Any) -> Any:
        raise KeyError("a value without a buffer")


def _trip(*_: Any) -> Any:
    raise AssertionError("is bound at i, read at j")


def softmax() -> Any:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 5])
        y = tf.nn.softmax(x, name="probabilities")
        with tf.Session() as session:
            return session.run(y, {x: DATA})


def test_a_broken_rewrite_costs_only_fusion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_FLAGS", "")
    monkeypatch.setattr(driver, "PASSES", (_Broken(), *PASSES))
    with pytest.warns(CompilerFaultWarning, match="probabilities.*trip_over_.*without fusion"):
        got = softmax()
    np.testing.assert_allclose(got, EXPECTED, rtol=1e-6)


def test_a_broken_lowering_leaves_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_FLAGS", "")
    monkeypatch.setattr(driver, "lower_module", _trip)
    with (
        pytest.warns(CompilerFaultWarning, match="read at j.*without fusion"),
        pytest.warns(CompilerFaultWarning, match="probabilities.*reference interpreter"),
    ):
        got = softmax()
    np.testing.assert_allclose(got, EXPECTED, rtol=1e-6)


def test_strict_makes_it_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "PASSES", (_Broken(), *PASSES))
    with pytest.raises(PassError, match="trip_over_everything"):
        softmax()


def test_errors_of_the_graph_are_no_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise tf.errors.UnimplementedError(None, None, "not built")

    monkeypatch.setenv("FLOWC_FLAGS", "")
    monkeypatch.setattr(driver, "lower_module", refuse)
    with pytest.raises(tf.errors.UnimplementedError, match="not built"):
        softmax()


def test_an_access_outside_of_a_buffer_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def outside(*_: Any) -> None:
        raise InternalError(None, None, "element 3 of 'in0', which has 2")

    monkeypatch.setenv("FLOWC_FLAGS", "")
    monkeypatch.setattr(driver, "check_ranges", outside)
    with (
        pytest.warns(CompilerFaultWarning, match="without fusion"),
        pytest.warns(CompilerFaultWarning, match="element 3 of 'in0'.*reference interpreter"),
    ):
        np.testing.assert_allclose(softmax(), EXPECTED, rtol=1e-6)


@few_examples
@given(programs(SMOOTH))
def test_the_plain_road_gives_the_same_answers(program: Program) -> None:
    module = run_passes(program.module, PLAIN[:-1])
    compiled = Compiled(module, host_target(1), joins=False)
    assert_same(compiled(program.arguments), program.answer())
