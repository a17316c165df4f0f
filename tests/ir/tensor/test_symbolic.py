"""Values that describe shapes: elementwise work on dimensions is that on the numbers they are."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.core import Parameter, TensorType
from flowc.ir.tensor.primitive import PRIMITIVES, Array
from flowc.ir.tensor.primitives.common import objects
from tests.proofs import attributes
from tests.proofs.attributes import Bounds
from tests.proofs.rules import SIZES
from tests.proofs.terms import make

N, M = dims.symbol("n"), dims.symbol("m")
POOL: tuple[Dim, ...] = (
    -3,
    -1,
    0,
    1,
    2,
    7,
    N,
    M,
    -N,
    N - 1,
    N + 1,
    N - M,
    2 * N,
    N * M,
    dims.maximum(N - 3, 0),
    dims.minimum(N, M),
    dims.mod(N, 3),
)
TRUTH = (False, True)
BOUNDS = Bounds(
    dtypes=(dtypes.int64, dtypes.bool_, dtypes.float32),
    directions=("EQ", "NE", "LT", "LE", "GT", "GE"),
)
SYMBOLIC = [name for name, p in PRIMITIVES.items() if p.symbolic and p.elementwise]
ARITIES = {"select": (3,), "clamp": (3,)}


def number(value: Any, sizes: dict[str, int]) -> Any:
    return dims.evaluate(value, sizes) if isinstance(value, dims.Expr) else value


@pytest.mark.parametrize("dtype", [dtypes.int64, dtypes.bool_], ids=lambda d: d.name)
@pytest.mark.parametrize("name", SYMBOLIC)
def test_elementwise(name: str, dtype: DType) -> None:
    pool: Sequence[Any] = TRUTH if dtype.is_bool else POOL
    for arity in ARITIES.get(name, (1, 2)):
        kinds = [dtypes.bool_ if name == "select" and k == 0 else dtype for k in range(arity)]
        given = [Parameter(TensorType(kind, ())) for kind in kinds]
        for found, _ in attributes.of(name, given, BOUNDS):
            if make(name, given, found) is None:
                continue
            pools = [TRUTH if kind.is_bool else pool[:: arity - 1 or 1] for kind in kinds]
            for operands in itertools.product(*pools):
                check(name, operands, kinds, found)


def check(
    name: str, operands: Sequence[Any], kinds: Sequence[DType], given: attributes.Attributes
) -> None:
    evaluate = PRIMITIVES[name].evaluate
    try:
        (answer,) = evaluate([objects(x) for x in operands], given, ())
    except (TypeError, ZeroDivisionError):  # as the builder takes it: not known
        return
    for sizes in SIZES:
        chosen = dict(sizes)
        arrays: list[Array] = [
            np.asarray(number(x, chosen), kind.numpy)
            for x, kind in zip(operands, kinds, strict=True)
        ]
        (expected,) = evaluate(arrays, given, ())
        assert number(answer.item(), chosen) == expected.item(), (name, operands, chosen)
