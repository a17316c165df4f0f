"""What a failed assertion shows: the tensors that the program gave it as `data`.

Compiled code only tells that the condition did not hold. The data is computed when that has
happened, which costs nothing as long as all is well. Nothing has changed by then: what is asserted
is looked at before variables are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from flowc.codegen.backend import Array
from flowc.compiler.graph import Node
from flowc.ir.errors import OpError
from flowc.ops.state.printing import summary

if TYPE_CHECKING:
    from flowc.runtime.executor import Executor

# Nodes that say no more outside of the place where they stand, or not the same when run again.
_FRAMES = frozenset({"Enter", "RefEnter", "Switch", "RefSwitch", "Merge", "RefMerge"})
_READS = frozenset({"VariableV2", "VarHandleOp", "ReadVariableOp", "Placeholder"})


def explained(executor: Executor, error: OpError, feeds: Mapping[str, Array]) -> OpError:
    """The error of an Assert with its data, as far as that can be told; others as they are."""
    node = executor.node_of(error)
    if node is None or node.op != "Assert":
        return error
    names = [edge.tensor for edge in node.inputs[1:]]
    found = {
        edge.tensor: executor.node(edge.node).attributes["value"]
        for edge in node.inputs[1:]
        if executor.node(edge.node).op == "Const"
    }
    known = [n for n in names if n not in found and _is_pure(executor, n, feeds)]
    with suppress(OpError):  # then what is known must do
        found |= zip(known, executor.run(tuple(known), dict(feeds)), strict=True)
    most = int(node.attributes["summarize"])
    shown = " ".join(f"[{summary(np.asarray(found[n]), most)}]" for n in names if n in found)
    message = error.message.replace("assertion failed", f"assertion failed: {shown}", 1)
    return type(error)(None, error.op, message)


def _is_pure(executor: Executor, name: str, feeds: Mapping[str, Array]) -> bool:
    return all(_can_run_again(node) for node in executor.needed_for(name, feeds))


def _can_run_again(node: Node) -> bool:
    if node.op in _READS:
        return True
    return node.op not in _FRAMES and not node.definition.stateful
