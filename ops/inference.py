"""Static shape inference: an op's lowering run on abstract values.

A tensor of a graph that is under construction is known by an `Abstract`: a parameter with its
type, whose unknown sizes are symbols; an `UnknownValue` where the rank is not known; or the
`Handle` of a variable. `infer` gives those of an op's outputs. Sizes that are computed by the graph
itself (`Shape -> StridedSlice -> Pack -> Reshape`) are followed through `Contents`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, TypeAlias

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim, Expr, symbol
from flowc.ir.dtypes import DType
from flowc.ir.tensor.assumptions import Optimistic
from flowc.ir.tensor.builder import (
    SYMBOLIC_LIMIT,
    Builder,
    DataDependent,
    Handle,
    UnknownShape,
    UnknownValue,
)
from flowc.ir.tensor.core import Parameter, TensorType
from flowc.ir.tensor.primitive import Array
from flowc.ops.calling import argument_dtypes, call_inference, group_inputs
from flowc.ops.ranks import require_ranks
from flowc.ops.registry import OpDefinition

Abstract: TypeAlias = Parameter | UnknownValue | Handle
Sizes: TypeAlias = Sequence[int | None]
Contents: TypeAlias = Callable[[int], Array | None]  # of input number i, as `Builder.symbolic`

_LONGEST_SHAPE = 32  # elements of an integer vector whose unknown contents may be sizes
_MOST_KNOWN = 1 << 14  # results of inference that are remembered
_LONGEST_SIZE = 120  # characters of a symbolic size; a longer one is replaced by a new symbol
_symbols = count()


def new_symbol() -> Expr:
    """A symbol that no other tensor's shape contains."""
    return symbol(f"d{next(_symbols)}")


class _GraphAssumptions(Optimistic):
    """Gives new symbols that are new in the whole process, since tensors outlive the inference."""

    def __init__(self) -> None:
        super().__init__()
        self.made_symbols = False

    def fresh(self, hint: int | None = None) -> Expr:
        self.made_symbols = True
        return new_symbol()


def abstract(dtype: DType, sizes: Sizes | None) -> Abstract:
    """The abstract value of a dtype and shape, where None stands for an unknown size or rank."""
    if sizes is None:
        return UnknownValue(dtype)
    dims = tuple(new_symbol() if size is None else size for size in sizes)
    return Parameter(TensorType(dtype, dims))


def static_sizes(value: Abstract) -> tuple[int | None, ...] | None:
    """The shape of an abstract value, None for unknown sizes or rank."""
    if isinstance(value, UnknownValue):
        return None
    shape = value.shape if isinstance(value, Handle) else value.type.shape
    if shape is None:
        return None
    return tuple(dim if type(dim) is int else None for dim in shape)


def output_dtypes(definition: OpDefinition, attrs: Mapping[str, Any]) -> list[DType]:
    """The dtype of each output tensor of a node with these attributes."""
    return argument_dtypes(definition.signature.outputs, attrs)


@dataclass(slots=True)
class _Results:
    """What an op gave for operands of the same types, by the contents that were asked for.

    A lowering asks for the contents of few operands (`asked`, by their numbers) and of most for
    none; its result follows from them and the types.
    """

    asked: tuple[int, ...] = ()
    by_contents: dict[Any, Any] = field(default_factory=dict)

    def key(self, contents: Contents) -> Any:
        """The contents as a key."""
        return tuple(_as_key(contents(number)) for number in self.asked)

    def add(self, asked: Collection[int], contents: Contents, result: Any) -> None:
        """Remember a result and what was asked for on the way to it."""
        if not set(asked) <= set(self.asked):
            self.asked = tuple(sorted({*self.asked, *asked}))
            self.by_contents.clear()
        self.by_contents[self.key(contents)] = result


def _as_key(contents: Array | None) -> Any:
    """Contents as a key that tells floats apart as their bits do."""
    if contents is None:
        return None
    elements = contents.ravel().tolist()
    return tuple(e.hex() if type(e) is float else e for e in elements)


