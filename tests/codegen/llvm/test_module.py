"""Modules: declarations, definitions, variables, names of any kind."""

import pytest

from flowc.codegen.builder import Builder
from flowc.codegen.cpu import jit
from flowc.codegen.llvm.module import Module
from flowc.codegen.llvm.types import I8, I64, POINTER, VOID, FunctionType, array_type, vector_type
from flowc.codegen.llvm.values import bytes_constant, zero

TRIPLE = "x86_64-unknown-linux-gnu"


def test_a_module() -> None:
    module = Module("all", TRIPLE)
    assert module.declare("g", FunctionType(I64, (POINTER,))) is module.functions["g"]
    function = module.declare("f", FunctionType(VOID, (POINTER, I64)))
    function.internal = True
    function.attributes += ["nounwind", "noinline"]
    function.args[0].attributes.append("noalias")
    builder = Builder(function.append_basic_block("entry"))
    builder.call(module.declare("g", FunctionType(I64, (POINTER,))), function.args[:1])
    builder.ret_void()
    module.declare_variable("elsewhere", I8)
    module.define_variable("data", bytes_constant(b"a\0\xff"), constant=True, align=64)
    module.define_variable("shared", zero(array_type(I64, 2)), internal=False)
    assert module.instructions == 2
    assert (
        str(module)
        == f"""; all
target triple = "{TRIPLE}"
@"elsewhere" = external global i8
@"data" = internal constant [3 x i8] c"\\61\\00\\ff", align 64
@"shared" = global [2 x i64] zeroinitializer
declare i64 @"g"(ptr %a0)
define internal void @"f"(ptr noalias %a0, i64 %a1) nounwind noinline {{
entry.0:
  %v1 = call i64 @"g"(ptr %a0)
  ret void
}}
"""
    )
    jit.parse(str(module)).verify()


def test_variadic_declarations() -> None:
    module = Module("m", TRIPLE)
    module.declare("a", FunctionType(VOID, (I64,), variadic=True))
    module.declare("b", FunctionType(VOID, variadic=True))
    assert "(i64 %a0, ...)" in str(module)
    jit.parse(str(module)).verify()


@pytest.mark.parametrize("name", ["plain", 'a "quoted"\\ name', "größer\n; x", "3", "a.b-c$"])
def test_names_of_any_kind(name: str) -> None:
    module = Module(name, TRIPLE)
    module.declare(name, FunctionType(VOID))
    (function,) = jit.parse(str(module)).functions
    assert function.name == name


def test_unused_names() -> None:
    module = Module("m", TRIPLE)
    assert module.unused_name("f") == "f"
    module.declare("f", FunctionType(VOID))
    assert module.unused_name("f") == "f.1"
    module.declare("f.1", FunctionType(VOID))
    assert module.unused_name("f") == "f.2"


def test_types_are_unique() -> None:
    assert vector_type(I8, 4) is vector_type(I8, 4)
    assert vector_type(I8, 4).element is I8
    assert FunctionType(VOID, (I8,)) == FunctionType(VOID, (I8,))
    assert FunctionType(VOID, (I8,), variadic=True).text == "void (i8, ...)"
