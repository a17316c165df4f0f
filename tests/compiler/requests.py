"""What a session asks the compiler for, without a session."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import flowc as tf
from flowc.compiler.graph import Graph, Node
from flowc.compiler.structure import Library, structured


def nodes_for(*fetches: Any, fed: Collection[str] = ()) -> list[Node]:
    """The structured nodes of a request on the default graph; `fed` are names of tensors."""
    made = tf.get_default_graph()
    index = Graph()
    index.extend(made.nodes, made.functions, made.unknown_ops)
    library = Library(index.functions, index.node, made.gradient_of_function)
    wanted = [fetch if isinstance(fetch, tf.Operation) else fetch.op for fetch in fetches]
    needed = index.needed([op.name for op in wanted], frozenset(fed))
    tensors = [fetch.name for fetch in fetches if not isinstance(fetch, tf.Operation)]
    return structured(needed, frozenset(fed), tensors, library)
