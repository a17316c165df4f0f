"""Every op on operands that do not fit: a result of the dtype that was promised, or an error.

Allowed errors are TensorFlow's, and ValueError and TypeError where the graph is built. Anything
else, a crash or a run without end among it, is a fault. `--hypothesis-profile=thorough` draws more.
"""

from __future__ import annotations

import faulthandler
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowc as tf
from flowc.frontend.apply import build
from flowc.ops.registry import OPS
from tests.ops.wrong_input import Call, Variable, callable_ops, calls

_EXAMPLES = 30 if settings.get_current_profile_name() == "thorough" else 8
_SECONDS = 120  # for all examples of an op
_MEMORY = 1 << 30  # bytes beyond what the process has, at which an allocation fails
_CHECKED = 12  # every so many ops run with checks of all accesses


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    """Neither time nor memory without end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (_address_space() + _MEMORY, hard))
    faulthandler.dump_traceback_later(_SECONDS, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space() -> int:
    """What the process has reserved, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


class _Run:
    """One call, built and run; its errors are the caller's to judge."""

    def __init__(self, known: bool) -> None:
        self.known = known  # whether the graph tells the shapes
        self.feeds: dict[Any, Any] = {}
        self.initializers: list[Any] = []

    def operand(self, given: Any) -> Any:
        """The tensor or variable for an operand of a call."""
        if isinstance(given, list):
            return [self.operand(one) for one in given]
        if isinstance(given, Variable):
            return self.variable(given)
        fed = tf.placeholder(given.dtype, given.shape if self.known else None)
        self.feeds[fed] = given
        return fed

    def variable(self, given: Variable) -> Any:
        """A variable that gets its value before the call."""
        array = given.contents
        kind = "VarHandleOp" if given.is_resource else "VariableV2"
        name = f"variable{len(self.initializers)}"
        handle = build(kind, dtype=array.dtype, shape=array.shape, shared_name=name)
        assign = "AssignVariableOp" if given.is_resource else "Assign"
        value = tf.placeholder(array.dtype, array.shape)
        self.feeds[value] = array
        made = build(assign, handle, value)
        self.initializers.append(made if given.is_resource else made.op)
        return handle

    def __call__(self, name: str, call: Call) -> None:
        with tf.Graph().as_default() as graph:
            inputs = [self.operand(operand) for operand in call.operands]
            build(name, *inputs, **call.attributes)
            made = graph.get_operations()[-1]
            outputs = [output for output in made.outputs if output.dtype != tf.resource]
            with tf.Session() as session, np.errstate(all="ignore"):
                session.run(self.initializers, self.feeds)
                *results, _ = session.run([*outputs, made], self.feeds)
        for output, value in zip(outputs, results, strict=True):
            if output.dtype != tf.string:
                assert np.asarray(value).dtype == output.dtype.as_numpy_dtype


@pytest.mark.parametrize("name", callable_ops())
def test_wrong_input(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if callable_ops().index(name) % _CHECKED == 0:
        monkeypatch.setenv("FLOWC_FLAGS", "--strict --bounds-checks --no-cache")

    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(calls(OPS[name]), st.booleans())
    def check(call: Call, known: bool) -> None:
        try:
            _Run(known)(name, call)
        except tf.errors.InternalError:
            raise  # a fault of flowc's, or what bounds checks find
        except (tf.errors.OpError, ValueError, TypeError):
            pass

    check()
