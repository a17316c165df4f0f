"""A caller brings the worker that it waits for to its own core, and the worker goes back."""

import ctypes
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from flowc.codegen.cpu.host import host_target
from flowc.codegen.cpu.program import compile_program
from flowc.ir import dims, dtypes
from flowc.ir.loops.expressions import Binary, Constant, Variable
from flowc.ir.loops.kernel import Buffer, Carried, For, Kernel, Kind, Store
from tests.codegen.native import one_kernel

ROWS, LONG = 64, 3_000_000
TRIES = 300


def last_rows_long() -> Kernel:
    """y[i] = 1 + 3 * (1 + 3 * ...) modulo 2**32, ten times, or millions of times in the last rows.

    Workers take the last rows first, so a caller soon waits for a worker.
    """
    row, inner = dims.symbol("i", ROWS), dims.symbol("j")
    (row_index,), (inner_index,) = dims.symbols(row), dims.symbols(inner)
    y = Buffer("y", dtypes.uint32, ROWS)
    total, result = Variable(dtypes.uint32, "t"), Variable(dtypes.uint32, "r")
    three, one = Constant(dtypes.uint32, 3), Constant(dtypes.uint32, 1)
    following = Binary(dtypes.uint32, "add", one, Binary(dtypes.uint32, "multiply", total, three))
    carried = Carried((total,), (one,), (following,), (result,))
    extent = 10 + LONG * dims.floordiv(row, ROWS - 2)
    chain = For(inner_index, extent, (), carried=carried)
    loop = For(row_index, ROWS, (chain, Store(y, row, result)), Kind.PARALLEL)
    return Kernel("late", (y,), (loop,))


def masks() -> set[frozenset[int]]:
    """Where the threads of this process may run."""
    found = set()
    for thread in os.listdir("/proc/self/task"):
        try:
            found.add(frozenset(os.sched_getaffinity(int(thread))))
        except ProcessLookupError:
            continue  # it has ended
    return found


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="needs two cores",
)
def test_a_worker_is_pulled_and_goes_back() -> None:
    before = masks()
    program = one_kernel(last_rows_long())
    native = compile_program(program, host_target(2))
    result = np.zeros(ROWS, np.uint32)
    pointers = (ctypes.c_void_p * 1)(result.ctypes.data)
    symbols = (ctypes.c_int64 * 1)()

    def run() -> int:
        return int(native.entry(pointers, symbols, None, None))

    pulled = False
    with ThreadPoolExecutor(1) as thread:
        for _ in range(TRIES):
            running = thread.submit(run)
            while not running.done():
                pulled |= bool(masks() - before)
            assert running.result() == 0
            assert len(set(result[:-2])) == 1 and len(set(result[-2:])) == 1
            if pulled:
                break
    assert pulled, "no worker was pulled, however often a caller waited for one"
    for _ in range(TRIES):
        if masks() <= before:
            break
        assert run() == 0  # wakes the worker, who finds the mark
    assert masks() <= before
