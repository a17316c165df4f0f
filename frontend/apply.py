"""Adding an op to the graph: inputs become tensors, attributes are filled in, shapes inferred.

`build("MatMul", a, b, transpose_b=True, name="logits")` is what every function of the API comes
down to. Inputs stand in the order of the op's signature, a list for each list input; attributes
that the inputs determine are not given.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flowc.frontend import messages
from flowc.frontend.conversion import as_array, convert, is_tensor
from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.shapes import TensorShape, as_shape_attribute
from flowc.frontend.stacks import get_default_graph
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.proto import TensorProto
from flowc.ops.graph_values import Placeholder, make_ndarray
from flowc.ops.registry import OPS, OpDefinition
from flowc.ops.signature import Argument, Attribute

if TYPE_CHECKING:
    from flowc.frontend.graph import Graph

_result_types: dict[str, Any] = {}


def build(op_type: str, *inputs: Any, name: str | None = None, **attrs: Any) -> Any:
    """Add an op to the graph of its inputs; returns its output or outputs.

    A list output is a list, several outputs a named tuple, and an op without outputs returns
    itself. Raises TypeError or ValueError where the op does not take such inputs.
    """
    return outputs_of(apply_op(op_type, inputs, attrs, name))


def apply_op(
    op_type: str, inputs: Sequence[Any], attrs: Mapping[str, Any], name: str | None = None
) -> Operation:
    """Add an op; `build` describes the arguments."""
    definition = lookup(op_type)
    graph = graph_of(inputs)
    inside = graph.control_flow_context is not None  # what is captured is named after the op
    if not inside and all(isinstance(value, TensorBase) for value in inputs):
        call = _Call(definition, attrs)
        tensors = [call.take(a, v) for a, v in zip(call.arguments, inputs, strict=True)]
        return graph.add_op(definition, tensors, call.attributes(), name or op_type)
    with graph.as_default(), graph.name_scope(name or op_type) as scope:
        call = _Call(definition, attrs)
        converted: list[Any] = []
        for argument, value in zip(call.arguments, inputs, strict=True):
            if call.is_list(argument):
                converted.extend(call.take_list(argument, value))
            else:
                converted.append(call.take(argument, value))
        return graph.add_op(definition, converted, call.attributes(), scope)


def lookup(op_type: str) -> OpDefinition:
    """The definition of an op. Raises NotImplementedError for one that flowc does not have."""
    definition = OPS.get(op_type)
    if definition is None:
        raise NotImplementedError(f"The op {op_type} is not implemented in flowc.")
    return definition


def outputs_of(op: Operation) -> Any:
    """An operation's outputs in the form that functions of the API return them."""
    arguments = op.definition.signature.outputs
    if len(arguments) == 1 and not (arguments[0].number_attr or arguments[0].is_list):
        return op.outputs[0]
    if not arguments:
        return op
    if len(arguments) == 1:
        return list(op.outputs)
    return _structured(op, arguments)


def _structured(op: Operation, arguments: Sequence[Argument]) -> Any:
    if op.type not in _result_types:
        names = [argument.name for argument in arguments]
        _result_types[op.type] = namedtuple(op.type, names, rename=True)
    remaining = iter(op.outputs)
    values: list[Any] = []
    for argument in arguments:
        length = _length(argument, op.attrs)
        found = [next(remaining) for _ in range(1 if length is None else length)]
        values.append(found[0] if length is None else found)
    return _result_types[op.type](*values)


def _length(argument: Argument, attrs: Mapping[str, Any]) -> int | None:
    if argument.number_attr:
        return int(attrs[argument.number_attr])
    return len(attrs[argument.type_attr]) if argument.is_list else None


def graph_of(values: Sequence[Any]) -> Graph:
    """The graph of the tensors among `values`, else the default one.

    Raises ValueError where they are of different graphs.
    """
    default = get_default_graph()
    if default.building_function:  # it reads tensors of other graphs as arguments
        return default
    graph: Graph | None = None
    first: Any = None
    for value in _flat(values):
        found = getattr(value, "graph", None) if is_tensor(value) else None
        if found is None or found is graph:
            continue
        if graph is not None:
            raise ValueError(f"{value} must be from the same graph as {first}.")
        graph, first = found, value
    return default if graph is None else graph


