"""What the primitives' families share: errors, operand checks, arrays of dimensions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.tensor.core import Computation, Shape, TensorType
from flowc.ir.tensor.primitive import Array


class Undecidable(TypeError):
    """A question on symbolic sizes has no answer that holds for all of them."""


def invalid(message: str) -> InvalidArgumentError:
    """The error that `infer` raises."""
    return InvalidArgumentError(None, None, message)


def listing(types: Sequence[TensorType]) -> str:
    """The types as an error message names them."""
    return ", ".join(map(str, types))


def expect_operands(name: str, types: Sequence[TensorType], count: int) -> None:
    """Raise InvalidArgumentError unless there are `count` operands."""
    if len(types) != count:
        raise invalid(f"{name} takes {count} operands, not {len(types)}: {listing(types)}")


def expect_regions(name: str, regions: Sequence[Computation], count: int) -> None:
    """Raise InvalidArgumentError unless there are `count` regions."""
    if len(regions) != count:
        raise invalid(f"{name} takes {count} regions, not {len(regions)}")


def expect_axes(name: str, axes: Sequence[int], rank: int) -> None:
    """Raise InvalidArgumentError unless `axes` are distinct axes of a tensor of `rank`."""
    if len(set(axes)) != len(axes) or any(not 0 <= axis < rank for axis in axes):
        raise invalid(f"{name}: {tuple(axes)} are not distinct axes of a tensor of rank {rank}")


def expect_signature(
    name: str,
    region: Computation,
    parameters: Sequence[TensorType],
    results: Sequence[TensorType],
) -> None:
    """Raise InvalidArgumentError unless the region maps `parameters` to `results`."""
    given = [p.type for p in region.parameters]
    if given != list(parameters):
        raise invalid(
            f"{name}: the region takes ({listing(given)}), expected ({listing(parameters)})"
        )
    returned = [r.type for r in region.results]
    if returned != list(results):
        raise invalid(
            f"{name}: the region returns ({listing(returned)}), expected ({listing(results)})"
        )


def scalar(type_: TensorType) -> TensorType:
    """The type of one element."""
    return TensorType(type_.dtype, ())


def known_negative(value: Dim) -> bool:
    """True when `value` is a negative number; symbolic ones are for the caller to guard."""
    return isinstance(value, int) and value < 0


def may_be_equal(left: Shape, right: Shape) -> bool:
    """False when ranks differ, or two sizes by a known number; the rest is for guards to settle."""
    surplus = (a - b for a, b in zip(left, right, strict=False))
    return len(left) == len(right) and not any(isinstance(s, int) and s for s in surplus)


def dilate(size: Dim, dilation: int) -> Dim:
    """The extent of `size` elements that lie `dilation` apart; 0 for none."""
    return size if dilation == 1 else dims.maximum((size - 1) * dilation + 1, 0)


def window_count(size: Dim, window: Dim, stride: int) -> Dim:
    """How many windows fit in `size` elements; 0 where the first does not."""
    return dims.maximum(dims.floordiv(size - window, stride) + 1, 0)


def concrete(shape: Shape) -> tuple[int, ...]:
    """`shape` as numbers. Raises Undecidable where one is symbolic."""
    if all(isinstance(d, int) for d in shape):
        return shape  # type: ignore[return-value]
    raise Undecidable(f"{shape} is symbolic")


# Arrays of dimensions: NumPy arrays of objects, each a Python int, a bool or a `dims.Expr`.


def is_symbolic(array: Array) -> bool:
    """True for an array of dimensions."""
    return bool(array.dtype == object)


def objects(value: Any) -> Array:
    """`value` as an array of dimensions."""
    array = np.empty(np.shape(value), object)
    if isinstance(value, np.ndarray | np.generic):  # flat: an empty array's list tells no shape
        array.reshape(-1)[:] = value.ravel().tolist()
    else:
        array[...] = value
    return array


def lift(function: Callable[..., Any], arity: int) -> Callable[..., Array]:
    """A function of dimensions as one of arrays of dimensions."""
    universal = np.frompyfunc(function, arity, 1)
    return lambda *arrays: objects(universal(*map(objects, arrays)))
