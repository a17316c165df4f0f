"""`tf.nest`: nested lists, tuples, named tuples and dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from flowc.frontend.aliases import TensorLike


def is_nested(value: TensorLike) -> bool:
    """True for a list, tuple or dictionary."""
    return isinstance(value, list | tuple | Mapping)


is_sequence = is_nested


def children(structure: Any) -> list[Any]:
    """The parts of a nested structure in order; of a dictionary by its sorted keys."""
    if isinstance(structure, Mapping):
        return [structure[key] for key in sorted(structure)]
    return list(structure)


def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """The leaves in order; dictionaries by their sorted keys."""
    if not is_nested(structure):
        return [structure]
    return [leaf for child in children(structure) for leaf in flatten(child)]


def pack_sequence_as(
    structure: Any, flat_sequence: Sequence[Any], expand_composites: bool = False
) -> Any:
    """The leaves in the form of `structure`. Raises ValueError for another number of leaves."""
    leaves = list(flat_sequence)
    count = len(flatten(structure))
    if count != len(leaves):
        raise ValueError(
            f"Structure had {count} elements, but flat_sequence had {len(leaves)} "
            f"elements.  Structure: {structure}, flat_sequence: {leaves}."
        )
    return _packed(structure, iter(leaves))


def _packed(structure: Any, leaves: Iterator[Any]) -> Any:
    if not is_nested(structure):
        return next(leaves)
    if isinstance(structure, Mapping):
        found = {key: _packed(structure[key], leaves) for key in sorted(structure)}
        kind: Any = type(structure)
        return kind((key, found[key]) for key in structure)
    parts = [_packed(child, leaves) for child in structure]
    if hasattr(structure, "_fields"):
        return type(structure)(*parts)
    return type(structure)(parts)


def map_structure(func: Callable[..., Any], *structure: Any, **kwargs: Any) -> Any:
    """`func` applied to the leaves of structures of one form."""
    for other in structure[1:]:
        assert_same_structure(structure[0], other)
    leaves = zip(*map(flatten, structure), strict=True)
    return pack_sequence_as(structure[0], [func(*each) for each in leaves])


def assert_same_structure(
    nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False
) -> None:
    """Raise ValueError where the forms differ, TypeError where only their types do."""
    if is_nested(nest1) != is_nested(nest2):
        raise ValueError(
            f"The two structures don't have the same nested structure.\n\n"
            f"First structure: {nest1}\n\nSecond structure: {nest2}"
        )
    if not is_nested(nest1):
        return
    if check_types and type(nest1) is not type(nest2):
        raise TypeError(
            f"The two structures don't have the same sequence type. First structure has "
            f"type {type(nest1)}, while second structure has type {type(nest2)}."
        )
    first, second = children(nest1), children(nest2)
    if len(first) != len(second):
        raise ValueError(
            f"The two structures don't have the same number of elements.\n\n"
            f"First structure: {nest1}\n\nSecond structure: {nest2}"
        )
    for a, b in zip(first, second, strict=True):
        assert_same_structure(a, b, check_types)
