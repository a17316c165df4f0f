"""The element of a value at an index, as a scalar expression.

`Elements` walks a fused computation backwards from what is stored: an elementwise instruction is an
arithmetic node, an index map changes the index, a value that lives in a buffer is a load. Nodes are
remembered by (value, index), so that what two consumers read at one place is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product as cartesian
from typing import Any

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.dims import product as size_of
from flowc.ir.dtypes import DType
from flowc.ir.loops.expressions import Load, Scalar
from flowc.ir.loops.kernel import Buffer
from flowc.ir.tensor.core import Computation, Instruction, Result, Value
from flowc.passes.index_maps import Indices, changes_width, linearize, operand_indices
from flowc.passes.lowering import complex as complex_arithmetic
from flowc.passes.lowering import scalars
from flowc.passes.lowering.scalars import Complex, Element

Mask = Scalar | None


def literal(instruction: Instruction) -> Element:
    """The element of a constant whose elements are all the same."""
    array = instruction.attributes["value"]
    dtype: DType = instruction.types[0].dtype
    value = array.reshape(-1)[0] if array.size else array.dtype.type(0)
    if dtype.is_complex:
        return Complex(
            scalars.constant(dtype.real, value.real), scalars.constant(dtype.real, value.imag)
        )
    return scalars.constant(dtype, value.item() if hasattr(value, "item") else value)


class Elements:
    """Scalar expressions for the values of one computation.

    `buffers` holds the values that live in memory; `bound` those that already are scalars at a
    certain index (the results of a reduction in the current row).
    """

    def __init__(self, buffers: Mapping[Value, Buffer]) -> None:
        self.buffers = buffers
        self.bound: dict[Value, tuple[Indices, Element]] = {}
        self._memo: dict[tuple[Value, Indices, int], Element] = {}

    def at(self, value: Value, index: Indices, mask: Mask = None) -> Element:
        """`value[index]`; where `mask` is false nothing is read and the result is arbitrary."""
        key = (value, index, id(mask))
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = self._compute(value, index, mask)
        return found

    def real(self, value: Value, index: Indices, mask: Mask = None) -> Scalar:
        """`at` of a value of real type."""
        element = self.at(value, index, mask)
        assert not isinstance(element, Complex)
        return element

    def forget(self) -> None:
        """Drop remembered nodes: what is bound has changed."""
        self._memo.clear()

    def _compute(self, value: Value, index: Indices, mask: Mask) -> Element:
        bound = self.bound.get(value)
        if bound is not None:
            assert bound[0] == index, f"{value} is bound at {bound[0]}, read at {index}"
            return bound[1]
        if value in self.buffers:
            position = linearize(index, value.type.shape)
            return load(self.buffers[value], value.type.dtype, position, mask)
        assert isinstance(value, Result), f"{value} is in no buffer"
        instruction = value.instruction
        special = SPECIAL.get(instruction.primitive)
        if special is not None:
            return special(self, instruction, index, mask)
        found = operand_indices(instruction, index)
        assert found is not None, f"no element form of {instruction.primitive}"
        if instruction.primitive in MOVEMENT:
            return self.at(instruction.operands[0], found[0], mask)
        operands = [self.at(o, i, mask) for o, i in zip(instruction.operands, found, strict=True)]
        return apply(instruction, operands)

    def region(self, computation: Computation, arguments: Sequence[Element]) -> list[Element]:
        """The scalar results of a region whose parameters are scalars."""
        inner = Elements({})
        for parameter, argument in zip(computation.parameters, arguments, strict=True):
            inner.bound[parameter] = ((), argument)
        return [inner.at(r, ()) for r in computation.results]


MOVEMENT = frozenset({"broadcast_in_dim", "reshape", "transpose", "slice", "reverse"})


def load(
    buffer: Buffer, dtype: DType, position: Dim, mask: Mask = None, gather: Mask = None
) -> Element:
    """Element number `position` of a tensor's buffer; a complex one is two reals in a row."""
    if not dtype.is_complex:
        return Load(buffer, position, mask, gather)
    if gather is not None:
        gather = scalars.binary("add", gather, gather)
    return Complex(
        Load(buffer, position * 2, mask, gather), Load(buffer, position * 2 + 1, mask, gather)
    )


