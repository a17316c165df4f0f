"""Index maps are proved on all small shapes: the element they name is the one that is moved."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim
from flowc.ir.errors import InternalError, InvalidArgumentError
from flowc.ir.tensor.core import Instruction, Parameter, Shape, TensorType
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.primitives.common import Undecidable
from flowc.passes.index_maps import MAPS, Indices, loop_indices, operand_indices
from tests.proofs import attributes
from tests.proofs.attributes import Bounds
from tests.proofs.programs import answers, show
from tests.proofs.rules import SIZES, argument
from tests.proofs.terms import make

N = dims.symbol("n")
SIZES_OF_AXES: tuple[Dim, ...] = (0, 1, 2, N)
SMALL = tuple(s for rank in range(3) for s in itertools.product(SIZES_OF_AXES, repeat=rank))
MADE: tuple[Shape, ...] = (
    *SMALL,
    (2, 1, N),
    (1, 2, 2),
    (3, 2, 1),
    (2, 3, N),
    (6, N),
    (2, 3 * N),
    (N, 1, 6),
    (4, N + 1),
)
SHAPES: tuple[Shape, ...] = (*MADE, (3,), (2, 3), (6, 1), (2, N + 1, 2))


@pytest.mark.parametrize("name", MAPS)
def test_map(name: str) -> None:
    for shape in (*SMALL, (5,)) if name == "slice" else SHAPES:
        x = Parameter(TensorType(dtypes.int32, shape), "x")
        for given, _ in attributes.of(name, [x], Bounds(MADE)):
            instruction = make(name, [x], given)
            if instruction is not None:
                check(x, instruction)


def check(x: Parameter, instruction: Instruction) -> None:
    index = loop_indices(instruction.types[0].shape)
    maps = operand_indices(instruction, index)
    assert maps is not None
    for sizes in SIZES:
        array = argument(x, sizes, 0)
        try:
            (expected,) = answers(instruction.results, {x: array}, sizes)
        except (InvalidArgumentError, InternalError, Undecidable, ValueError):
            continue  # no valid program for these sizes
        places: Array = np.indices(expected.shape)
        known = {**sizes, **{f"d{axis}": places[axis] for axis in range(expected.ndim)}}
        found = array[tuple(positions(maps[0], known, expected.shape))]
        np.testing.assert_array_equal(found, expected, err_msg=show(instruction.results))


def positions(
    index: Indices, known: Mapping[str, int | Array], shape: Sequence[int]
) -> Sequence[Array]:
    """The index of each element of a result of `shape`."""
    functions = {"min": np.minimum, "max": np.maximum}
    values = [eval(dims.to_python(i), functions, dict(known)) for i in index]
    return [np.broadcast_to(v, tuple(shape)) for v in values]
