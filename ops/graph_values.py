"""AttrValue <-> Python: the attributes of a node as lowerings, gradients and users see them.

type          DType                     shape    tuple with None for an unknown size, or None
int, float    int, float                         for an unknown rank
bool          bool                      tensor   NumPy array
string        str (bytes that are not   func     FunctionName
              UTF-8 as surrogates)      list     tuple of these
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.proto import AttrValue, NameAttrList, NodeDef, TensorProto
from flowc.ir.tensor_values import (
    as_bytes,
    make_ndarray,
    make_tensor_proto,
    shape_to_proto,
    shape_to_python,
)
from flowc.ir.unknown_attributes import may_be_dropped, unknown_attributes
from flowc.ops.registry import OpDefinition
from flowc.ops.signature import Attribute, Signature

__all__ = [
    "FunctionName",
    "Placeholder",
    "attr_to_python",
    "complete_attributes",
    "make_ndarray",
    "make_tensor_proto",
    "python_to_attr",
    "shape_to_proto",
    "shape_to_python",
]

_Convert: TypeAlias = Callable[[Any], Any]


class Placeholder(str):
    """In a function's body: an attribute whose value is the caller's attribute of this name."""

    __slots__ = ()


class FunctionName(str):
    """The name of a function of the graph's library, with attributes that its body may ask for."""

    __slots__ = ("attributes",)
    attributes: Mapping[str, AttrValue]


def _to_function_name(value: NameAttrList) -> FunctionName:
    name = FunctionName(value.name)
    name.attributes = value.attr
    return name


def _to_dtype(number: int) -> DType:
    try:
        return as_dtype(number)
    except TypeError:
        raise InvalidArgumentError(None, None, f"unknown data type number {number}") from None


_TO_PYTHON: dict[str, _Convert] = {
    "s": lambda value: value.decode("utf-8", "surrogateescape"),
    "i": int,
    "f": float,
    "b": bool,
    "type": _to_dtype,
    "shape": shape_to_python,
    "tensor": make_ndarray,
    "func": _to_function_name,
    "placeholder": Placeholder,
}
_LIST_FIELDS = ("s", "i", "f", "b", "type", "shape", "tensor", "func")


def attr_to_python(attr: AttrValue) -> Any:
    """The Python value of an attribute; None where it holds nothing.

    Raises InvalidArgumentError for tensors, shapes and types that are none.
    """
    field = attr.WhichOneof("value")
    if field is None:
        return None
    if field == "list":
        return _list_to_python(attr.list)
    return _TO_PYTHON[field](getattr(attr, field))


def _list_to_python(values: AttrValue.ListValue) -> tuple[Any, ...]:
    for field in _LIST_FIELDS:
        elements = getattr(values, field)
        if elements:
            return tuple(map(_TO_PYTHON[field], elements))
    return ()


def _to_function(value: Any) -> NameAttrList:
    if isinstance(value, NameAttrList):
        return value
    return NameAttrList(name=str(value), attr=getattr(value, "attributes", None))


def _to_tensor(value: Any) -> TensorProto:
    return value if isinstance(value, TensorProto) else make_tensor_proto(value)


_TO_PROTO: dict[str, tuple[str, _Convert]] = {
    "string": ("s", as_bytes),
    "int": ("i", int),
    "float": ("f", float),
    "bool": ("b", bool),
    "type": ("type", lambda value: as_dtype(value).number),
    "shape": ("shape", shape_to_proto),
    "tensor": ("tensor", _to_tensor),
    "func": ("func", _to_function),
}


def python_to_attr(value: Any, attr_type: str) -> AttrValue:
    """The AttrValue of a Python value, for TensorFlow's attribute type (`"int"`, `"list(type)"`).

    Raises TypeError or ValueError for a value that is not of that type.
    """
    if isinstance(value, Placeholder):
        return AttrValue(placeholder=value)
    if attr_type.startswith("list("):
        field, convert = _TO_PROTO[attr_type[5:-1]]
        elements = [convert(element) for element in value]
        return AttrValue(list=AttrValue.ListValue(**{field: elements}))
    field, convert = _TO_PROTO[attr_type]
    arguments: dict[str, Any] = {field: convert(value)}
    return AttrValue(**arguments)


def complete_attributes(definition: OpDefinition, node: NodeDef) -> dict[str, Any]:
    """The attributes of the op's signature as Python values, defaults filled in.

    Annotations are left out, and attributes that the op does not have where they hold their default
    (`unknown_attributes`). Raises InvalidArgumentError for missing, unknown or forbidden values.
    """
    given = node.attr
    completed = {}
    for attribute in definition.signature.attributes:
        if attribute.name in given:
            value = attr_to_python(given[attribute.name])
            _check_kind(node, attribute, given[attribute.name])
            _check_allowed(node, attribute, value)
            completed[attribute.name] = value
        elif attribute.has_default:
            completed[attribute.name] = attribute.default
        else:
            raise _error(node, f"attribute {attribute.name!r} is missing")
    unknown = unknown_attributes(node, completed)
    if unknown:
        _check_unknown(node, unknown, _dtypes(definition.signature, completed))
    return completed


def _check_kind(node: NodeDef, attribute: Attribute, value: AttrValue) -> None:
    field = value.WhichOneof("value")
    is_list = attribute.type.startswith("list(")
    expected = "list" if is_list else _TO_PROTO[attribute.type][0]
    if field not in (expected, "placeholder"):
        raise _error(node, f"attribute {attribute.name!r} is no {attribute.type}")
    if is_list:
        element = _TO_PROTO[attribute.type[5:-1]][0]
        if any(getattr(value.list, f) for f in _LIST_FIELDS if f != element):
            raise _error(node, f"attribute {attribute.name!r} is no {attribute.type}")


def _check_allowed(node: NodeDef, attribute: Attribute, value: Any) -> None:
    if is_allowed(attribute, value):
        return
    if attribute.allowed:
        choices = ", ".join(getattr(a, "name", repr(a)) for a in attribute.allowed)
        shown = getattr(value, "name", repr(value))
        raise _error(node, f"attribute {attribute.name!r} is {shown}, not one of {choices}")
    size = len(value) if isinstance(value, tuple) else value
    raise _error(node, f"attribute {attribute.name!r} is {size}, less than {attribute.minimum}")


def is_allowed(attribute: Attribute, value: Any) -> bool:
    """Whether the signature allows the value."""
    if isinstance(value, Placeholder):
        return True
    if attribute.allowed:
        values: Iterable[Any] = value if isinstance(value, tuple) else (value,)
        return all(element in attribute.allowed for element in values)
    if attribute.minimum is None:
        return True
    size: int = len(value) if isinstance(value, tuple) else value
    return size >= attribute.minimum


def _check_unknown(node: NodeDef, names: Sequence[str], dtypes: Sequence[DType]) -> None:
    for name in names:
        attr = node.attr[name]
        value = attr_to_python(attr)
        if not may_be_dropped(name, attr, value, dtypes):
            raise _error(
                node,
                f"the op has no attribute {name!r}, whose value {value!r} may "
                "matter: the graph's producer knows another version of the op",
            )


def _dtypes(signature: Signature, attributes: Mapping[str, Any]) -> list[DType]:
    """The dtypes of the node's tensors."""
    found: list[DType] = []
    for argument in (*signature.inputs, *signature.outputs):
        kind = argument.dtype or attributes[argument.type_attr]
        found.extend(kind if isinstance(kind, tuple) else (kind,))
    return found


def _error(node: NodeDef, message: str) -> InvalidArgumentError:
    return InvalidArgumentError(node, None, f"{node.op} '{node.name}': {message}")
