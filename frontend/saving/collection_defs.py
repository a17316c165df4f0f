"""Collections of a graph as CollectionDefs, and back.

Variables, savers and the like are written as their own protocol buffers: whoever defines such a
class registers the collections in which it is found.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError, Message

from flowc.frontend.collections import GraphKeys
from flowc.frontend.control_flow.contexts import ControlFlowContext
from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.graph import Graph
from flowc.frontend.saving.contexts import (
    cond_from_proto,
    context_def,
    loop_from_proto,
)
from flowc.frontend.variables.variable import Variable, prepend_scope, strip_scope
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.proto import CollectionDef, CondContextDef, VariableDef, WhileContextDef

_logger = logging.getLogger("flowc")


@dataclass(frozen=True)
class _Kind:
    """How the items of a collection are written: a message, and what makes an item of it."""

    message: type[Message]
    from_proto: Callable[..., Any]


_KINDS: dict[str, _Kind] = {}


def register_collection(key: str, message: type[Message], from_proto: Callable[..., Any]) -> None:
    """Say how the items of a collection are read; they write themselves with `to_proto(scope)`."""
    _KINDS[key] = _Kind(message, from_proto)


for _key in (
    GraphKeys.GLOBAL_VARIABLES,
    GraphKeys.LOCAL_VARIABLES,
    GraphKeys.MODEL_VARIABLES,
    GraphKeys.TRAINABLE_VARIABLES,
    GraphKeys.MOVING_AVERAGE_VARIABLES,
    GraphKeys.METRIC_VARIABLES,
    GraphKeys.GLOBAL_STEP,
    GraphKeys.EVAL_STEP,
    GraphKeys.WEIGHTS,
    GraphKeys.BIASES,
):
    register_collection(_key, VariableDef, Variable.from_proto)

register_collection(GraphKeys.COND_CONTEXT, CondContextDef, cond_from_proto)
register_collection(GraphKeys.WHILE_CONTEXT, WhileContextDef, loop_from_proto)


# Writing


def collection_def(key: str, items: Sequence[Any], scope: str | None) -> CollectionDef | None:
    """A collection as a message, names without `scope/`; None where its items cannot be written."""
    collection = CollectionDef()
    for item in items:
        if not _add_item(collection, key, item, scope):
            _logger.debug("collection %r cannot be exported: %r", key, item)
            return None
    return collection if collection.WhichOneof("kind") else None


def _add_item(collection: CollectionDef, key: str, item: Any, scope: str | None) -> bool:
    match item:
        case _ if key in _KINDS:
            is_context = isinstance(item, ControlFlowContext)
            if not is_context and not hasattr(item, "to_proto"):
                return False
            message = context_def(item, scope) if is_context else item.to_proto(scope)
            if message is not None:
                collection.bytes_list.value.append(message.SerializeToString())
        case TensorBase() | Operation() | Variable():  # a variable comes back as its tensor
            if not scope or item.name.startswith(f"{scope.rstrip('/')}/"):
                collection.node_list.value.append(strip_scope(item.name, scope))
        case int():
            collection.int64_list.value.append(int(item))
        case float():
            collection.float_list.value.append(item)
        case str() | bytes():
            content = item.encode() if isinstance(item, str) else item
            collection.bytes_list.value.append(content)
        case Message() if item.DESCRIPTOR.full_name == "google.protobuf.Any":
            message = item.SerializeToString(deterministic=True)
            collection.any_list.value.add().MergeFromString(message)
        case _:
            return False
    return True


# Reading


@dataclass
class CollectionReader:
    """Restores collections; the same variable in two of them is one object."""

    graph: Graph
    scope: str
    made: dict[tuple[type[Message], bytes], Any] = field(default_factory=dict)

    def restore(self, key: str, collection: CollectionDef) -> None:
        """Add the items of a collection to the graph's.

        Raises InvalidArgumentError for an item that does not fit the graph.
        """
        kind = collection.WhichOneof("kind")
        for value in getattr(collection, kind).value if kind else ():
            try:
                item = self._item(key, kind, value)
            except (LookupError, ValueError, TypeError) as error:
                reason = error.args[0] if error.args else error
                message = f"an item of collection {key!r} does not fit the graph: {reason}"
                raise InvalidArgumentError(None, None, message) from None
            self.graph.add_to_collection(key, item)

    def _item(self, key: str, kind: str | None, value: Any) -> Any:
        if kind == "node_list":
            return self.graph.as_graph_element(prepend_scope(value, self.scope))
        if kind == "bytes_list" and key in _KINDS:
            return self._object(key, value)
        return value

    def _object(self, key: str, content: bytes) -> Any:
        kind = _KINDS[key]
        known = kind.message, content
        if known not in self.made:
            try:
                message = kind.message.FromString(content)
            except DecodeError:
                raise InvalidArgumentError(
                    None, None, f"an item of collection {key!r} is damaged"
                ) from None
            self.made[known] = kind.from_proto(message, import_scope=self.scope or None)
        return self.made[known]
