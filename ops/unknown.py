"""Ops that flowc does not have: their nodes stay in the graph, and a run that needs one fails.

What such a node takes and gives is told by the OpDef that came with the graph. Where none did, its
inputs are what it reads; its outputs are what its readers take, and what its attributes name
(`output_types`, `dtype`). An output of which nothing tells the type is taken for float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from flowc.ir.dtypes import DType, as_dtype, float32
from flowc.ir.errors import InvalidArgumentError, UnimplementedError
from flowc.ir.proto import AttrValue, NodeDef
from flowc.ops.calling import argument_dtypes
from flowc.ops.graph_values import complete_attributes
from flowc.ops.registry import OpDefinition
from flowc.ops.signature import Argument, Attribute, Signature

_LISTS = (
    "output_types",
    "Tout",
    "out_types",
    "Toutput_types",
    "output_dtypes",
    "dtypes",
    "component_types",
)
_SINGLE = ("dtype", "Tout", "out_type", "output_type", "T")
_KINDS = {"s": "string", "i": "int", "f": "float", "b": "bool"}  # others have the field's name


Taken: TypeAlias = tuple[DType, bool]  # a dtype, and whether a reference is meant


@dataclass(frozen=True)
class Output:
    """A named output: the dtypes of its tensors, and whether its readers take references."""

    name: str
    dtypes: Sequence[DType]
    is_ref: bool = False


def unknown_op(signature: Signature) -> OpDefinition:
    """The definition of an op that can stand in a graph and cannot be run."""

    def missing(*_: Any) -> None:
        raise UnimplementedError(None, None, missing_op(signature.name))

    definition = OpDefinition(
        f"{signature.name}()", host=missing, stateful=True, is_unknown=True, family="unknown"
    )
    definition.signature = signature
    return definition


def missing_op(op: str) -> str:
    """What is to be done about an op that cannot be run."""
    return (
        f"flowc does not have the op {op}. Feed what it would compute, or fetch only what does "
        "not need it."
    )


def taken_by(node: NodeDef, definition: OpDefinition | None) -> list[Taken | None]:
    """As what a node takes its inputs, None for a type that the caller of a function decides.

    Empty where its op is unknown or its attributes are wrong.
    """
    if definition is None:
        return []
    try:
        attributes = complete_attributes(definition, node)
    except InvalidArgumentError:
        return []
    found: list[Taken | None] = []
    for argument in definition.signature.inputs:
        try:
            types = argument_dtypes([argument], attributes)
        except (TypeError, ValueError):  # their number is for the caller of a function to decide
            return found
        found += [(t, argument.is_ref) if isinstance(t, DType) else None for t in types]
    return found


def definition_by_use(
    node: NodeDef, inputs: Sequence[Taken], outputs: Sequence[Output]
) -> OpDefinition:
    """An unknown op as one node uses it: the dtypes that it reads, each with whether it is a
    reference, and `outputs` as `outputs_by_use` gives them.
    """
    attributes = [
        Attribute(name, _kind(value))
        for name, value in node.attr.items()
        if name[:1] != "_" and value.WhichOneof("value")
    ]
    given = []
    for output in outputs:
        if len(output.dtypes) == 1:
            given.append(Argument(output.name, output.dtypes[0], is_ref=output.is_ref))
            continue
        types = f"_types_of_{output.name}"
        attributes.append(Attribute(types, "list(type)", (), None, True, tuple(output.dtypes)))
        given.append(Argument(output.name, None, types, is_list=True))
    taken = [Argument(f"input_{i}", dtype, is_ref=ref) for i, (dtype, ref) in enumerate(inputs)]
    return unknown_op(Signature(node.op, tuple(taken), tuple(attributes), tuple(given)))


def outputs_by_use(node: NodeDef, read: Mapping[int, Taken | None]) -> list[Output]:
    """The outputs of an unknown op's node, one tensor each.

    `read` has the numbers of those that are read, each with the dtype and whether a reference is
    wanted, None where the reader does not tell.
    """
    listed, single = types_by_attributes(node)
    count = max(len(listed), *(number + 1 for number in read), 1)
    found = []
    for number in range(count):
        default = listed[number] if number < len(listed) else single
        dtype, is_ref = read.get(number) or (default, False)
        found.append(Output(f"output_{number}", (dtype,), is_ref))
    return found


def named_outputs(node: NodeDef, read: Mapping[tuple[str, int], Taken | None]) -> list[Output]:
    """The same where tensors are read by the name of the output and a number, as in functions."""
    listed, single = types_by_attributes(node)
    found = []
    for name in dict.fromkeys(name for name, _ in read):
        count = 1 + max(number for output, number in read if output == name)
        kinds = [read.get((name, number)) for number in range(count)]
        types = [single] * count if len(listed) < count else list(listed)
        types[:count] = [kind[0] if kind else types[i] for i, kind in enumerate(kinds)]
        found.append(Output(name, types))
    return found


def types_by_attributes(node: NodeDef) -> tuple[Sequence[DType], DType]:
    """The dtypes of a node's outputs as a list of its attributes has them, and that of any other.

    A value that is no type is passed over: nothing but its reader depends on it.
    """
    values = {name: value for name, value in node.attr.items() if name[:1] != "_"}
    lists = [values[name].list.type for name in _LISTS if name in values]
    listed = next((found for types in lists if (found := _dtypes(types))), [])
    types = {n: v.type for n, v in values.items() if v.WhichOneof("value") == "type"}
    named = [types[name] for name in _SINGLE if name in types]
    return listed, next(iter(_dtypes(named or list(types.values()))), float32)


def _dtypes(numbers: Sequence[int]) -> list[DType]:
    try:
        return [as_dtype(number) for number in numbers]
    except TypeError:
        return []


def _kind(value: AttrValue) -> str:
    """The type of an attribute that holds this value."""
    field = value.WhichOneof("value")
    if field == "placeholder":
        return "type"
    if field is not None and field != "list":
        return _KINDS.get(field, field)
    filled = next((f.name for f, _ in value.list.ListFields()), "i")
    return f"list({_KINDS.get(filled, filled)})"
