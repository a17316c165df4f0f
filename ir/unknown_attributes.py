"""Attributes that a producer wrote and flowc's op does not have: which of them may be dropped.

flowc's signatures have every attribute that TensorFlow's ops have had up to 2.21. What else a node
carries comes from a newer producer or another one. TensorFlow adds an attribute with a default that
leaves the op as it was, so an attribute may be dropped where it holds that default. The default
itself is not in the file. It is taken to be

- for any attribute: what is empty, zero or false; a shape of unknown rank;
- for a type: one of the dtypes that the node's tensors have anyway;
- for names that TensorFlow uses across its ops: their usual value (`data_format="NHWC"`), and any
  value for hints about speed (`use_cudnn_on_gpu`).

Attributes that begin with `_` are annotations of graph passes and never matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowc.ir.dtypes import DType
from flowc.ir.proto import AttrValue, NodeDef

_HINTS = frozenset(
    {
        "allowed_devices",
        "debug_name",
        "experimental_debug_info",
        "grad_a",
        "grad_b",
        "grad_x",
        "grad_y",
        "metadata",
        "parallel_iterations",
        "swap_memory",
        "use_cudnn",
        "use_cudnn_on_gpu",
        "use_inter_op_parallelism",
        "use_locking",
        "validate_indices",
    }
)


def _is_ones(value: Any) -> bool:
    return isinstance(value, tuple) and all(element == 1 for element in value)


_USUAL: Mapping[str, Callable[[Any], bool]] = {
    "bad_indices_policy": lambda value: value in ("DEFAULT", "ERROR"),
    "data_format": lambda value: value in ("NHWC", "NDHWC", "NWC"),
    "dilations": _is_ones,
    "message_type": lambda value: value == "",
    "rates": _is_ones,
    "unit": lambda value: value == "BYTE",
}


def unknown_attributes(node: NodeDef, known: Mapping[str, Any]) -> list[str]:
    """The names of the node's attributes that are neither known nor annotations."""
    return [name for name in node.attr if name not in known and not name.startswith("_")]


def may_be_dropped(name: str, attr: AttrValue, value: Any, dtypes: Sequence[DType]) -> bool:
    """Whether an unknown attribute holds its default.

    `value` is the attribute's Python value; `dtypes` are those of the node's inputs and outputs.
    """
    if name in _HINTS or (name in _USUAL and _USUAL[name](value)):
        return True
    match attr.WhichOneof("value"):
        case None:
            return True
        case "list":
            return not value or (bool(attr.list.type) and set(value) <= set(dtypes))
        case "type":
            return value in dtypes
        case "shape":
            return value is None
        case "s" | "i" | "f" | "b":
            return not value
    return False
