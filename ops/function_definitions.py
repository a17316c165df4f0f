"""Signatures of OpDefs: functions of a graph's library as ops, and ops that others define."""

from __future__ import annotations

from collections.abc import Mapping

from flowc.ir.dtypes import as_dtype
from flowc.ir.proto import FunctionDef, OpDef
from flowc.ops.graph_values import attr_to_python
from flowc.ops.registry import OpDefinition
from flowc.ops.signature import Argument, Attribute, Signature


def definition_of_function(function: FunctionDef) -> OpDefinition:
    """An op definition without a lowering, whose name and types are the function's."""
    signature = function.signature
    definition = OpDefinition(f"{signature.name}()", stateful=signature.is_stateful)
    definition.signature = signature_of(signature)
    return definition


def signature_of(op_def: OpDef) -> Signature:
    """The signature that an OpDef tells, without bounds on the values of its attributes."""
    kinds = {attribute.name: attribute.type for attribute in op_def.attr}
    return Signature(
        op_def.name,
        tuple(_argument(argument, kinds) for argument in op_def.input_arg),
        tuple(map(_attribute, op_def.attr)),
        tuple(_argument(argument, kinds) for argument in op_def.output_arg),
    )


def _argument(argument: OpDef.ArgDef, kinds: Mapping[str, str]) -> Argument:
    type_attr = argument.type_attr or argument.type_list_attr
    return Argument(
        argument.name,
        None if type_attr else as_dtype(argument.type),
        type_attr,
        argument.number_attr,
        kinds.get(type_attr) == "list(type)",
        argument.is_ref,
    )


def _attribute(attribute: OpDef.AttrDef) -> Attribute:
    default = attr_to_python(attribute.default_value)
    has_default = attribute.HasField("default_value")
    return Attribute(attribute.name, attribute.type, (), None, has_default, default)
