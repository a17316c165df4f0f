"""The graph generator makes modules that the verifier and the interpreter accept."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from flowc.ir.dims import substitute
from flowc.ir.tensor.core import Module
from flowc.ir.tensor.interpreter import bind_symbols
from flowc.ir.tensor.parser import parse_module
from flowc.ir.tensor.printer import print_module
from flowc.ir.tensor.rewrite import substitute_dims
from flowc.ir.tensor.verifier import verify
from tests.graphs import EXACT, SMOOTH, Program, assert_same, programs

relaxed = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@relaxed
@given(programs(EXACT))
def test_exact_programs_are_valid(program: Program) -> None:
    verify(program.module)
    program.answer()  # compares every result with its inferred type


@relaxed
@given(programs(SMOOTH))
def test_text_keeps_the_answer(program: Program) -> None:
    text = print_module(program.module)
    parsed = parse_module(text)
    assert print_module(parsed) == text
    again = Program(parsed, program.arguments)
    assert_same(again.answer(), program.answer(), exact=True)


@relaxed
@given(programs(EXACT))
def test_known_sizes_give_the_same_answer(program: Program) -> None:
    """Replacing the symbols by their values changes neither validity nor answers."""
    sizes = bind_symbols(program.module, program.arguments)
    main = substitute_dims(program.module.main, lambda d: substitute(d, sizes.get))
    static = Module("static", main)
    verify(static)
    assert_same(Program(static, program.arguments).answer(), program.answer(), exact=True)
