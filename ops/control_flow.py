"""Control flow of graphs: switches and merges, loops in frames, branches and loops of functions.

None of these ops has a lowering of its own. The compiler turns `Switch`, `Merge`, `Enter`, `Exit`
and `NextIteration` into the structured forms `If` and `While`, whose branches and bodies are
functions, and builds the regions of those (`flowc.compiler.functionalize`). What is here are the
signatures, and what is known of the results while a graph is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, Handle, UnknownValue
from flowc.ir.tensor.core import Parameter, Shape, TensorType, Value
from flowc.ops.common import abstract
from flowc.ops.registry import OpDefinition, register

Sizes: TypeAlias = "tuple[int | None, ...] | None"  # a shape attribute


def _define(text: str, *, stateful: bool = False) -> OpDefinition:
    return register(OpDefinition(text, stateful=stateful, family="control_flow"))


def declared(b: Builder, dtype: DType, shape: Sizes) -> Value | UnknownValue:
    """An abstract value of a shape that an attribute declares."""
    return UnknownValue(dtype) if shape is None else abstract(b, dtype, *shape)


# Switch and Merge

for _prefix, _type in (("", "T"), ("Ref", "ref(T)")):
    _switch = _define(
        f"{_prefix}Switch(data: {_type}, pred: bool; T: type)"
        f" -> output_false: {_type}, output_true: {_type}"
    )

    @_switch.infer
    def _(b: Builder, data: Value, pred: Value) -> tuple[Value, Value]:
        return data, data

    _list = "N*T" if not _prefix else "ref(N*T)"
    _merge = _define(
        f"{_prefix}Merge(inputs: {_list}; T: type, N: int >= 1)"
        f" -> output: {_type}, value_index: int32"
    )

    @_merge.infer
    def _(b: Builder, inputs: Sequence[Any], *, T: DType) -> tuple[Any, Value]:
        return merged(b, T, inputs), abstract(b, dtypes.int32)


def merged(b: Builder, dtype: DType, values: Sequence[Any]) -> Any:
    """What is known of a value that is one of these: sizes that all have, new symbols elsewhere."""
    first = values[0]
    if all(value is first for value in values):
        return first
    if not all(isinstance(value, Parameter) for value in values):
        return UnknownValue(dtype)
    shapes: list[Shape] = [value.type.shape for value in values]
    if any(len(shape) != len(shapes[0]) for shape in shapes):
        return UnknownValue(dtype)
    common = tuple(
        sizes[0] if all(size == sizes[0] for size in sizes) else b.assumptions.fresh()
        for sizes in zip(*shapes, strict=True)
    )
    return Parameter(TensorType(dtype, common))


_define("ControlTrigger()")


# Loops in frames

_FRAME = ", frame_name: string, is_constant: bool = false, parallel_iterations: int = 10"
for _name, _argument, _attributes in (
    ("Enter", "data", _FRAME),
    ("Exit", "data", ""),
    ("NextIteration", "data", ""),
):
    for _prefix, _type in (("", "T"), ("Ref", "ref(T)")):
        _pass_on = _define(
            f"{_prefix}{_name}({_argument}: {_type}; T: type{_attributes}) -> output: {_type}"
        )

        @_pass_on.infer
        def _(b: Builder, data: Value) -> Value:
            return data


@_define("LoopCond(input: bool) -> output: bool").infer
def _(b: Builder, input: Value) -> Value:
    return input


# Functions

_SHAPES = "output_shapes: list(shape) = []"


def _results(b: Builder, types: Sequence[DType], shapes: Sequence[Sizes]) -> tuple[Any, ...]:
    """Abstract results of declared types, and of declared shapes where there are any."""
    known = shapes or [None] * len(types)
    return tuple(declared(b, t, s) for t, s in zip(types, known, strict=True))


for _prefix, _effect in (("", True), ("Stateless", False)):
    _if = _define(
        f"{_prefix}If(cond: Tcond, input: Tin; Tcond: type, Tin: list(type), Tout: list(type),"
        f" then_branch: func, else_branch: func, {_SHAPES}) -> output: Tout",
        stateful=_effect,
    )
    _case = _define(
        f"{_prefix}Case(branch_index: int32, input: Tin; Tin: list(type), Tout: list(type),"
        f" branches: list(func) >= 1, {_SHAPES}) -> output: Tout",
        stateful=_effect,
    )
    _while = _define(
        f"{_prefix}While(input: T; T: list(type), cond: func, body: func, {_SHAPES},"
        " parallel_iterations: int = 10) -> output: T",
        stateful=_effect,
    )

    @_if.infer
    def _(
        b: Builder,
        cond: Value,
        input: Sequence[Any],
        *,
        Tout: Sequence[DType],
        output_shapes: Sequence[Sizes],
    ) -> tuple[Any, ...]:
        return _results(b, Tout, output_shapes)

    _case.infer(_if.abstract)  # type: ignore[arg-type]

    @_while.infer
    def _(
        b: Builder, input: Sequence[Any], *, T: Sequence[DType], output_shapes: Sequence[Sizes]
    ) -> tuple[Any, ...]:
        found = _results(b, T, output_shapes)
        pairs = zip(input, found, strict=True)
        return tuple(i if isinstance(i, Handle) else f for i, f in pairs)


for _prefix, _effect in (("", False), ("Stateful", True)):
    _call = _define(
        f"{_prefix}PartitionedCall(args: Tin; Tin: list(type), Tout: list(type), f: func,"
        ' config: string = "", config_proto: string = "", executor_type: string = "")'
        " -> output: Tout",
        stateful=_effect,
    )

    @_call.infer
    def _(b: Builder, args: Sequence[Any], *, Tout: Sequence[DType]) -> tuple[Any, ...]:
        return _results(b, Tout, ())


_symbolic_gradient = _define(
    "SymbolicGradient(input: Tin; Tin: list(type), Tout: list(type), f: func) -> output: Tout"
)
_symbolic_gradient.infer(_call.abstract)  # type: ignore[arg-type]
