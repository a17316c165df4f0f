"""Every step of a schedule on drawn nests: the kernel stays well-formed and computes the same."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.ir import dims
from flowc.ir.dims import Symbol
from flowc.ir.loops.interpreter import run_kernel
from flowc.ir.loops.kernel import For, Kernel, Kind, Role
from flowc.ir.loops.parser import parse_kernel
from flowc.ir.loops.printer import print_kernel
from flowc.ir.loops.verifier import verify_kernel
from flowc.passes.schedule.kinds import Bind, RunInOrder, Unroll, Vectorize
from flowc.passes.schedule.loops import Merge, Reorder, Split
from flowc.passes.schedule.partials import CombinePartialRows, CombinePartials
from flowc.passes.schedule.pipeline import cpu_schedule
from flowc.passes.schedule.steps import ScheduleError, Step, loops, run_schedule
from flowc.passes.schedule.sums import Repeat, StageSums
from flowc.passes.schedule.tiles import StageTransposed
from flowc.passes.target import CpuTarget

Array = np.ndarray[Any, Any]

ELEMENTWISE = """kernel elementwise(b0: float32[n*m*4], b1: float32[n*m*4]) {
  free i0 < n {
    free i1 < m {
      free i2 < 4 {
        store b1[i0*m*4 + i1*4 + i2] = multiply(load b0[i0*m*4 + i1*4 + i2], 2.0:float32)
      }
    }
  }
}
"""
TRANSPOSED = """kernel transposed(b0: float32[n*m], b1: float32[n*m]) {
  free i0 < n {
    free i1 < m {
      store b1[i0*m + i1] = add(load b0[i1*n + i0], 1.0:float32)
    }
  }
}
"""
SUMS = """kernel sums(b0: float32[n*m], b1: float32[n]) {
  free i0 < n {
    reduced i1 < m {
      carry v0: float32 = 0.0:float32
      next add(v0, load b0[i0*m + i1])
    } combine {
      left v1: float32
      right v2: float32
      next add(v1, v2)
    } results v3: float32
    store b1[i0] = v3
  }
}
"""
NESTED = """kernel nested(b0: float32[n*m], b1: float32[1], b2: float32[n*m]) {
  reduced i0 < n {
    carry v0: float32 = 0.0:float32
    reduced i1 < m {
      carry v1: float32 = 0.0:float32
      store b2[i0*m + i1] = load b0[i0*m + i1]
      next add(v1, load b0[i0*m + i1])
    } combine {
      left v2: float32
      right v3: float32
      next add(v2, v3)
    } results v4: float32
    next add(v0, v4)
  } combine {
    left v5: float32
    right v6: float32
    next add(v5, v6)
  } results v7: float32
  store b1[0] = v7
}
"""
COLUMNS = """kernel columns(b0: float32[3*n*m], b1: float32[m], b2: float32[m]) {
  free i0 < m {
    reduced i1 < n {
      carry v0: float32 = 0.0:float32, v1: float32 = -inf:float32
      reduced i2 < 3 {
        carry v2: float32 = 0.0:float32, v3: float32 = -inf:float32
        next add(v2, load b0[i1*m*3 + i2*m + i0]), maximum(v3, load b0[i1*m*3 + i2*m + i0])
      } combine {
        left v4: float32, v5: float32
        right v6: float32, v7: float32
        next add(v4, v6), maximum(v5, v7)
      } results v8: float32, v9: float32
      next add(v0, v8), maximum(v1, v9)
    } combine {
      left v10: float32, v11: float32
      right v12: float32, v13: float32
      next add(v10, v12), maximum(v11, v13)
    } results v14: float32, v15: float32
    store b1[i0] = v14
    store b2[i0] = v15
  }
}
"""
FEW = """kernel few(b0: float32[n*7], b1: float32[7]) {
  free i0 < 7 {
    reduced i1 < n {
      carry v0: float32 = 0.0:float32
      next add(v0, load b0[i1*7 + i0])
    } combine {
      left v1: float32
      right v2: float32
      next add(v1, v2)
    } results v3: float32
    store b1[i0] = v3
  }
}
"""
SWAPS = """kernel swaps(b0: float32[n*m], b1: float32[n], b2: float32[n]) {
  free i0 < n {
    serial i1 < m {
      carry v0: float32 = 1.0:float32, v1: float32 = 2.0:float32
      next v1, add(v0, load b0[i1*n + i0])
    } results v2: float32, v3: float32
    store b1[i0] = v2
    store b2[i0] = v3
  }
}
"""
TEXTS = (ELEMENTWISE, TRANSPOSED, SUMS, NESTED, COLUMNS, FEW, SWAPS)
KERNELS = {k.name: k for k in map(parse_kernel, TEXTS)}


@dataclass(frozen=True)
class Case:
    """A step of a kernel; `count` is the number that the step takes."""

    kernel: str
    make: Callable[[int], Step]


I0, I1, I2 = map(Symbol, ("i0", "i1", "i2"))
CASES = {
    "merge": Case("elementwise", lambda n: Merge((I0, I1, I2))),
    "merge two": Case("elementwise", lambda n: Merge((I1, I2))),
    "merge reduced": Case("nested", lambda n: Merge((I0, I1))),
    "split": Case("elementwise", lambda n: Split(I1, n)),
    "split reduced": Case("sums", lambda n: Split(I1, n)),
    "split around a reduced loop": Case("nested", lambda n: Split(I0, n)),
    "reorder": Case("elementwise", lambda n: Reorder(I0, I1)),
    "bind": Case("sums", lambda n: Bind(I0, n)),
    "vectorize": Case("elementwise", lambda n: Vectorize(I2, 4, n)),
    "vectorize reduced": Case("sums", lambda n: Vectorize(I1, 8, n)),
    "unroll": Case("elementwise", lambda n: Unroll(I2)),
    "run in order": Case("nested", lambda n: RunInOrder()),
    "combine partials": Case("nested", lambda n: CombinePartials(I0, n, n)),
    "combine partial rows": Case("few", lambda n: CombinePartialRows(I0, I1, n, n)),
    "repeat": Case("sums", lambda n: Repeat(I1, n)),
    "repeat innermost": Case("columns", lambda n: Repeat(I2, n)),
    "stage sums": Case("columns", lambda n: StageSums(I0)),
    "stage sums that change places": Case("swaps", lambda n: StageSums(I0)),
    "stage transposed": Case("transposed", lambda n: StageTransposed(I0, I0, I1, 8, n, 32, 8)),
}


def run(kernel: Kernel, n: int, m: int) -> list[Array]:
    """What the kernel leaves in its buffers; sums of small integers are exact in any order."""
    sizes = {"n": n, "m": m}
    random = np.random.default_rng(0)
    arrays = [
        random.integers(-9, 9, dims.evaluate(b.size, sizes)).astype(np.float32)
        for b in kernel.parameters
    ]
    run_kernel(kernel, arrays, sizes)
    return arrays


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(n=st.integers(0, 21), m=st.integers(0, 21), number=st.integers(1, 5))
def test_step_keeps_what_a_kernel_computes(name: str, n: int, m: int, number: int) -> None:
    before = KERNELS[CASES[name].kernel]
    step = CASES[name].make(number)
    after = step.run(before)
    assert after is not before
    verify_kernel(after)
    text = print_kernel(after)
    assert print_kernel(parse_kernel(text)) == text
    for old, new in zip(run(before, n, m), run(after, n, m), strict=True):
        np.testing.assert_array_equal(old, new)
    assert str(step)


TARGET = CpuTarget("x86_64-unknown-linux-gnu", "", "", 32, 16, threads=2)


@pytest.mark.parametrize("name", KERNELS)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(n=st.integers(0, 21), m=st.integers(0, 21))
def test_schedule_keeps_what_a_kernel_computes(name: str, n: int, m: int) -> None:
    kernel = KERNELS[name]
    wanted = run(kernel, n, m)

    def check(step: str, after: Kernel) -> None:
        verify_kernel(after)
        for old, new in zip(wanted, run(after, n, m), strict=True):
            np.testing.assert_array_equal(old, new, step)

    for schedule in cpu_schedule(TARGET):
        kernel = run_schedule(schedule, kernel, check)
    assert all(f.role is Role.ORDERED for f in loops(kernel.body))


def test_split_makes_pieces() -> None:
    (piece, within), *_ = [list(loops(Split(I1, 4).run(KERNELS["sums"]).body))[1:]]
    assert str(piece.extent) == "floordiv(3 + m, 4)"
    assert piece.carried is not None and within.carried is not None
    assert piece.role is within.role is Role.REDUCED


def test_steps_give_loops_kinds() -> None:
    kernel = KERNELS["sums"]
    for step in (Bind(I0, 7), Vectorize(I1, 16, 2)):
        kernel = step.run(kernel)
    outer, inner = loops(kernel.body)
    assert (outer.kind, outer.grain, outer.role) == (Kind.PARALLEL, 7, Role.ORDERED)
    assert (inner.kind, inner.width, inner.unroll) == (Kind.VECTOR, 16, 2)


def test_what_has_a_role_runs_in_order_in_the_end() -> None:
    every = list(loops(RunInOrder().run(KERNELS["nested"]).body))
    assert all(isinstance(f, For) and f.role is Role.ORDERED for f in every)
    assert all(f.carried is not None and f.carried.combiner is None for f in every)


@pytest.mark.parametrize(
    ("kernel", "step", "error"),
    [
        ("sums", Bind(I1), "loop i1 is reduced serial, not free"),
        ("sums", Split(I2, 4), "kernel 'sums' has no loop i2"),
        ("sums", Reorder(I0, I1), "i1 is not all that loop i0 does"),
        ("sums", Merge((I0, I1)), "loops i0, i1 do not stand in each other"),
        ("elementwise", Unroll(I0), "the extent of loop i0 is not known: n"),
        ("sums", CombinePartials(I0, 4, 4), "loop i0 is free serial, not reduced"),
    ],
)
def test_steps_that_do_not_fit(kernel: str, step: Step, error: str) -> None:
    with pytest.raises(ScheduleError, match=error):
        step.run(KERNELS[kernel])