def _flat(values: Sequence[Any]) -> Sequence[Any]:
    if not any(isinstance(value, list | tuple) for value in values):
        return values
    flat: list[Any] = []
    for value in values:
        flat.extend(_flat(value)) if isinstance(value, list | tuple) else flat.append(value)
    return flat


class _Call:
    """The attributes of an op that is being added, as they become known."""

    def __init__(self, definition: OpDefinition, given: Mapping[str, Any]) -> None:
        self.definition = definition
        self.arguments = definition.signature.inputs
        self.types: dict[str, DType] = {}  # and number and type-list attributes of the inputs
        self.sources: dict[str, str] = {}  # attribute -> the input that determined it
        self.inferred: dict[str, Any] = {}
        self.given = given
        for attribute in definition.signature.attributes:
            value = given.get(attribute.name)
            if attribute.type == "type" and value is not None:
                self.types[attribute.name] = as_dtype(value)

    @staticmethod
    def is_list(argument: Argument) -> bool:
        """True for an input that is a list of tensors."""
        return bool(argument.number_attr) or argument.is_list

    def take(self, argument: Argument, value: Any, name: str | None = None) -> Any:
        """`value` as the tensor for an input. Raises TypeError or ValueError."""
        attr = argument.type_attr
        if name is None and self.is_list(argument):
            raise TypeError(
                f"Expected list for '{argument.name}' argument to "
                f"'{self.definition.name}' Op, not {value}."
            )
        wanted = argument.dtype or self.types.get(attr)
        if isinstance(value, TensorBase):
            tensor: Any = value
        else:
            tensor = self._convert(argument, value, wanted, name or argument.name)
        if wanted is not None and tensor.dtype is not wanted:
            raise TypeError(
                messages.wrong_dtype(
                    self.definition, argument, tensor, wanted, self.sources.get(attr)
                )
            )
        if argument.dtype is None and attr not in self.sources:
            self._settle(argument, tensor.dtype)
        if argument.is_ref and not tensor.is_ref:
            raise TypeError(
                f"'{self.definition.name}' Op requires that input '{argument.name}' "
                "be a mutable tensor (e.g.: a tf.Variable)"
            )
        return tensor

    def _convert(self, argument: Argument, value: Any, wanted: DType | None, name: str) -> Any:
        preferred = None if wanted is not None else self._preferred(argument.type_attr)
        try:
            return convert(value, wanted, name, preferred, argument.is_ref)
        except (TypeError, ValueError) as error:
            if wanted is None or not is_tensor(value):
                raise
            found = as_dtype(value.dtype)
            if found is wanted:
                raise
            raise TypeError(
                f"Input '{argument.name}' of '{self.definition.name}' Op has type {found.name} "
                f"that does not match expected type of {wanted.name}."
            ) from error

    def _preferred(self, attr: str) -> DType | None:
        declared = self.definition.signature.attribute(attr)
        if declared is None or declared.type != "type":
            return None
        return declared.default if declared.has_default else None

    def _settle(self, argument: Argument, dtype: DType) -> None:
        """An input determines a type attribute."""
        attr = argument.type_attr
        declared = self.definition.signature.attribute(attr)
        assert declared is not None
        if declared.allowed and dtype not in declared.allowed:
            names = ", ".join(choice.name for choice in declared.allowed)
            raise TypeError(
                f"Value passed to parameter '{argument.name}' has DataType "
                f"{dtype.name} not in list of allowed values: {names}"
            )
        self.types[attr] = dtype
        self.sources[attr] = argument.name

    def take_list(self, argument: Argument, values: Any) -> list[Any]:
        """`values` as the tensors for a list input. Raises TypeError or ValueError."""
        if not isinstance(values, list | tuple):
            self.take(argument, values)
        if argument.is_list:
            return self._take_mixed(argument, values)
        self._count(argument, len(values))
        if argument.dtype is None and argument.type_attr not in self.types:
            hint = next((as_dtype(v.dtype) for v in values if is_tensor(v)), None)
            if hint is not None:
                self._settle(argument, hint)
        return [
            self.take(argument, v, f"{argument.name}_{i}" if len(values) > 1 else argument.name)
            for i, v in enumerate(values)
        ]

    def _count(self, argument: Argument, length: int) -> None:
        declared = self.definition.signature.attribute(argument.number_attr)
        assert declared is not None
        known = self.inferred.setdefault(argument.number_attr, length)
        if known != length:
            raise ValueError(
                f"List argument '{argument.name}' to '{self.definition.name}' Op with "
                f"length {length} must match length {known} of argument."
            )
        if length < (declared.minimum or 0):
            raise ValueError(
                f"List argument '{argument.name}' to '{self.definition.name}' Op with "
                f"length {length} shorter than minimum length {declared.minimum}."
            )

    def _take_mixed(self, argument: Argument, values: Sequence[Any]) -> list[Any]:
        given = self.given.get(argument.type_attr)
        kinds = [None] * len(values) if given is None else [as_dtype(t) for t in given]
        tensors = [
            convert(v, t, f"{argument.name}_{i}")
            for i, (v, t) in enumerate(zip(values, kinds, strict=True))
        ]
        found = tuple(t.dtype for t in tensors)
        if self.inferred.setdefault(argument.type_attr, found) != found:
            raise TypeError(
                f"Input '{argument.name}' of '{self.definition.name}' Op has other "
                "types than the list before it."
            )
        return tensors

    def attributes(self) -> dict[str, Any]:
        """The values of all attributes, in the order of the signature. Raises TypeError."""
        values: dict[str, Any] = {}
        given = self.given
        for attribute in self.definition.signature.attributes:
            name = attribute.name
            if name in self.types:
                values[name] = self.types[name]
            elif name in self.inferred:
                values[name] = self.inferred[name]
            elif name in given and (given[name] is not None or attribute.type == "shape"):
                values[name] = _normalised(self.definition, attribute, given[name])
            elif attribute.has_default:
                values[name] = attribute.default
            else:
                raise TypeError(f"{self.definition.name} Op: no value for attribute '{name}'")
        if len(given) > len(values) or not given.keys() <= values.keys():
            unknown = sorted(given.keys() - values.keys())
            raise TypeError(f"{self.definition.name} Op got unexpected attributes: {unknown}")
        return values


