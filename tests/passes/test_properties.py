"""Every pass keeps every program well-formed and its answer as it was."""

from __future__ import annotations

import pytest
from hypothesis import given

from flowc.passes.common_subexpressions import EliminateCommonSubexpressions
from flowc.passes.constant_folding import FoldConstants
from flowc.passes.dead_code import EliminateDeadCode
from flowc.passes.dead_results import EliminateDeadResults
from flowc.passes.fusion.fuse import Fuse
from flowc.passes.pass_manager import Pass
from flowc.passes.pipeline import PASSES
from flowc.passes.simplify.simplify import Simplify
from tests.graphs import CONTROL, Program, programs
from tests.passes.programs import BITWISE, TOLERANT, check_pass, relaxed

EACH = (
    EliminateDeadCode(),
    EliminateDeadResults(),
    EliminateCommonSubexpressions(),
    FoldConstants(),
    Simplify(),
)


@pytest.mark.parametrize("pass_", EACH, ids=lambda p: p.name)
@relaxed
@given(program=programs(BITWISE, max_steps=20))
def test_pass_keeps_bits(pass_: Pass, program: Program) -> None:
    check_pass(pass_, program, exact=True)


@pytest.mark.parametrize("pass_", EACH, ids=lambda p: p.name)
@relaxed
@given(program=programs(TOLERANT, max_steps=20))
def test_pass_keeps_smooth_answers(pass_: Pass, program: Program) -> None:
    check_pass(pass_, program, exact=False)


@relaxed
@given(program=programs(BITWISE, max_steps=20))
def test_pipeline_keeps_bits(program: Program) -> None:
    for pass_ in PASSES[:-1]:
        program = check_pass(pass_, program, exact=True)
    check_pass(Fuse(), program, exact=True)


@relaxed
@given(program=programs(CONTROL, max_steps=8))
def test_pipeline_keeps_branches_and_loops(program: Program) -> None:
    for pass_ in PASSES:
        program = check_pass(pass_, program, exact=True)


@relaxed
@given(program=programs(TOLERANT, max_steps=20))
def test_fusion_keeps_smooth_answers(program: Program) -> None:
    live = Program(EliminateDeadCode().run(program.module), program.arguments)
    check_pass(Fuse(), live, exact=False)


@pytest.mark.parametrize("pass_", EACH, ids=lambda p: p.name)
@relaxed
@given(program=programs(BITWISE, max_steps=20))
def test_pass_has_nothing_left_to_do(pass_: Pass, program: Program) -> None:
    """A second run returns the same object."""
    tidy = EliminateDeadCode()
    once = tidy.run(pass_.run(program.module))
    for _ in range(3):  # rules that ask how often a value is read see it after a sweep
        once = tidy.run(pass_.run(once))
    assert tidy.run(pass_.run(once)) is once
