"""The steps for blocks of threads: what they make of a nest, and that it computes the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.ir import dims
from flowc.ir.dims import Symbol
from flowc.ir.loops.interpreter import run_kernel
from flowc.ir.loops.kernel import Barrier, Kernel, Kind, Space
from flowc.ir.loops.parser import parse_kernel
from flowc.ir.loops.printer import print_kernel
from flowc.ir.loops.races import RaceError
from flowc.ir.loops.verifier import verify_kernel
from flowc.ir.loops.walk import statements
from flowc.passes.schedule.grids import Deal, Place, PutInOneBlock, StageRow, Synchronize
from flowc.passes.schedule.kinds import Bind
from flowc.passes.schedule.steps import ScheduleError, Step

Array = np.ndarray[Any, Any]

PASSES = """kernel passes(b0: float32[n*9], b1: float32[n*9], b2: float32[n]) {
  free i0 < n {
    reduced i1 < 9 {
      carry v0: float32 = 0.0:float32
      next add(v0, load b0[i0*9 + i1])
    } combine {
      left v1: float32
      right v2: float32
      next add(v1, v2)
    } results v3: float32
    store b2[i0] = v3
    free i2 < 9 {
      store b1[i0*9 + i2] = subtract(load b0[i0*9 + i2], v3)
    }
    free i3 < 9 {
      store b1[i0*9 + i3] = multiply(load b1[i0*9 + i3], 2.0:float32)
    }
  }
}
"""
MOVED = """kernel moved(b0: float32[n], b1: float32[n]) {
  block i0 < 1 {
    allocate shared b2: float32[n]
    thread i1 < 4 {
      serial i2 < floordiv(n + 3 - i1, 4) {
        store b2[i1 + 4*i2] = load b0[i1 + 4*i2]
      }
    }
    serial i3 < 2 {
      thread i4 < 4 {
        serial i5 < floordiv(n + 3 - i4, 4) {
          store b1[i4 + 4*i5] = load b2[n - 1 - i4 - 4*i5]
        }
      }
      thread i6 < 4 {
        serial i7 < floordiv(n + 3 - i6, 4) {
          store b2[i6 + 4*i7] = load b1[i6 + 4*i7]
        }
      }
    }
  }
}
"""
KERNELS = {kernel.name: kernel for kernel in map(parse_kernel, (PASSES, MOVED))}
I0, I1, I2, I3, ONLY = map(Symbol, ("i0", "i1", "i2", "i3", "only_block"))

Steps = Callable[[int], list[Step]]
CASES: dict[str, Steps] = {
    "deal": lambda n: [Deal(I2, n)],
    "deal a reduced loop": lambda n: [Deal(I1, n)],
    "deal around passes": lambda n: [Deal(I0, n)],
    "threads": lambda n: [Bind(I0, kind=Kind.BLOCK), *dealt(I1, n), *dealt(I2, n), *dealt(I3, n)],
    "stage": lambda n: [Bind(I0, kind=Kind.BLOCK), StageRow(I0, "b0"), StageRow(I0, "b1")],
    "one block": lambda n: [
        PutInOneBlock(0),
        *dealt(I1, n),
        *dealt(I2, n),
        *dealt(I3, n),
        Synchronize(ONLY),
    ],
}


def dealt(loop: Symbol, count: int) -> list[Step]:
    deal = Deal(loop, count)
    return [deal, Bind(Symbol(deal.taker), kind=Kind.THREAD)]


def run(kernel: Kernel, n: int) -> list[Array]:
    random = np.random.default_rng(0)
    sizes = [dims.evaluate(b.size, {"n": n}) for b in kernel.parameters]
    arrays = [random.integers(-9, 9, size).astype(np.float32) for size in sizes]
    run_kernel(kernel, arrays, {"n": n})
    return arrays


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(n=st.integers(0, 5), number=st.integers(1, 11))
def test_steps_keep_what_a_kernel_computes(name: str, n: int, number: int) -> None:
    kernel = KERNELS["passes"]
    wanted = run(kernel, n)
    for step in CASES[name](number):
        kernel = step.run(kernel)
        assert str(step)
    verify_kernel(kernel)
    for got, want in zip(run(kernel, n), wanted, strict=True):
        np.testing.assert_array_equal(got, want)


def test_staged_rows_are_read_and_written_once() -> None:
    kernel = Bind(I0, kind=Kind.BLOCK).run(KERNELS["passes"])
    for name in ("b0", "b1"):
        kernel = StageRow(I0, name).run(kernel)
    text = print_kernel(kernel)
    assert text.count("load b0") == 1
    assert text.count("store b1") == 1 and text.count("load b1") == 0


def test_rows_that_are_not_shared_are_not_staged() -> None:
    kernel = Bind(I0, kind=Kind.BLOCK).run(KERNELS["passes"])
    with pytest.raises(ScheduleError, match="'b2' is no row that passes in i0 share"):
        StageRow(I0, "b2").run(kernel)


def test_barriers_stand_where_threads_touch_what_others_wrote() -> None:
    kernel = KERNELS["moved"]
    with pytest.raises(RaceError):
        run(kernel, 9)
    after = Synchronize(I0).run(kernel)
    verify_kernel(after)
    assert sum(isinstance(s, Barrier) for s in statements(after.body)) == 2
    for n in range(10):
        x, y = run(after, n)
        np.testing.assert_array_equal(y, x)  # turned about again and again


def test_threads_that_keep_to_their_own_need_no_barrier() -> None:
    kernel = KERNELS["passes"]
    for step in CASES["threads"](4):
        kernel = step.run(kernel)
    assert Synchronize(I0).run(kernel) is kernel


def test_place() -> None:
    kernel = parse_kernel("kernel k() {\n  block i0 < 2 {\n    allocate b0: float32[4]\n  }\n}\n")
    (name,) = (s.buffer.name for s in statements(kernel.body) if hasattr(s, "buffer"))
    assert "allocate shared b0" in print_kernel(Place(name, Space.SHARED).run(kernel))
