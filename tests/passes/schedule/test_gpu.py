"""A GPU's schedule on kernels of every kind it knows: verified, and the interpreter's numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowc.ir import dims
from flowc.ir.loops.blocks import Order
from flowc.ir.loops.kernel import Allocate, For, Kernel, Space
from flowc.ir.loops.parser import parse_kernel
from flowc.ir.loops.printer import print_kernel
from flowc.ir.loops.verifier import verify_kernel
from flowc.ir.loops.walk import block_shape, calls, statements
from flowc.ir.tensor import interpreter
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Module, Value
from flowc.passes.schedule.gpu import schedules
from flowc.passes.schedule.steps import ScheduleError, run_schedule
from flowc.passes.target import GpuTarget, GridSizes
from tests.graphs import SMOOTH, Program, programs
from tests.graphs import assert_same as assert_answers
from tests.ir.loops.test_grids import ORDERS
from tests.passes.lowering.harness import assert_same, build_module
from tests.passes.lowering.test_rows import exponents, spread
from tests.passes.schedule.lowered import Array, lowered, run

SMALL = GpuTarget(
    warp=2,
    grids=GridSizes(
        threads=4, turns=2, warp_row=5, warps=3, long_row=16, column_rows=2, row_blocks=3
    ),
)  # all that a GPU does on a few numbers
PLAIN = GpuTarget(
    warp=2,
    block_memory=0,
    grids=GridSizes(threads=4, turns=1, warp_row=0, long_row=1 << 20),
)  # rows in global memory, each a block's
TARGETS = {"small": SMALL, "plain": PLAIN}


def softmax(b: Builder, x: Value) -> Value:
    powers, sums = exponents(b, x)
    return b.divide(powers, spread(b, sums, x))


def normalized(b: Builder, x: Value) -> tuple[Value, Value]:
    """Rows less their greatest element, by their length; and these elements."""
    greatest = b.reduce_max(x, (1,))
    centred = b.subtract(x, spread(b, greatest, x))
    length = b.sqrt(b.reduce_sum(b.multiply(centred, centred), (1,)))
    return b.divide(centred, spread(b, length, x)), greatest


def elementwise(b: Builder, x: Value) -> Value:
    return b.multiply(b.add(x, x), b.tanh(x))


def transposed(b: Builder, x: Value) -> Value:
    turned = b.transpose(x, (1, 0))
    return b.add(turned, turned)


def sums(b: Builder, x: Value) -> tuple[Value, Value]:
    """Along rows and along columns."""
    return b.reduce_sum(x, (1,)), b.reduce_max(x, (0,))


def total(b: Builder, x: Value) -> Value:
    return b.reduce_sum(b.multiply(x, x), (0, 1))


def whole(b: Builder, x: Value) -> Value:
    """Softmax of all elements: a single row."""
    flat = b.reshape(x, (1, dims.product(x.type.shape)))
    return softmax(b, flat)


BUILDS = {f.__name__: f for f in (softmax, normalized, elementwise, transposed, sums, total, whole)}
SHAPES = [(3, 9), (7, 3), (1, 1), (1, 33), (5, 1), (0, 4), (4, 0)]
NAMES = {"known": None, "rows unknown": ["n", None], "unknown": ["n", "m"]}


def scheduled(kernel: Kernel, target: GpuTarget) -> Kernel:
    for schedule in schedules(target):
        before = kernel
        kernel = run_schedule(schedule, kernel)
        assert kernel is before or print_kernel(kernel) != print_kernel(before)
    verify_kernel(kernel)
    text = print_kernel(kernel)
    assert print_kernel(parse_kernel(text)) == text
    return kernel


def check(module: Module, x: Array, target: GpuTarget, order: Order = range) -> None:
    program = lowered(module, lambda kernel: scheduled(kernel, target))
    wanted = interpreter.run(module, [x])
    for got, want in zip(run(program, module, [x], order), wanted, strict=True):
        assert_same(got, want, 1e-5)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
def test_numbers(
    build: Callable[..., Any], shape: tuple[int, int], names: Any, target: str
) -> None:
    x = np.random.default_rng(0).integers(-3, 4, shape).astype(np.float32)
    module = build_module(build, [x], names and [names])
    with np.errstate(all="ignore"):
        check(module, x, TARGETS[target])


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_softmax_of_what_is_not_finite(names: Any, order: Order) -> None:
    x = np.random.default_rng(0).standard_normal((6, 11)).astype(np.float32)
    x[0, 3], x[1, 10], x[2, 0], x[3], x[4, 1] = np.nan, np.inf, -np.inf, -np.inf, 1e30
    with np.errstate(all="ignore"):
        check(build_module(softmax, [x], names and [names]), x, SMALL, order)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(programs(), programs(SMOOTH)),
    st.sampled_from(list(ORDERS.values())),
    st.sampled_from([*TARGETS.values(), GpuTarget()]),
)
def test_any_program(program: Program, order: Order, target: GpuTarget) -> None:
    with np.errstate(all="ignore"):
        made = lowered(program.module, lambda kernel: scheduled(kernel, target))
        assert_answers(run(made, program.module, program.arguments, order), program.answer())


def grids_of(build: Callable[..., Any], shape: tuple[int, int], target: GpuTarget) -> list[Kernel]:
    module = build_module(build, [np.zeros(shape, np.float32)])
    made = lowered(module, lambda kernel: scheduled(kernel, target))
    return [call.kernel for call in calls(made.program.steps)]


def spaces(kernel: Kernel) -> list[Space]:
    return [s.space for s in statements(kernel.body) if isinstance(s, Allocate)]


def test_what_becomes_of_a_softmax() -> None:
    """A block's where the row is long, kept in shared memory if there is room; a warp's if not."""
    (long,) = grids_of(softmax, (7, 1000), GpuTarget())
    (grid,) = long.body
    assert isinstance(grid, For) and block_shape(grid) == (256,)
    assert spaces(long) == [Space.SHARED, Space.SHARED]
    (huge,) = grids_of(softmax, (7, 50_000), GpuTarget())
    assert spaces(huge) == [Space.SHARED]  # room for one row only
    (short,) = grids_of(softmax, (70, 100), GpuTarget())
    (grid,) = short.body
    assert isinstance(grid, For) and block_shape(grid) == (8, 32)
    assert spaces(short) == []


def test_a_long_sum_is_of_many_blocks() -> None:
    (kernel,) = grids_of(total, (1000, 1000), GpuTarget())
    assert spaces(kernel) == [Space.GLOBAL]
    grids = [s for s in kernel.body if isinstance(s, For)]
    assert [grid.extent for grid in grids] == [31, 1]


def test_each_thread_sums_a_column() -> None:
    """Of many rows a part only; a second grid combines the parts."""
    kernels = grids_of(lambda b, x: b.reduce_sum(x, (0,)), (10_000, 300), GpuTarget())
    (kernel,) = kernels
    first, second = (s for s in kernel.body if isinstance(s, For))
    assert first.extent == 79 and isinstance(first.body[0], For)
    assert block_shape(first) == block_shape(second) == (256,)
    assert [s for s in statements((second,)) if isinstance(s, For)][-1].extent == 79


def test_kinds_of_a_cpu_are_refused() -> None:
    kernel = parse_kernel("kernel k() {\n  parallel i0 < 4 {\n  }\n}\n")
    with pytest.raises(ScheduleError, match="loop i0 of kernel 'k' is parallel already"):
        scheduled(kernel, SMALL)
