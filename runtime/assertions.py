"""What a failed assertion shows: the tensors that the program gave it as `data`.

Compiled code only tells that the condition did not hold. The data is computed when that has
happened, which costs nothing as long as all is well. Nothing has changed by then: what is asserted
is looked at before variables are written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

import numpy as np

from flowc.codegen.backend import Array
from flowc.compiler.graph import Node
from flowc.ir.errors import OpError
from flowc.ops.state.printing import summary
from flowc.runtime.session_graph import SessionGraph

Run: TypeAlias = Callable[[tuple[str, ...], dict[str, Array]], list[Any]]

# Nodes that say no more outside of the place where they stand, or not the same when run again.
_FRAMES = frozenset({"Enter", "RefEnter", "Switch", "RefSwitch", "Merge", "RefMerge"})
_READS = frozenset({"VariableV2", "VarHandleOp", "ReadVariableOp", "Placeholder"})


def explained(
    error: OpError, node: Node | None, graph: SessionGraph, feeds: Mapping[str, Array], run: Run
) -> OpError:
    """The error of an Assert with its data, as far as that can be told; others as they are.

    `node` is the one in which it came up, `run` gives the values of tensors for feeds.
    """
    if node is None or node.op != "Assert":
        return error
    names = [edge.tensor for edge in node.inputs[1:]]
    found = {
        edge.tensor: graph.node(edge.node).attributes["value"]
        for edge in node.inputs[1:]
        if graph.node(edge.node).op == "Const"
    }
    known = [n for n in names if n not in found and _is_pure(graph, n, feeds)]
    with suppress(OpError):  # then what is known must do
        found |= zip(known, run(tuple(known), dict(feeds)), strict=True)
    most = int(node.attributes["summarize"])
    shown = " ".join(f"[{summary(np.asarray(found[n]), most)}]" for n in names if n in found)
    message = error.message.replace("assertion failed", f"assertion failed: {shown}", 1)
    return type(error)(None, error.op, message)


def _is_pure(graph: SessionGraph, name: str, feeds: Mapping[str, Array]) -> bool:
    return all(_can_run_again(node) for node in graph.needed_for(name, feeds))


def _can_run_again(node: Node) -> bool:
    if node.op in _READS:
        return True
    return node.op not in _FRAMES and not node.definition.stateful