def _normalised(definition: OpDefinition, attribute: Attribute, value: Any) -> Any:
    """A user's attribute as `flowc.ops.graph_values` has it. Raises TypeError, ValueError."""
    if isinstance(value, Placeholder):
        return value
    try:
        if attribute.type.startswith("list("):
            normalise = _NORMALISE[attribute.type[5:-1]]
            result: Any = tuple(normalise(element) for element in value)
        else:
            result = _NORMALISE[attribute.type](value)
    except (TypeError, ValueError) as error:
        kind = attribute.type
        raise TypeError(
            f"Expected {kind} for argument '{attribute.name}' not {value!r}. ({error})"
        ) from None
    _require_allowed(definition, attribute, result)
    return result


def _to_int(value: Any) -> int:
    if isinstance(value, bool | float | str):
        raise TypeError("not an integer")
    return int(value)


def _to_bool(value: Any) -> bool:
    if not isinstance(value, bool | np.bool_ | int):
        raise TypeError("not a bool")
    return bool(value)


def _to_text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _to_array(value: Any) -> Any:
    return make_ndarray(value) if isinstance(value, TensorProto) else as_array(value)


_NORMALISE: dict[str, Any] = {
    "type": as_dtype,
    "int": _to_int,
    "float": float,
    "bool": _to_bool,
    "string": _to_text,
    "shape": lambda v: v.sizes if isinstance(v, TensorShape) else as_shape_attribute(v),
    "tensor": _to_array,
    "func": lambda v: v if isinstance(v, str) else v.name,
}


def _require_allowed(definition: OpDefinition, attribute: Attribute, value: Any) -> None:
    where = f"attr '{attribute.name}' of '{definition.name}' Op"
    if attribute.allowed:
        for element in value if isinstance(value, tuple) else (value,):
            if element not in attribute.allowed:
                choices = ", ".join(str(getattr(a, "name", a)) for a in attribute.allowed)
                shown = getattr(element, "name", element)
                error = TypeError if attribute.type.endswith("type)") else ValueError
                raise error(f"{where[0].upper()}{where[1:]} passed {shown} not in: {choices}.")
    if attribute.minimum is not None:
        size = len(value) if isinstance(value, tuple) else value
        if size < attribute.minimum:
            raise ValueError(
                f"{where[0].upper()}{where[1:]} passed {size} less than minimum "
                f"{attribute.minimum}."
            )
