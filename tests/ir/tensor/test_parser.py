"""Text that is not tensor IR gets an error that names the line."""

from __future__ import annotations

import pytest

from flowc.ir.tensor.parser import ParseError, parse_computation, parse_module
from flowc.ir.tensor.printer import print_computation, print_module

HEAD = "module @f {\n  func.func public @main(%arg0: tensor<2xf32>) -> (tensor<2xf32>) {\n"
TAIL = "\n    func.return %0 : tensor<2xf32>\n  }\n}\n"
WHOLE = HEAD + '    %0 = "stablehlo.tanh"(%arg0) : (tensor<2xf32>) -> tensor<2xf32>' + TAIL


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('%0 = "stablehlo.tanh"(%7) : (tensor<2xf32>) -> tensor<2xf32>', "%7 is not defined"),
        ('%0 = "stablehlo.twist"(%arg0) : () -> tensor<2xf32>', "no primitive stablehlo.twist"),
        ('%0 = "chlo.tanh"(%arg0) : () -> tensor<2xf32>', "no primitive chlo.tanh"),
        ('%0:2 = "stablehlo.tanh"(%arg0) : () -> tensor<2xf32>', "tanh has 1 results, not 2"),
        ('%0 = "stablehlo.tanh"(%arg0) : () -> tensor<2xf33>', "expected an element type"),
        ('%0 = "stablehlo.tanh"(%arg0) : () -> tensor<{n +}xf32>', "not an index expression"),
        ('%0 = "stablehlo.tanh"(%arg0) () -> tensor<2xf32>', "expected"),
        ("%0 = ?", "expected a string"),
        ("\x00", "unexpected text"),
    ],
)
def test_errors(line: str, message: str) -> None:
    with pytest.raises(ParseError, match=message) as caught:
        parse_module(f"{HEAD}    {line}{TAIL}")
    assert str(caught.value).startswith(("line 3: ", "line 4: "))


@pytest.mark.parametrize("length", range(0, len(WHOLE) - 3, 7))
def test_cut_text_is_an_error(length: int) -> None:
    with pytest.raises(ParseError):
        parse_module(WHOLE[:length])


def test_comments_and_space_do_not_matter() -> None:
    text = WHOLE.replace("\n", "  // comment\n\n")
    assert print_module(parse_module(text)) == WHOLE


def test_computation_without_a_module() -> None:
    text = print_computation(parse_module(WHOLE).main)
    assert text.startswith("func.func public @main(")
    assert print_computation(parse_computation(text)) == text
