"""Which values share memory: donated arguments, ending operands, the carried values of loops."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from flowc.ir import dtypes
from flowc.ir.loops.kernel import Call, Step, WhileCalls
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from tests.passes.lowering.harness import WAYS, Compiled, check
from tests.passes.lowering.test_scatter import add_rows, indices, integers

Array = NDArray[Any]


def loop_calls(compiled: Compiled) -> list[str]:
    """The names of the kernels in the body of a program's loop."""
    (loop,) = [s for s in compiled.lowered.program.steps if isinstance(s, WhileCalls)]
    return [_name(step) for step in loop.body]


def _name(step: Step) -> str:
    assert isinstance(step, Call)
    return step.kernel.name.split("_")[0]


@pytest.mark.parametrize("way", WAYS)
def test_an_intermediate_is_updated_in_place(way: dict[str, Any]) -> None:
    def build(b: Builder, x: Value, i: Value, u: Value) -> Value:
        doubled = b.add(x, x)
        return b.negate(add_rows(b, add_rows(b, doubled, i, u), i, u))

    arrays = [integers(0, (9, 5)), indices(1, (20, 1), 9), integers(2, (20, 5))]
    compiled = check(build, arrays, **way)
    assert len(compiled.lowered.program.arena) == 1


def test_an_intermediate_that_is_read_later_is_kept() -> None:
    def build(b: Builder, x: Value, i: Value, u: Value) -> Value:
        doubled = b.multiply(b.add(x, x), x)
        changed = add_rows(b, doubled, i, u)
        return b.reduce_sum(b.subtract(changed, b.transpose(b.transpose(doubled, (1, 0)), (1, 0))))

    check(build, [integers(0, (9, 5)), indices(1, (20, 1), 9), integers(2, (20, 5))])


@pytest.mark.parametrize("way", WAYS)
def test_a_loop_writes_rows_without_copying_the_whole(way: dict[str, Any]) -> None:
    def build(b: Builder, x: Value) -> tuple[Value, ...]:
        zero, one, count = (b.scalar(n, dtypes.int32) for n in (0, 1, 6))

        def body(i: Value, rows: Value, state: Value) -> list[Value]:
            new = b.add(state, state)
            row = b.reshape(new, (1, 4))
            return [b.add(i, one), b.dynamic_update_slice(rows, row, [i, zero]), new]

        def condition(i: Value, rows: Value, state: Value) -> Value:
            return b.compare(i, count, "LT")

        return b.while_(condition, body, [zero, b.full(0, (6, 4), dtypes.float32), x])

    compiled = check(build, [integers(0, (4,))], **way)
    assert loop_calls(compiled).count("copy") <= 1


@pytest.mark.parametrize("way", WAYS)
def test_a_loop_may_exchange_its_values(way: dict[str, Any]) -> None:
    def build(b: Builder, x: Value, y: Value) -> tuple[Value, ...]:
        one, count = (b.scalar(n, dtypes.int32) for n in (1, 5))

        def body(i: Value, p: Value, q: Value, r: Value) -> list[Value]:
            moved = b.dynamic_update_slice(p, b.slice(q, (0,), (2,)), [i])
            return [b.add(i, one), q, moved, b.add(r, b.reverse(r, (0,)))]

        def condition(i: Value, *_: Value) -> Value:
            return b.compare(i, count, "LT")

        return b.while_(condition, body, [b.scalar(0, dtypes.int32), x, y, x])

    check(build, [integers(0, (4,)), integers(1, (4,))], **way)


@pytest.mark.parametrize("way", WAYS)
def test_values_of_a_loop_that_depend_on_each_other(way: dict[str, Any]) -> None:
    def build(b: Builder, x: Value, y: Value) -> tuple[Value, ...]:
        one, count = (b.scalar(n, dtypes.int32) for n in (1, 7))

        def body(i: Value, p: Value, q: Value) -> list[Value]:
            total = b.add(p, b.broadcast_in_dim(b.reduce_sum(q), p.type.shape, ()))
            return [b.add(i, one), total, b.subtract(b.reverse(total, (0,)), p)]

        def condition(i: Value, *_: Value) -> Value:
            return b.compare(i, count, "LT")

        return b.while_(condition, body, [b.scalar(0, dtypes.int32), x, y])

    check(build, [integers(0, (4,)), integers(1, (4,))], **way)


@pytest.mark.parametrize("way", WAYS)
def test_a_row_that_is_kept_in_a_result_does_not_destroy_what_the_result_replaces(
    way: dict[str, Any],
) -> None:
    def build(b: Builder, x: Value, old: Value) -> Value:
        dear = b.tanh(x)  # kept between the passes in the memory of the only result
        total = b.reduce_sum(dear, [1], keepdims=True)
        return b.add(old, b.multiply(dear, b.broadcast_to(total, dear.type.shape)))

    arrays = [np.linspace(-1, 1, 85).reshape(5, 17), np.linspace(3, 4, 85).reshape(5, 17)]
    check(build, arrays, donated={0: 1}, rtol=1e-14, **way)