class Inference:
    """Runs lowerings on abstract values; remembers results by types and what else was asked for."""

    def __init__(self) -> None:
        self._known: dict[Any, _Results] = {}
        self._size = 0

    def infer(
        self,
        definition: OpDefinition,
        inputs: Sequence[Abstract],
        attrs: Mapping[str, Any],
        contents: Contents = lambda _: None,
        sizes: Contents = lambda _: None,
    ) -> tuple[Abstract, ...]:
        """The abstract outputs of an op. Raises InvalidArgumentError where inputs do not fit.

        `contents` tells what is known of an input's elements; `sizes` tells the same of one that
        may be sizes, with new symbols for those elements that are not known.
        """

        def run() -> tuple[_Run, tuple[Abstract | int, ...]]:
            run = _Run(definition, inputs, attrs, contents, sizes)
            return run, run.as_remembered(run.outputs())

        key = _key(definition, inputs, attrs)
        found: tuple[Abstract | int, ...] = self._remembered(key, contents, run)
        return tuple(_another(value, inputs) for value in found)

    def infer_contents(
        self,
        definition: OpDefinition,
        inputs: Sequence[Abstract],
        attrs: Mapping[str, Any],
        contents: Contents,
        index: int,
    ) -> Array | None:
        """The contents of output `index` as ints and dimensions, or None where data decide them."""
        if definition.lower is None:
            return None

        def run() -> tuple[_Run, Array | None]:
            run = _Run(definition, inputs, attrs, contents)
            return run, run.symbolic_output(index)

        key = _key(definition, inputs, attrs)
        found: Array | None = self._remembered(None if key is None else (key, index), contents, run)
        return found

    def _remembered(self, key: Any, contents: Contents, run: Callable[[], tuple[_Run, Any]]) -> Any:
        """What an earlier run gave where the key and contents are the same, else what this does."""
        if key is None:
            return run()[1]
        results = self._known.get(key)
        if results is not None:
            given = results.key(contents)
            if given in results.by_contents:
                return results.by_contents[given]
        made, result = run()
        if made.is_repeatable:
            self._make_room()
            self._known.setdefault(key, _Results()).add(made.asked, contents, result)
        return result

    def _make_room(self) -> None:
        if self._size >= _MOST_KNOWN:  # most have sizes of their graph's own, and serve nobody else
            self._known.clear()
            self._size = 0
        self._size += 1


def _another(value: Abstract | int, inputs: Sequence[Abstract]) -> Abstract:
    """The abstract value of another tensor of the same type; a parameter stands for one alone.

    A number is that of the input that is passed on.
    """
    if isinstance(value, int):
        return inputs[value]
    match value:
        case Parameter(type=type_):
            return Parameter(type_)
        case UnknownValue(dtype=dtype):
            return UnknownValue(dtype)
    return value


def _key(
    definition: OpDefinition, inputs: Sequence[Abstract], attrs: Mapping[str, Any]
) -> Any | None:
    """What a result depends on, or None where that cannot be told: arrays.

    Functions and unknown ops have names of their own in each graph, and nothing to infer.
    """
    if definition.lower is None and definition.abstract is None:
        return None
    types: list[tuple[Any, ...]] = []
    for value in inputs:
        if isinstance(value, Parameter):
            types.append((value.type.dtype.number, value.type.shape))
        elif isinstance(value, Handle):
            types.append((value.dtype.number, value.shape, "variable"))
        else:
            types.append((value.dtype.number, "unknown rank"))
    op = definition if definition.is_custom else definition.name  # which may be defined again
    key = (op, tuple(types), tuple(attrs.values()))
    try:
        hash(key)
    except TypeError:
        return None
    return key


