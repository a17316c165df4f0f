"""Functions of a graph's library as ops: the signature of a FunctionDef."""

from __future__ import annotations

from flowc.ir.dtypes import as_dtype
from flowc.ir.ops.registry import OpDefinition
from flowc.ir.proto import FunctionDef, OpDef


def definition_of_function(function: FunctionDef) -> OpDefinition:
    """An op definition without a lowering, whose name and types are the function's."""
    signature = function.signature
    inputs = ", ".join(_argument(a) for a in signature.input_arg)
    outputs = ", ".join(_argument(a) for a in signature.output_arg)
    attrs = ", ".join(f"{a.name}: {a.type}" for a in signature.attr)
    text = f"{signature.name}({inputs}{'; ' + attrs if attrs else ''})"
    return OpDefinition(f"{text} -> {outputs}" if outputs else text, stateful=signature.is_stateful)


def _argument(argument: OpDef.ArgDef) -> str:
    kind = argument.type_attr or argument.type_list_attr
    if not kind:
        kind = as_dtype(argument.type).name
    if argument.number_attr:
        kind = f"{argument.number_attr}*{kind}"
    return f"{argument.name}: {kind}"
