"""Random kernels of blocks and threads: one answer in every order, or a race."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from numpy.typing import NDArray

from flowc.ir.loops.blocks import BlockRun, Group
from flowc.ir.loops.interpreter import run_kernel
from flowc.ir.loops.kernel import Barrier, Buffer, Kernel, Statement
from flowc.ir.loops.parser import parse_kernel
from flowc.ir.loops.printer import print_kernel
from flowc.ir.loops.races import Place, RaceError, Thread
from flowc.ir.loops.ranges import outside
from flowc.ir.loops.rewrite import Rewriter
from flowc.ir.loops.verifier import verify_kernel
from tests.ir.loops.random_grids import grids, in_series
from tests.ir.loops.test_grids import ORDERS, without_a_barrier

thorough = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
Order = Callable[[int], Sequence[int]]


def result(kernel: Kernel, sizes: dict[str, int], order: Order = range) -> NDArray[Any]:
    size = sizes["rows"] * sizes["columns"]
    x = np.random.default_rng(size).integers(-9, 9, size).astype(np.int32)
    y = np.zeros(size, np.int32)
    with np.errstate(over="ignore"):
        run_kernel(kernel, [x, y], sizes, order)
    return y


class Traced(BlockRun):
    """Notes every access of a block with all threads that take part, and raises nothing."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.at_barrier: list[dict[int, tuple[set[Place], set[Place]]]] = [{}]

    def _touch(self, buffer: Buffer, index: int, who: Sequence[Thread], writes: bool) -> None:
        array = self.arrays[buffer]
        address = int(array.ctypes.data) + index * array.itemsize
        readers, writers = self.at_barrier[-1].setdefault(address, (set(), set()))
        threads = self._places() if len(who) > 1 else [thread.place for thread in who]
        (writers if writes else readers).update(threads)

    def _collective(self, groups: Sequence[Group], statement: Statement) -> None:
        if isinstance(statement, Barrier):
            self.at_barrier.append({})
        super()._collective(groups, statement)

    def races(self) -> bool:
        """By definition: a writer, and somebody else, of one element with no barrier between."""
        accesses = (a for between in self.at_barrier for a in between.values())
        return any(writers and len(readers | writers) > 1 for readers, writers in accesses)


def has_races(kernel: Kernel, sizes: dict[str, int]) -> bool:
    size = sizes["rows"] * sizes["columns"]
    run = Traced(kernel, [np.zeros(size, np.int32), np.zeros(size, np.int32)], sizes, range)
    run.run()
    return run.races()


@thorough
@given(grids(), st.integers(0, 2), st.integers(0, 7))
def test_every_order_gives_one_answer(kernel: Kernel, rows: int, columns: int) -> None:
    sizes = {"rows": rows, "columns": columns}
    note(print_kernel(kernel))
    verify_kernel(kernel)
    assert outside(kernel, sizes) is None
    serial = in_series(kernel)
    verify_kernel(serial)
    wanted = result(serial, sizes)
    for order in ORDERS.values():
        np.testing.assert_array_equal(result(kernel, sizes, order), wanted)


@thorough
@given(grids(), st.integers(1, 6))
def test_a_missing_barrier_is_found_where_it_is_needed(kernel: Kernel, columns: int) -> None:
    """And nowhere else, in whatever order threads run."""
    sizes = {"rows": 1, "columns": columns}
    assert not has_races(kernel, sizes)
    for body in without_a_barrier(kernel.body):
        less = replace(kernel, body=body)
        note(print_kernel(less))
        wanted = has_races(less, sizes)
        for order in ORDERS.values():
            with pytest.raises(RaceError) if wanted else nullcontext():
                result(less, sizes, order)


@thorough
@given(grids())
def test_round_trip(kernel: Kernel) -> None:
    text = print_kernel(kernel)
    assert print_kernel(parse_kernel(text)) == text
    assert Rewriter().kernel(kernel) is kernel
