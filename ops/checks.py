"""Conditions on the data of a run, and the words that tell which element breaks them.

Native code learns no more than that some element is wrong. Which one is found out when that has
happened: a check keeps `Evidence`, the values that tell, and the reference interpreter computes
them again (`flowc.runtime.failures`). So a check costs one reduction, and no buffer of its own.
The element told is the first in row-major order, whatever thread met one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from flowc.ir import errors
from flowc.ir.dims import Dim, Expr
from flowc.ir.tensor.assumptions import Specialising
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Evidence, Shape, Value
from flowc.ops.common import fail, is_abstract

Array: TypeAlias = np.ndarray[Any, Any]
Place: TypeAlias = tuple[int, ...]


def check_all(
    b: Builder,
    holds: Value,
    message: str,
    evidence: Evidence | None = None,
    error: str = "InvalidArgumentError",
) -> None:
    """Fail the step, or the compilation where the answer is known, unless all bools hold."""
    if is_abstract(b):
        return  # what does not hold is an error of the run
    contents = b.symbolic(holds)
    if contents is None:
        b.check(b.reduce_and(holds), message, error, evidence)
    elif not all(contents.ravel().tolist()):
        raise getattr(errors, error)(None, None, _known_words(b, message, evidence))


def _known_words(b: Builder, message: str, evidence: Evidence | None) -> str:
    """The message for values that are known while the code is made."""
    if evidence is None or not isinstance(b.assumptions, Specialising):
        return message
    hint, known = b.assumptions.hint, [b.symbolic(value) for value in evidence.values]
    arrays = [_numbers(array, hint) for array in known if array is not None]
    if len(arrays) < len(known):
        return message
    return evidence.tell(*arrays, *map(hint, evidence.sizes)) or message


def _numbers(contents: Array, hint: Callable[[Dim], int]) -> Array:
    """Contents with the sizes of the first run in place of what stands for them."""
    elements = [hint(e) if isinstance(e, Expr) else e for e in contents.ravel().tolist()]
    return np.array(elements).reshape(contents.shape)


def check_bounds(
    b: Builder, indices: Value, limit: Dim, name: str = "indices", words: Words | None = None
) -> None:
    """Fail the step unless every index is in [0, limit).

    The error says `indices[3] = 7 is not in [0, 5)`, or what `words(position, index, limit)` do.
    """
    bound = b.broadcast_to(b.size(limit, indices.type.dtype), b.shape(indices))
    inside = b.and_(b.ge(indices, 0), b.lt(indices, bound))
    check_all(b, inside, f"{name} must be in [0, {limit})", outside(indices, limit, name, words))


Words: TypeAlias = Callable[[str, Any, Any], str]


def outside(
    indices: Value, limit: Dim, name: str = "indices", words: Words | None = None
) -> Evidence:
    """What tells the first index outside of [0, limit)."""

    def default(place: str, index: Any, size: Any) -> str:
        return f"{name}{place} = {index} is not in [0, {size})"

    return culprit(
        (indices,),
        lambda array, size: (array < 0) | (array >= size),
        lambda place, array, size: (words or default)(at(place), array[place], size),
        (limit,),
    )


def check_vectors(b: Builder, inside: Value, indices: Value, limits: Shape, what: str) -> None:
    """Fail the step unless all vectors along the last axis of `indices` index into a shape.

    `inside` tells it of each vector; `what` the shape is of.
    """

    def wrong(array: Array, *sizes: int) -> Any:
        bounds = np.array(sizes[: array.shape[-1]], np.int64)
        return np.any((array < 0) | (array >= bounds), axis=-1)

    def words(place: Place, array: Array, *sizes: int) -> str:
        vector = ", ".join(map(str, array[place]))
        return f"indices{at(place)} = [{vector}] does not index into {what} {listed(sizes)}"

    message = f"indices do not index into {what} {listed(limits)}"
    check_all(b, inside, message, culprit((indices,), wrong, words, limits))


def require_inside(indices: Array, limit: int, name: str = "indices") -> None:
    """The same of a kernel's array. Raises InvalidArgumentError for the first index outside."""
    place = first((indices < 0) | (indices >= limit))
    if place is not None:
        raise fail(f"{name}{at(place)} = {indices[place]} is not in [0, {limit})")


def require_vectors_inside(indices: Array, shape: Array) -> None:
    """Raise InvalidArgumentError for the first row of `indices` that lies outside of a shape."""
    place = first(np.any((indices < 0) | (indices >= shape), axis=-1))
    if place is not None:
        raise fail(
            f"indices{at(place)} = {listed(indices[place])} is out of bounds: need 0 <= "
            f"index < {listed(shape)}"
        )


def culprit(
    values: Sequence[Value],
    wrong: Callable[..., Any],
    words: Callable[..., str],
    sizes: Shape = (),
) -> Evidence:
    """What tells the first place at which the values are wrong.

    `wrong(*arrays, *sizes)` says where; `words(place, *arrays, *sizes)` say what.
    """

    def tell(*known: Any) -> str:
        place = first(wrong(*known))
        return "" if place is None else words(place, *known)

    return Evidence(tuple(values), sizes, tell)


def first(wrong: Any) -> Place | None:
    """The first position in row-major order at which something is wrong."""
    flat = np.flatnonzero(np.asarray(wrong, bool))
    if not flat.size:
        return None
    return tuple(int(i) for i in np.unravel_index(flat[0], np.shape(wrong)))


def at(position: Sequence[int]) -> str:
    """A position as TensorFlow writes it: [1,0]; nothing for the element of a scalar."""
    return listed(position) if position else ""


def listed(sizes: Sequence[Any] | Array) -> str:
    """Numbers as TensorFlow writes a shape: [2,3]."""
    return "[" + ",".join(map(str, sizes)) + "]"