def apply(instruction: Instruction, operands: Sequence[Element]) -> Element:
    """An elementwise instruction on the elements of its operands."""
    name, dtype = instruction.primitive, instruction.types[0].dtype
    match name:
        case "convert":
            return _convert(dtype, operands[0])
        case "bitcast_convert":
            return scalars.bitcast(dtype, _real(operands[0]))
        case "complex":
            return Complex(_real(operands[0]), _real(operands[1]))
        case "compare":
            return _compare(instruction.attributes["comparison_direction"], *operands)
        case "select":
            return select_element(_real(operands[0]), *operands[1:])
        case "clamp":
            low, x, high = map(_real, operands)
            return scalars.binary("minimum", scalars.binary("maximum", x, low), high)
        case "is_finite":
            return scalars.is_finite(_real(operands[0]))
        case "real" | "imag" if not isinstance(operands[0], Complex):
            return operands[0] if name == "real" else scalars.constant(dtype, 0)
    if len(operands) == 2:
        return binary_element(name, *operands)
    if isinstance(operands[0], Complex):
        return complex_arithmetic.UNARY[name](operands[0])
    return scalars.unary(name, operands[0])


def _real(element: Element) -> Scalar:
    assert not isinstance(element, Complex)
    return element


def binary_element(operator: str, x: Element, y: Element) -> Element:
    """`operator(x, y)` of two real or of two complex elements."""
    if isinstance(x, Complex):
        assert isinstance(y, Complex)
        return complex_arithmetic.BINARY[operator](x, y)
    return scalars.binary(operator, x, _real(y))


def _convert(dtype: DType, x: Element) -> Element:
    if dtype.is_complex:
        return complex_arithmetic.convert_complex(dtype, x)
    if isinstance(x, Complex):
        if dtype.is_bool:
            zero = scalars.constant(x.real.dtype, 0)
            parts = [scalars.compare("NE", p, zero) for p in (x.real, x.imag)]
            return scalars.binary("or", *parts)
        x = x.real
    if x.dtype in scalars.NARROW and dtype is not dtypes.float32:
        x = scalars.convert(dtypes.float32, x)
    if dtype in scalars.NARROW and x.dtype is dtypes.float64:
        return scalars.convert(dtype, scalars.convert(dtypes.float32, x))
    return scalars.convert(dtype, x)


def _compare(direction: str, x: Element, y: Element) -> Scalar:
    if isinstance(x, Complex):
        assert isinstance(y, Complex)
        parts = (
            scalars.compare(direction, x.real, y.real),
            scalars.compare(direction, x.imag, y.imag),
        )
        return scalars.binary("and" if direction == "EQ" else "or", *parts)
    return scalars.compare(direction, x, _real(y))


def select_element(predicate: Scalar, x: Element, y: Element) -> Element:
    """`x` where the bool holds, else `y`."""
    if isinstance(x, Complex):
        assert isinstance(y, Complex)
        return Complex(
            scalars.select(predicate, x.real, y.real), scalars.select(predicate, x.imag, y.imag)
        )
    return scalars.select(predicate, x, _real(y))


# Instructions whose element is not an operation on one element of each operand.


def _constant(_: Elements, instruction: Instruction, index: Indices, mask: Mask) -> Element:
    return literal(instruction)


_UNSIGNED = {1: dtypes.uint8, 2: dtypes.uint16, 4: dtypes.uint32, 8: dtypes.uint64}


