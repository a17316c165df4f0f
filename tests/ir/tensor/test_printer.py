"""The text of one module with everything in it: symbols, guards, donation, regions, messages."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from flowc.ir import dims, dtypes
from flowc.ir.dims import Symbol
from flowc.ir.tensor.assumptions import Specialising
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import (
    ArgumentDim,
    ArgumentElement,
    Guard,
    Module,
    Parameter,
    SymbolSource,
    TensorType,
)
from flowc.ir.tensor.interpreter import run
from flowc.ir.tensor.parser import parse_module
from flowc.ir.tensor.printer import print_module
from flowc.ir.tensor.verifier import verify
from tests.golden import Golden

PATH = Path(__file__).parent / "golden" / "step.mlir"


def step() -> Module:
    """A layer, a loop, a check and an updated variable."""
    n, k = dims.symbol("n"), dims.symbol("k")
    b = Builder(Specialising({"n": 2, "k": 3}))
    x = Parameter(TensorType(dtypes.float32, (n, 3)), "x")
    w = Parameter(TensorType(dtypes.float32, (3, 4)), "w")
    count = Parameter(TensorType(dtypes.int32, (1,)), "count")
    b.location = "layer/MatMul"
    y = b.tanh(b.matmul(x, w))
    b.location = "layer/Check"
    b.check(b.reduce_and(b.is_finite(y)), 'y is not "finite"')
    b.location = "layer/Pad"
    padded = b.pad(y, 0, (0, n - 1), (1, dims.floordiv(n + 1, 2)))
    b.location = "loop"
    index, total = b.while_(
        lambda i, t: b.lt(i, b.reshape(count, ())),
        lambda i, t: (b.add(i, 1), b.add(t, b.convert(i, dtypes.float32))),
        [b.scalar(0, dtypes.int32), b.scalar(0.1, dtypes.float32)],
    )
    ranks = b.iota((k,), 0, dtypes.int64)
    updated = b.multiply(w, b.broadcast_in_dim(total, (3, 4), ()))
    main = b.computation([x, w, count], [padded, updated, index, ranks])
    symbols: dict[Symbol, SymbolSource] = {
        Symbol("n"): ArgumentDim(0, 0),
        Symbol("k"): ArgumentElement(2, 0),
    }
    return Module("step", main, symbols, (Guard(n, 1, False),), {1: 1}, tuple(b.messages))


def test_golden(golden: Golden) -> None:
    golden.check(PATH, print_module(step()))


def test_round_trip() -> None:
    module = step()
    parsed = parse_module(PATH.read_text())
    verify(module)
    verify(parsed)
    assert print_module(parsed) == PATH.read_text()
    assert (parsed.symbols, parsed.guards) == (module.symbols, module.guards)
    assert (parsed.donated, parsed.messages) == (module.donated, module.messages)
    x, w = np.ones((2, 3), np.float32), np.full((3, 4), 0.25, np.float32)
    arguments = [x, w, np.array([3], np.int32)]
    for ours, theirs in zip(run(module, arguments), run(parsed, arguments), strict=True):
        np.testing.assert_array_equal(ours, theirs)