class _Run:
    """One run of a lowering."""

    def __init__(
        self,
        definition: OpDefinition,
        inputs: Sequence[Abstract],
        attrs: Mapping[str, Any],
        contents: Contents,
        sizes: Contents = lambda _: None,
    ) -> None:
        self.definition = definition
        self.attrs = attrs
        self.contents = contents
        self.sizes = sizes
        self.inputs = _dereferenced(definition, inputs, attrs)
        self.positions: dict[Abstract, list[int]] = {}
        for position, value in enumerate(self.inputs):
            self.positions.setdefault(value, []).append(position)
        self.guess_sizes = False
        self.asked: dict[int, None] = {}  # the operands whose contents decide, by their numbers
        self.is_repeatable = True

    def outputs(self) -> tuple[Abstract, ...]:
        """The abstract outputs; unknown where the lowering needs what is not known."""
        if self.definition.lower is None and self.definition.abstract is None:
            require_ranks(self.definition, group_inputs(self.definition, self.inputs, self.attrs))
            return self._unknown()
        if self.definition.abstract is None and self._lacks_handles():
            return self._unknown()
        try:
            return self._lower()
        except UnknownShape:
            return self._unknown()
        except DataDependent:
            self.guess_sizes = True
        try:
            return self._lower()
        except (UnknownShape, DataDependent):
            return self._unknown()

    def as_remembered(self, outputs: tuple[Abstract, ...]) -> tuple[Abstract | int, ...]:
        """The outputs in the form in which they are remembered: a variable by the input it is."""
        handles = {v: i for i, v in enumerate(self.inputs) if isinstance(v, Handle)}
        if any(isinstance(v, Handle) and v not in handles for v in outputs):
            self.is_repeatable = False
        return tuple(handles.get(v, v) if isinstance(v, Handle) else v for v in outputs)

    def _lacks_handles(self) -> bool:
        """Whether a variable is one of which nothing is known, from inside of a function."""
        values = iter(self.inputs)
        for argument in self.definition.signature.inputs:
            for dtype in argument_dtypes([argument], self.attrs):
                is_variable = argument.is_ref or dtype is dtypes.resource
                if not isinstance(next(values), Handle) and is_variable:
                    return True
        return False

    def _unknown(self) -> tuple[Abstract, ...]:
        """What is known without the lowering: dtypes, and that a reference is passed on."""
        found = [_unknown(dtype) for dtype in output_dtypes(self.definition, self.attrs)]
        outputs = self.definition.signature.outputs
        if outputs and outputs[0].is_ref and self.inputs and isinstance(self.inputs[0], Handle):
            found[0] = self.inputs[0]
        return tuple(found)

    def _builder(self) -> Builder:
        builder = Builder(_GraphAssumptions())
        builder.parameter_contents = self._contents_of
        return builder

    def _contents_of(self, parameter: Parameter) -> Array | None:
        positions = self.positions.get(parameter, ())
        self.asked.update(dict.fromkeys(positions))
        found = self.contents(positions[0]) if positions else None
        if found is None and self.guess_sizes:
            self.is_repeatable = False
            known = self.sizes(positions[0]) if positions else None
            return new_sizes(parameter.type) if known is None else known
        return found

    def _lower(self) -> tuple[Abstract, ...]:
        builder = self._builder()
        values = call_inference(builder, self.definition, self.inputs, self.attrs)
        assumptions = builder.assumptions
        assert isinstance(assumptions, _GraphAssumptions)
        if assumptions.made_symbols:
            self.is_repeatable = False
        dtypes_ = output_dtypes(self.definition, self.attrs)
        return tuple(
            _generalised(builder, value, dtype)
            for value, dtype in zip(values, dtypes_, strict=True)
        )

    def symbolic_output(self, index: int) -> Array | None:
        """The contents of one output, where they follow from shapes and constants."""
        builder = self._builder()
        try:
            values = call_inference(builder, self.definition, self.inputs, self.attrs)
            value = values[index]
            return None if isinstance(value, Handle | UnknownValue) else builder.symbolic(value)
        except (UnknownShape, DataDependent):
            return None


def may_have_contents(value: Abstract) -> bool:
    """True for a small integer or bool tensor of known shape, or one float: what tells sizes."""
    if not isinstance(value, Parameter):
        return False
    dtype, size = value.type.dtype, value.type.size
    most = 1 if dtype.is_floating else SYMBOLIC_LIMIT if dtype.is_integer or dtype.is_bool else 0
    return isinstance(size, int) and size <= most


def _dereferenced(
    definition: OpDefinition, inputs: Sequence[Abstract], attrs: Mapping[str, Any]
) -> list[Abstract]:
    """A reference that an op only reads is the value of its variable."""
    if not any(isinstance(value, Handle) for value in inputs):
        return list(inputs)
    found: list[Abstract] = []
    remaining = iter(inputs)
    for argument in definition.signature.inputs:
        for dtype in argument_dtypes([argument], attrs):
            value = next(remaining)
            is_value = not argument.is_ref and dtype is not dtypes.resource
            found.append(read(value) if is_value and isinstance(value, Handle) else value)
    return found


def read(handle: Handle) -> Abstract:
    """The abstract value of a variable."""
    if handle.shape is None:
        return UnknownValue(handle.dtype)
    return Parameter(TensorType(handle.dtype, handle.shape))


def _unknown(dtype: DType) -> Abstract:
    return Parameter(TensorType(dtype, ())) if dtype is dtypes.resource else UnknownValue(dtype)


def new_sizes(type_: TensorType) -> Array | None:
    """New symbols for the elements of a short integer vector."""
    size = type_.size
    if not type_.dtype.is_integer or not isinstance(size, int) or size > _LONGEST_SHAPE:
        return None
    contents = np.empty(size, object)
    contents[:] = [new_symbol() for _ in range(size)]
    return contents.reshape(type_.shape)


def _generalised(builder: Builder, value: Any, dtype: DType) -> Abstract:
    """A lowering's output as a value that outlives its builder."""
    if isinstance(value, Handle | UnknownValue):
        return value
    shape = tuple(_short(dim) for dim in builder.shape(value))
    return Parameter(TensorType(dtype, shape))


def _short(dim: Dim) -> Dim:
    return dim if type(dim) is int or len(str(dim)) <= _LONGEST_SIZE else new_symbol()
