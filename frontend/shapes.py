"""Static shapes as a user sees them: `Dimension` and `TensorShape`, TensorFlow 1's classes.

A shape is partly known: its rank may be unknown, and each size may be. Both classes are immutable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, overload

from flowc.ir.proto import TensorShapeProto
from flowc.ops.graph_values import shape_to_proto, shape_to_python

Sizes: TypeAlias = tuple[int | None, ...]


class Dimension:
    """One size of a shape: an int, or None where it is not known.

    Arithmetic with an unknown size is unknown; a comparison with one is None.
    """

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = as_size(value)

    @property
    def value(self) -> int | None:
        """The size, or None."""
        return self._value

    def is_compatible_with(self, other: Any) -> bool:
        """True when the two may be the same size."""
        size = as_size(other)
        return self._value is None or size is None or self._value == size

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError unless `is_compatible_with(other)`."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {as_dimension(other)} are not compatible")

    def merge_with(self, other: Any) -> Dimension:
        """What is known of either. Raises ValueError where they contradict."""
        self.assert_is_compatible_with(other)
        return as_dimension(other) if self._value is None else self

    def _combine(self, other: Any, function: Callable[[int, int], int]) -> Any:
        try:
            size = as_size(other)
        except (TypeError, ValueError):
            return NotImplemented
        known = self._value is not None and size is not None
        return Dimension(function(self._value, size) if known else None)  # type: ignore[arg-type]

    def _compare(self, other: Any, function: Callable[[int, int], bool]) -> Any:
        try:
            size = as_size(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self._value is None or size is None:
            return None
        return function(self._value, size)

    def __eq__(self, other: object) -> Any:
        return self._compare(other, lambda a, b: a == b)

    def __ne__(self, other: object) -> Any:
        return self._compare(other, lambda a, b: a != b)

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a < b)

    def __le__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a <= b)

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a > b)

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, lambda a, b: a >= b)

    def __add__(self, other: Any) -> Any:
        return self._combine(other, lambda a, b: a + b)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self._combine(other, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> Any:
        return self._combine(other, lambda a, b: b - a)

    def __mul__(self, other: Any) -> Any:
        return self._combine(other, lambda a, b: a * b)

    __rmul__ = __mul__

    def __floordiv__(self, other: Any) -> Any:
        return self._combine(other, lambda a, b: a // b)

    def __rfloordiv__(self, other: Any) -> Any:
        return self._combine(other, lambda a, b: b // a)

    def __truediv__(self, other: Any) -> Any:
        raise TypeError(
            f"unsupported operand type(s) for /: 'Dimension' and '{type(other).__name__}', "
            "please use // instead"
        )

    def __mod__(self, other: Any) -> Any:
        return self._combine(other, lambda a, b: a % b)

    def __rmod__(self, other: Any) -> Any:
        return self._combine(other, lambda a, b: b % a)

    def __hash__(self) -> int:
        return hash(self._value)

    def __int__(self) -> int:
        return self._value  # type: ignore[return-value]  # Python raises the TypeError for None

    def __index__(self) -> int:
        return self._value  # type: ignore[return-value]

    def __repr__(self) -> str:
        return f"Dimension({self._value})"

    def __str__(self) -> str:
        return "?" if self._value is None else str(self._value)


def as_size(value: Any) -> int | None:
    """The size that an int, Dimension or None stands for. Raises ValueError, TypeError."""
    if value is None or type(value) is int:
        size = value
    elif isinstance(value, Dimension):
        return value.value
    else:
        size = int(value.__index__()) if hasattr(value, "__index__") else _rounded(value)
    if size is not None and size < 0:
        raise ValueError(f"Dimension {size} must be >= 0")
    return size


def _rounded(value: Any) -> int:
    number = int(value)
    if isinstance(value, str | bytes) or number != value:
        raise ValueError(f"Ambiguous dimension: {value}")
    return number


def as_dimension(value: Any) -> Dimension:
    """`value` as a Dimension."""
    return value if isinstance(value, Dimension) else Dimension(value)


def dimension_at_index(shape: TensorShape, index: int) -> Dimension:
    """A dimension of a shape; an unknown one where the rank is unknown."""
    return Dimension(None) if shape.ndims is None else shape[index]


def dimension_value(dimension: Any) -> int | None:
    """The int in a Dimension, or the int itself."""
    return dimension.value if isinstance(dimension, Dimension) else dimension


class TensorShape:
    """A partly known shape, from a list of sizes, a TensorShapeProto, or None: unknown rank."""

    __slots__ = ("_sizes",)

    def __init__(self, dims: Any) -> None:
        self._sizes = _as_sizes(dims)

    @classmethod
    def of(cls, sizes: Sizes | None) -> TensorShape:
        """The shape of sizes that are known to be valid."""
        shape = cls.__new__(cls)
        shape._sizes = sizes
        return shape

    @property
    def sizes(self) -> Sizes | None:
        """The sizes as ints and None; None for an unknown rank."""
        return self._sizes

    @property
    def dims(self) -> list[Dimension] | None:
        """The sizes as Dimensions; None for an unknown rank."""
        return None if self._sizes is None else [Dimension(size) for size in self._sizes]

    @property
    def ndims(self) -> int | None:
        """The rank; None where unknown."""
        return None if self._sizes is None else len(self._sizes)

    rank = ndims

    def as_list(self) -> list[int | None]:
        """The sizes as a list. Raises ValueError for an unknown rank."""
        if self._sizes is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._sizes)

    def as_proto(self) -> TensorShapeProto:
        """The shape as a protocol buffer."""
        return shape_to_proto(self._sizes)

    def num_elements(self) -> int | None:
        """The number of elements; None where a size is unknown."""
        count = 1
        if self._sizes is None:
            return None
        for size in self._sizes:
            if size is None:
                return None
            count *= size
        return count

    def is_fully_defined(self) -> bool:
        """True when rank and all sizes are known."""
        return self._sizes is not None and None not in self._sizes

    def assert_is_fully_defined(self) -> None:
        """Raise ValueError unless `is_fully_defined()`."""
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def merge_with(self, other: Any) -> TensorShape:
        """What is known of either. Raises ValueError where they contradict."""
        theirs = as_shape(other)._sizes
        if self._sizes is None:
            return TensorShape.of(theirs)
        if theirs is None:
            return self
        self.assert_same_rank(other)
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {as_shape(other)} are not compatible")
        pairs = zip(self._sizes, theirs, strict=True)
        return TensorShape.of(tuple(b if a is None else a for a, b in pairs))

    def concatenate(self, other: Any) -> TensorShape:
        """The dimensions of this shape followed by those of `other`."""
        theirs = as_shape(other)._sizes
        if self._sizes is None or theirs is None:
            return TensorShape.of(None)
        return TensorShape.of(self._sizes + theirs)

    def is_compatible_with(self, other: Any) -> bool:
        """True when some full shape is described by both."""
        theirs = as_shape(other)._sizes
        if self._sizes is None or theirs is None:
            return True
        if len(self._sizes) != len(theirs):
            return False
        pairs = zip(self._sizes, theirs, strict=True)
        return all(a is None or b is None or a == b for a, b in pairs)

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError unless `is_compatible_with(other)`."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {as_shape(other)} are incompatible")

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        """What the two have in common: sizes that differ become unknown."""
        theirs = as_shape(other)._sizes
        if self._sizes is None or theirs is None or len(self._sizes) != len(theirs):
            return TensorShape.of(None)
        pairs = zip(self._sizes, theirs, strict=True)
        return TensorShape.of(tuple(a if a == b else None for a, b in pairs))

    def assert_same_rank(self, other: Any) -> None:
        """Raise ValueError where both ranks are known and differ."""
        theirs = as_shape(other)
        if None not in (self.ndims, theirs.ndims) and self.ndims != theirs.ndims:
            raise ValueError(f"Shapes {self} and {theirs} must have the same rank")

    def assert_has_rank(self, rank: int | None) -> None:
        """Raise ValueError where the rank is known not to be `rank`."""
        if None not in (self.ndims, rank) and self.ndims != rank:
            raise ValueError(f"Shape {self} must have rank {rank}")

    def with_rank(self, rank: int) -> TensorShape:
        """This shape; `rank` unknown sizes where the rank is unknown. Raises ValueError."""
        self.assert_has_rank(rank)
        return unknown_shape(rank) if self._sizes is None else self

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """This shape. Raises ValueError where its rank is known to be less."""
        if self.ndims is not None and self.ndims < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """This shape. Raises ValueError where its rank is known to be greater."""
        if self.ndims is not None and self.ndims > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    @overload
    def __getitem__(self, key: slice) -> TensorShape: ...
    @overload
    def __getitem__(self, key: int) -> Dimension: ...
    def __getitem__(self, key: Any) -> Any:
        if self._sizes is not None:
            part = self._sizes[key]
            return TensorShape.of(part) if isinstance(part, tuple) else Dimension(part)
        return self._part_of_unknown(key) if isinstance(key, slice) else Dimension(None)

    def _part_of_unknown(self, key: slice) -> TensorShape:
        start, stop = key.start or 0, key.stop
        if key.step is not None:
            raise ValueError("Steps are not yet handled")
        if stop is None or start < 0 or stop < 0:
            return TensorShape.of(None)
        return unknown_shape(max(0, stop - start))

    def __iter__(self) -> Iterator[Dimension]:
        if self._sizes is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return iter([Dimension(size) for size in self._sizes])

    def __len__(self) -> int:
        if self._sizes is None:
            raise ValueError("Cannot take the length of Shape with unknown rank.")
        return len(self._sizes)

    def __bool__(self) -> bool:
        return self._sizes is not None

    def __eq__(self, other: object) -> bool:
        try:
            return self._sizes == as_shape(other)._sizes
        except (TypeError, ValueError):
            return NotImplemented

    def __ne__(self, other: object) -> bool:
        try:
            theirs = as_shape(other)
        except (TypeError, ValueError):
            return NotImplemented
        if self._sizes is None or theirs._sizes is None:
            raise ValueError("The inequality of unknown TensorShapes is undefined.")
        return self._sizes != theirs._sizes

    def __hash__(self) -> int:
        return hash(self._sizes)

    def __reduce__(self) -> tuple[Any, ...]:
        return TensorShape, (None if self._sizes is None else list(self._sizes),)

    def __repr__(self) -> str:
        return f"TensorShape({self.dims})"

    def __str__(self) -> str:
        if self._sizes is None:
            return "<unknown>"
        shown = ["?" if size is None else str(size) for size in self._sizes]
        return f"({shown[0]},)" if len(shown) == 1 else f"({', '.join(shown)})"


def _as_sizes(dims: Any) -> Sizes | None:
    if dims is None or isinstance(dims, TensorShape):
        return None if dims is None else dims.sizes
    if isinstance(dims, TensorShapeProto):
        return shape_to_python(dims)
    if isinstance(dims, Iterable) and not isinstance(dims, str | bytes):
        return tuple(as_size(size) for size in dims)
    return (as_size(dims),)


def as_shape(value: Any) -> TensorShape:
    """`value` as a TensorShape."""
    return value if isinstance(value, TensorShape) else TensorShape(value)


def unknown_shape(rank: int | None = None) -> TensorShape:
    """A shape of which nothing but the rank is known."""
    return TensorShape.of(None if rank is None else (None,) * rank)


def scalar() -> TensorShape:
    """The shape of a scalar."""
    return TensorShape.of(())


def as_shape_attribute(value: Any) -> Sizes | None:
    """A shape given by a user as the attribute value of a node."""
    if isinstance(value, Sequence) and any(size == -1 for size in value if isinstance(size, int)):
        value = [None if size == -1 else size for size in value]
    return as_shape(value).sizes