def _bitcast(elements: Elements, instruction: Instruction, index: Indices, mask: Mask) -> Element:
    """Bits as another type; where widths differ, the last axis counts the narrow parts."""
    (operand,), dtype = instruction.operands, instruction.types[0].dtype
    if not changes_width(instruction):
        return scalars.bitcast(dtype, elements.real(operand, index, mask))
    source = operand.type.dtype
    narrow, wide = sorted((_UNSIGNED[source.size], _UNSIGNED[dtype.size]), key=lambda t: t.size)
    if dtype.size < source.size:
        bits = scalars.bitcast(wide, elements.real(operand, index[:-1], mask))
        place = scalars.index(index[-1] * narrow.bits, wide)
        part = scalars.binary("shift_right_logical", bits, place)
        return scalars.bitcast(dtype, scalars.convert(narrow, part))
    total: Scalar = scalars.constant(wide, 0)
    for number in range(wide.size // narrow.size):
        part = scalars.bitcast(narrow, elements.real(operand, (*index, number), mask))
        place = scalars.constant(wide, number * narrow.bits)
        moved = scalars.binary("shift_left", scalars.convert(wide, part), place)
        total = scalars.binary("or", total, moved)
    return scalars.bitcast(dtype, total)


def _size(_: Elements, instruction: Instruction, index: Indices, mask: Mask) -> Element:
    dtype, value = instruction.types[0].dtype, instruction.attributes["value"]
    return scalars.convert(dtype, scalars.index(value))


def _iota(_: Elements, instruction: Instruction, index: Indices, mask: Mask) -> Element:
    dtype = instruction.types[0].dtype
    position = index[instruction.attributes["iota_dimension"]]
    if dtype.is_integer and dtype.size >= 4:
        return scalars.index(position, dtype)
    return _convert(dtype, scalars.index(position, dtypes.int32))


def _pad(elements: Elements, instruction: Instruction, index: Indices, mask: Mask) -> Element:
    operand, value = instruction.operands
    attributes = instruction.attributes
    inside: Mask = None
    source: list[Dim] = []
    for axis, (i, size) in enumerate(zip(index, operand.type.shape, strict=True)):
        step = attributes["interior_padding"][axis] + 1
        position = i - attributes["edge_padding_low"][axis]
        if step != 1:
            whole = scalars.compare("EQ", scalars.index(position % step), scalars.index(0))
            inside = scalars.both(inside, whole)
            position = position // step
        inside = scalars.both(inside, scalars.in_range(position, size))
        source.append(position)
    padding = elements.at(value, (), mask)
    if inside is None:
        return elements.at(operand, tuple(source), mask)
    element = elements.at(operand, tuple(source), scalars.both(mask, inside))
    return select_element(inside, element, padding)


def _concatenate(
    elements: Elements, instruction: Instruction, index: Indices, mask: Mask
) -> Element:
    axis = instruction.attributes["dimension"]
    start: Dim = 0
    parts: list[tuple[Mask, Element]] = []
    for operand in instruction.operands:
        size = operand.type.shape[axis]
        if size == 0:
            continue
        position = index[axis] - start
        inside = scalars.in_range(position, size)
        source = (*index[:axis], position, *index[axis + 1 :])
        parts.append((inside, elements.at(operand, source, scalars.both(mask, inside))))
        start = start + size
    result = parts[-1][1]
    for inside, element in reversed(parts[:-1]):
        result = element if inside is None else select_element(inside, element, result)
    return result


def clamped(start: Scalar, limit: Dim) -> Scalar:
    """`start` as int64 within [0, limit]."""
    wide = scalars.convert(dtypes.int64, start)
    low = scalars.binary("maximum", wide, scalars.constant(dtypes.int64, 0))
    return scalars.binary("minimum", low, scalars.index(limit))


def strides_of(shape: Sequence[Dim]) -> list[Dim]:
    """How far apart neighbours are along each axis, in elements."""
    return [size_of(tuple(shape[axis + 1 :])) for axis in range(len(shape))]


def flat_offset(parts: list[tuple[Scalar, Dim]]) -> Scalar:
    """The sum of data-dependent starts times their strides."""
    total: Scalar | None = None
    for start, stride in parts:
        term = start if stride == 1 else scalars.binary("multiply", start, scalars.index(stride))
        total = term if total is None else scalars.binary("add", total, term)
    return scalars.constant(dtypes.int64, 0) if total is None else total


def _gather(elements: Elements, instruction: Instruction, index: Indices, mask: Mask) -> Element:
    operand, starts = instruction.operands
    numbers = instruction.attributes["dimension_numbers"]
    sizes = instruction.attributes["slice_sizes"]
    shape = operand.type.shape
    batch = [i for a, i in enumerate(index) if a not in numbers.offset_dims]
    offsets = [index[a] for a in numbers.offset_dims]
    hidden = set(numbers.collapsed_slice_dims) | set(numbers.operand_batching_dims)
    rest = iter(offsets)
    source: list[Dim] = [0 if a in hidden else next(rest) for a in range(len(shape))]
    for axis, of_starts in zip(
        numbers.operand_batching_dims, numbers.start_indices_batching_dims, strict=True
    ):
        source[axis] = batch[of_starts - (of_starts > numbers.index_vector_dim)]
    strides = strides_of(shape)
    parts = []
    for component, axis in enumerate(numbers.start_index_map):
        at = list(batch)
        if numbers.index_vector_dim < len(starts.type.shape):
            at.insert(numbers.index_vector_dim, component)
        start = clamped(elements.real(starts, tuple(at), mask), shape[axis] - sizes[axis])
        parts.append((start, strides[axis]))
    position = linearize(source, shape)
    return load(elements.buffers[operand], operand.type.dtype, position, mask, flat_offset(parts))


def _dynamic_slice(
    elements: Elements, instruction: Instruction, index: Indices, mask: Mask
) -> Element:
    operand, *starts = instruction.operands
    shape, sizes = operand.type.shape, instruction.types[0].shape
    parts = [
        (clamped(elements.real(start, (), mask), shape[a] - sizes[a]), stride)
        for a, (start, stride) in enumerate(zip(starts, strides_of(shape), strict=True))
        if shape[a] != sizes[a]
    ]
    position = linearize(index, shape)
    return load(elements.buffers[operand], operand.type.dtype, position, mask, flat_offset(parts))


WINDOW_LIMIT = 128  # window elements that are written out; larger windows are loops


def window_size(instruction: Instruction) -> int | None:
    """Elements of a `reduce_window`'s window, None where it is not small and constant."""
    size = size_of(tuple(instruction.attributes["window_dimensions"]))
    return size if isinstance(size, int) and size <= WINDOW_LIMIT else None


def window_sources(
    instruction: Instruction, index: Indices, shape: Sequence[Dim]
) -> list[tuple[Indices, Mask]]:
    """Where a small window at `index` reads its operand, and the mask of what is not padding."""
    window: tuple[int, ...] = tuple(instruction.attributes["window_dimensions"])
    return [
        window_source(instruction, index, offsets, shape)
        for offsets in cartesian(*(range(w) for w in window))
    ]


def window_source(
    instruction: Instruction, index: Indices, offsets: Indices, shape: Sequence[Dim]
) -> tuple[Indices, Mask]:
    """Where element `offsets` of the window at `index` is read, and the mask: it is no padding."""
    attributes = instruction.attributes
    rank = len(offsets)
    strides = attributes.get("window_strides") or (1,) * rank
    dilations = attributes.get("window_dilations") or (1,) * rank
    base = attributes.get("base_dilations") or (1,) * rank
    padding = attributes.get("padding") or ((0, 0),) * rank
    inside: Mask = None
    source: list[Dim] = []
    for a, offset in enumerate(offsets):
        position = index[a] * strides[a] + offset * dilations[a] - padding[a][0]
        if base[a] != 1:
            whole = scalars.compare("EQ", scalars.index(position % base[a]), scalars.index(0))
            inside = scalars.both(inside, whole)
            position = position // base[a]
        inside = scalars.both(inside, scalars.in_range(position, shape[a]))
        source.append(position)
    return tuple(source), inside


def _reduce_window(
    elements: Elements, instruction: Instruction, index: Indices, mask: Mask
) -> Element:
    operand, initial = instruction.operands
    (body,) = instruction.regions
    start = elements.at(initial, (), mask)
    result = start
    for source, inside in window_sources(instruction, index, operand.type.shape):
        element = elements.at(operand, source, scalars.both(mask, inside))
        if inside is not None:
            element = select_element(inside, element, start)
        (result,) = elements.region(body, [result, element])
    return result


SPECIAL: dict[str, Callable[[Elements, Instruction, Indices, Any], Element]] = {
    "constant": _constant,
    "size": _size,
    "iota": _iota,
    "pad": _pad,
    "concatenate": _concatenate,
    "bitcast_convert": _bitcast,
    "gather": _gather,
    "dynamic_slice": _dynamic_slice,
    "reduce_window": _reduce_window,
}
