# ruff: noqa: E501  (an instruction is one line)
"""Broken modules: the text says on which line the verifier must find which fault.

`// error: text` stands at the end of the faulty line.
"""

from __future__ import annotations

import re

import pytest

from flowc.ir import dtypes
from flowc.ir.dims import Symbol
from flowc.ir.tensor.core import (
    ArgumentDim,
    ArgumentElement,
    Computation,
    Guard,
    Instruction,
    Module,
    Parameter,
    TensorType,
)
from flowc.ir.tensor.parser import parse_module
from flowc.ir.tensor.verifier import VerificationError, verify

F32 = TensorType(dtypes.float32, (2, 3))

CASES = {
    "inferred type": """
module @f {
  func.func public @main(%arg0: tensor<2x3xf32>) -> (tensor<2x3xf32>) {
    %0 = "stablehlo.tanh"(%arg0) : (tensor<2x3xf32>) -> tensor<2x3xf32>
    %1 = "stablehlo.add"(%0, %arg0) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<3x2xf32>  // error: the type is (tensor<3x2xf32>), inferred is (tensor<2x3xf32>)
    func.return %1 : tensor<3x2xf32>
  }
}""",
    "operand types": """
module @f {
  func.func public @main(%arg0: tensor<2xf32>, %arg1: tensor<2xi32>) -> (tensor<2xf32>) {
    %0 = "stablehlo.add"(%arg0, %arg1) : (tensor<2xf32>, tensor<2xi32>) -> tensor<2xf32>  // error: add: operands differ in type: tensor<2xf32>, tensor<2xi32>
    func.return %0 : tensor<2xf32>
  }
}""",
    "region signature": """
module @f {
  func.func public @main(%arg0: tensor<2xf32>, %arg1: tensor<f32>) -> (tensor<f32>) {
    %0 = "stablehlo.reduce"(%arg0, %arg1) <{dimensions = array<i64: 0>}> ({  // error: reduce: the region returns (tensor<i1>), expected (tensor<f32>)
    ^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>):
      %1 = "stablehlo.compare"(%arg2, %arg3) <{comparison_direction = #stablehlo<comparison_direction GT>}> : (tensor<f32>, tensor<f32>) -> tensor<i1>
      "stablehlo.return"(%1) : (tensor<i1>) -> ()
    }) : (tensor<2xf32>, tensor<f32>) -> tensor<f32>
    func.return %0 : tensor<f32>
  }
}""",
    "region arity": """
module @f {
  func.func public @main(%arg0: tensor<i32>) -> (tensor<i32>) {
    %0 = "stablehlo.while"(%arg0) ({  // error: while takes 2 regions, not 1
    ^bb0(%arg1: tensor<i32>):
      "stablehlo.return"(%arg1) : (tensor<i32>) -> ()
    }) : (tensor<i32>) -> tensor<i32>
    func.return %0 : tensor<i32>
  }
}""",
    "capture by reduce": """
module @f {
  func.func public @main(%arg0: tensor<2xf32>, %arg1: tensor<f32>) -> (tensor<f32>) {
    %0 = "stablehlo.reduce"(%arg0, %arg1) <{dimensions = array<i64: 0>}> ({
    ^bb0(%arg2: tensor<f32>, %arg3: tensor<f32>):
      %1 = "stablehlo.add"(%arg2, %arg1) : (tensor<f32>, tensor<f32>) -> tensor<f32>  // error: value 1 is not defined before, or not visible here
      "stablehlo.return"(%1) : (tensor<f32>) -> ()
    }) : (tensor<2xf32>, tensor<f32>) -> tensor<f32>
    func.return %0 : tensor<f32>
  }
}""",
    "value of a region used outside": """
module @f {
  func.func public @main(%arg0: tensor<i32>) -> (tensor<i32>) {
    %0 = "stablehlo.case"(%arg0) ({
      %1 = "stablehlo.negate"(%arg0) : (tensor<i32>) -> tensor<i32>
      "stablehlo.return"(%1) : (tensor<i32>) -> ()
    }) : (tensor<i32>) -> tensor<i32>
    func.return %1 : tensor<i32>  // error: value 0 is not defined before, or not visible here
  }
}""",
    "symbol without source": """
module @f attributes {flowc.symbols = {n = "argument 0 axis 0"}} {
  func.func public @main(%arg0: tensor<{n}xf32>) -> (tensor<{m}xf32>) {
    %0 = "stablehlo.iota"() <{iota_dimension = 0 : i64}> : () -> tensor<{m + n}xf32>  // error: symbol m has no source
    func.return %0 : tensor<{m + n}xf32>
  }
}""",
    "symbol in an attribute": """
module @f {
  func.func public @main(%arg0: tensor<i32>) -> (tensor<i32>) {
    %0 = "flowc.size"() <{value = {2*k}}> : () -> tensor<i32>  // error: attributes: symbol k has no source
    func.return %0 : tensor<i32>
  }
}""",
    "missing attribute": """
module @f {
  func.func public @main(%arg0: tensor<2xf32>) -> (tensor<2xf32>) {
    %0 = "stablehlo.transpose"(%arg0) : (tensor<2xf32>) -> tensor<2xf32>  // error: attribute 'permutation' is missing
    func.return %0 : tensor<2xf32>
  }
}""",
    "message": """
module @f {
  func.func public @main(%arg0: tensor<i1>) -> () {
    "flowc.check"(%arg0) <{code = 1 : i64}> : (tensor<i1>) -> ()  // error: there is no message 1
    func.return
  }
}""",
    "loop that changes a type": """
module @f {
  func.func public @main(%arg0: tensor<i32>) -> (tensor<i32>) {
    %0 = "stablehlo.while"(%arg0) ({  // error: while (body): the region returns (tensor<i1>), expected (tensor<i32>)
    ^bb0(%arg1: tensor<i32>):
      %1 = "stablehlo.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<i1>
      "stablehlo.return"(%1) : (tensor<i1>) -> ()
    }, {
    ^bb0(%arg2: tensor<i32>):
      %2 = "stablehlo.constant"() <{value = dense<true> : tensor<i1>}> : () -> tensor<i1>
      "stablehlo.return"(%2) : (tensor<i1>) -> ()
    }) : (tensor<i32>) -> tensor<i32>
    func.return %0 : tensor<i32>
  }
}""",
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_fault_is_found_on_its_line(text: str) -> None:
    lines = text.strip().split("\n")
    (place,) = (number for number, line in enumerate(lines, 1) if "// error: " in line)
    expected = lines[place - 1].split("// error: ")[1]
    with pytest.raises(VerificationError) as caught:
        verify(parse_module(text))
    message, *shown = str(caught.value).split("\n")
    assert message.startswith(f"f, line {place}: ")
    assert expected in message
    (arrow,) = (line for line in shown if line.startswith("-->"))
    assert int(re.findall(r"\d+", arrow)[0]) == place
    assert len(shown) <= 11


def test_use_before_definition() -> None:
    x = Parameter(F32)
    first = Instruction("tanh", (x,), {}, (F32,))
    second = Instruction("tanh", (first.result,), {}, (F32,))
    main = Computation((x,), (second, first), (second.result,))
    with pytest.raises(VerificationError, match=r"line 3: value 0 is not defined before"):
        verify(Module("f", main))


def test_instruction_in_two_places() -> None:
    x = Parameter(F32)
    twice = Instruction("tanh", (x,), {}, (F32,))
    with pytest.raises(VerificationError, match="two places"):
        verify(Module("f", Computation((x,), (twice, twice), (twice.result,))))


def test_unknown_primitive() -> None:
    x = Parameter(F32)
    strange = Instruction("frobnicate", (x,), {}, (F32,))
    with pytest.raises(VerificationError, match="there is no primitive frobnicate"):
        verify(Module("f", Computation((x,), (strange,), (strange.result,))))


@pytest.mark.parametrize(
    ("module", "message"),
    [
        ({"symbols": {Symbol("n"): ArgumentDim(1, 0)}}, "there is no argument 1"),
        ({"symbols": {Symbol("n"): ArgumentDim(0, 2)}}, "has no axis 2"),
        ({"symbols": {Symbol("n"): ArgumentElement(0, 0)}}, "has no integers"),
        ({"guards": (Guard(2, 3),), "donated": {1: 0}}, "result 1 cannot take"),
        ({"donated": {0: 1}}, "result 0 cannot take"),
        ({"donated": {0: 0}}, None),
    ],
)
def test_interface(module: dict[str, object], message: str | None) -> None:
    x = Parameter(F32)
    built = Module("f", Computation((x,), (), (x,)), **module)  # type: ignore[arg-type]
    if message is None:
        verify(built)
        return
    with pytest.raises(VerificationError, match=message):
        verify(built)
