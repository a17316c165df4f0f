"""`docs/schedules.md` shows what schedules make of a softmax, as it is today."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from flowc.codegen.cpu.host import make_target
from flowc.ir.loops.interpreter import run_kernel
from flowc.ir.loops.kernel import Kernel
from flowc.ir.loops.parser import parse_kernel
from flowc.ir.loops.printer import print_kernel
from flowc.ir.loops.races import RaceError
from flowc.ir.loops.walk import calls
from flowc.passes.schedule.functions import ExpandFunctions
from flowc.passes.schedule.pipeline import schedule_for
from flowc.passes.schedule.steps import run_schedule
from flowc.passes.target import GpuTarget, Target
from tests.golden import Golden
from tests.passes.lowering.harness import build_module
from tests.passes.schedule.lowered import lowered, run
from tests.passes.schedule.test_gpu import softmax

PAGE = Path(__file__).parents[3] / "docs" / "schedules.md"
AVX512 = "+avx512f,+avx512vl,+avx512bw,+avx512dq"
CPU = make_target("x86_64-unknown-linux-gnu", "znver4", AVX512, 8)
RACE = """kernel turned(b0: float32[8], b1: float32[8]) {
  block i0 < 1 {
    allocate shared b2: float32[8]
    thread i1 < 8 {
      store b2[i1] = load b0[i1]
    }
    thread i2 < 8 {
      store b1[i2] = load b2[7 - i2]
    }
  }
}
"""
LISTING = re.compile(r"<!-- (?P<what>\w+: \w+) -->\n```\n.*?```\n", re.DOTALL)


def softmax_kernel() -> Kernel:
    """As lowering leaves it."""
    module = build_module(softmax, [np.zeros((3, 1000), np.float32)], [["n", None]])
    (call,) = calls(lowered(module, lambda kernel: kernel).program.steps)
    return call.kernel


def scheduled(kernel: Kernel, target: Target) -> tuple[str, str]:
    """The steps of a machine's schedule, and the kernel after them, with its functions in it."""
    steps: list[str] = []
    for schedule in schedule_for(target):
        if not isinstance(schedule, ExpandFunctions):
            kernel = run_schedule(schedule, kernel, lambda step, _: steps.append(step))
    return "\n".join(steps) + "\n", print_kernel(kernel, "softmax")


def scheduled_for(target: Target, kernel: Kernel) -> Kernel:
    for schedule in schedule_for(target):
        kernel = run_schedule(schedule, kernel)
    return kernel


def race() -> str:
    with pytest.raises(RaceError) as caught:
        run_kernel(parse_kernel(RACE), [np.zeros(8, np.float32), np.zeros(8, np.float32)], {})
    return RACE + str(caught.value).replace(", and", ",\n  and") + "\n"


def test_the_page_shows_what_there_is(golden: Golden) -> None:
    kernel = softmax_kernel()
    texts = {"listing: lowered": print_kernel(kernel, "softmax"), "listing: race": race()}
    for name, target in (("cpu", CPU), ("gpu", GpuTarget())):
        texts[f"steps: {name}"], texts[f"listing: {name}"] = scheduled(kernel, target)
    wanted = set(texts)

    def listing(found: re.Match[str]) -> str:
        wanted.discard(found["what"])
        return f"<!-- {found['what']} -->\n```\n{texts[found['what']]}```\n"

    golden.check(PAGE, LISTING.sub(listing, PAGE.read_text()))
    assert not wanted


@pytest.mark.parametrize("names", [None, ["n", None], ["n", "m"]])
@pytest.mark.parametrize("shape", [(3, 300), (5, 257), (9, 31), (1, 1), (4, 1), (0, 7), (2, 0)])
def test_both_machines_give_the_same_numbers(
    shape: tuple[int, int], names: list[str | None] | None
) -> None:
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    x[1:2, :3], x[2:3, :1], x[3:4] = np.inf, np.nan, -np.inf
    module = build_module(softmax, [x], names and [names])
    results = []
    for target in (CPU, GpuTarget()):
        program = lowered(module, partial(scheduled_for, target))
        with np.errstate(all="ignore"):
            results += run(program, module, [x])
    np.testing.assert_allclose(results[0], results[1], rtol=1e-6)
    assert results[0].shape == shape
