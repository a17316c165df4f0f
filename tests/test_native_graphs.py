"""Random graphs as native code: the same answers as the reference interpreter's."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from flowc.codegen.cpu.host import host_target
from flowc.passes.pass_manager import run_passes
from flowc.passes.pipeline import PASSES
from tests.graphs import CONTROL, EXACT, SMOOTH, Array, Program, assert_same, programs
from tests.passes.lowering.harness import Compiled

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def answer(program: Program, threads: int, bounds_checks: bool, passes: bool) -> list[Array]:
    """The program's results as native code, with or without the passes before fusion."""
    before_fusion = PASSES[:-1]  # `Compiled` fuses
    module = run_passes(program.module, before_fusion) if passes else program.module
    compiled = Compiled(module, host_target(threads), bounds_checks)
    return list(compiled(program.arguments))


@pytest.mark.parametrize("passes", [False, True])
@few
@given(programs(EXACT))
def test_exact_graphs(passes: bool, program: Program) -> None:
    assert_same(answer(program, 1, False, passes), program.answer())


@pytest.mark.parametrize("threads", [1, 2])
@few
@given(programs(SMOOTH))
def test_smooth_graphs(threads: int, program: Program) -> None:
    assert_same(answer(program, threads, threads == 1, True), program.answer())


@pytest.mark.parametrize("passes", [False, True])
@few
@given(programs(CONTROL))
def test_branches_and_loops(passes: bool, program: Program) -> None:
    assert_same(answer(program, 1, True, passes), program.answer())
