"""Many graphs in one process: their code goes with them."""

import ctypes
import gc

import pytest

from benchmarks.many_graphs import run_graph, usage
from flowc.codegen.cpu import jit, program
from flowc.codegen.cpu.host import host_target


def test_code_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_MOST_LOADED", 4)
    monkeypatch.setattr(program, "_loaded", program._LoadedPrograms())
    monkeypatch.setattr(jit, "_LIBRARIES", 8)
    for number in range(1, 13):
        run_graph(number)
    gc.collect()
    before = usage()[1]
    for number in range(13, 49):
        run_graph(number)
    gc.collect()
    assert usage()[1] <= before + 12  # 36 graphs have over a hundred


def test_loaded_code_outlives_its_linker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "_LIBRARIES", 2)
    code = jit.compile_ir("define i32 @seven() { ret i32 7 }", host_target(1))
    libraries = [jit.link([code], ["seven"]) for _ in range(5)]
    del libraries[0], libraries[1:3]
    gc.collect()
    assert [_call(library) for library in libraries] == [7, 7]


def _call(library: jit.Library) -> int:
    return int(ctypes.CFUNCTYPE(ctypes.c_int)(library["seven"])())
