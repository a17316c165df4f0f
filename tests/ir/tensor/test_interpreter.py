"""Binding of symbols, guards, checks, and the interpreter's own checks."""

from __future__ import annotations

import numpy as np
import pytest

from flowc.ir import dims, dtypes, errors
from flowc.ir.dims import Symbol
from flowc.ir.tensor.assumptions import Specialising
from flowc.ir.tensor.builder import Builder
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
from flowc.ir.tensor.interpreter import run

N = dims.symbol("n")
ROWS = TensorType(dtypes.float32, (N, 2))


def doubled(**fields: object) -> Module:
    x = Parameter(ROWS)
    b = Builder(Specialising({"n": 3}))
    main = b.computation([x], [b.add(x, x), b.size(2 * N)])
    return Module("doubled", main, {Symbol("n"): ArgumentDim(0, 0)}, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", [0, 1, 7])
def test_symbols_are_bound(rows: int) -> None:
    result, size = run(doubled(), [np.ones((rows, 2), np.float32)])
    np.testing.assert_array_equal(result, np.full((rows, 2), 2, np.float32))
    assert (size.dtype, int(size)) == (np.int32, 2 * rows)


def test_symbol_from_an_element() -> None:
    length = Parameter(TensorType(dtypes.int32, (2,)))
    b = Builder(Specialising({"n": 3}))
    module = Module(
        "count",
        b.computation([length], [b.iota((N,), 0, dtypes.int32)]),
        {Symbol("n"): ArgumentElement(0, 1)},
    )
    (result,) = run(module, [np.array([9, 4], np.int32)])
    assert result.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "takes 1 arguments, not 0"),
        ([np.ones(3, np.float32)], r"argument 0 of doubled is float32\[3\]"),
        ([np.ones((3, 3), np.float32)], r"expected tensor<\{n\}x2xf32>"),
        ([np.ones((3, 2))], "is float64"),
        ([np.asarray(np.float32(1))], "tuple index out of range"),
    ],
)
def test_wrong_arguments(arguments: list[np.ndarray], message: str) -> None:
    with pytest.raises(errors.InvalidArgumentError, match=message):
        run(doubled(), arguments)


def test_guards() -> None:
    module = doubled(guards=(Guard(N, 1, equal=False), Guard(N % 2, 0)))
    run(module, [np.ones((4, 2), np.float32)])
    for rows in (1, 3):
        with pytest.raises(errors.InvalidArgumentError, match="does not hold"):
            run(module, [np.ones((rows, 2), np.float32)])


def test_failed_check_raises_the_error_of_its_message() -> None:
    x = Parameter(TensorType(dtypes.int32, ()))
    b = Builder(Specialising({}))
    b.check(b.ge(x, 0), "first", "OutOfRangeError")
    b.location = "node"
    b.check(b.lt(x, 10), "too large", "FailedPreconditionError")
    module = Module("f", b.computation([x], [x]), messages=tuple(b.messages))
    run(module, [np.asarray(5, np.int32)])
    with pytest.raises(errors.OutOfRangeError, match="first"):
        run(module, [np.asarray(-1, np.int32)])
    with pytest.raises(errors.FailedPreconditionError, match="too large"):
        run(module, [np.asarray(10, np.int32)])


def test_a_result_that_is_not_of_its_type_is_found() -> None:
    x = Parameter(ROWS)
    wrong = Instruction("tanh", (x,), {}, (TensorType(dtypes.float32, (N, 3)),))
    module = Module(
        "f", Computation((x,), (wrong,), (wrong.result,)), {Symbol("n"): ArgumentDim(0, 0)}
    )
    with pytest.raises(errors.InternalError, match="tanh"):
        run(module, [np.ones((2, 2), np.float32)])
