"""The global step: the variable that counts training steps."""

from __future__ import annotations

from typing import Any

from flowc.frontend.collections import GraphKeys
from flowc.frontend.initializers import Zeros
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.scope import get_variable
from flowc.ir import dtypes


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """The number of steps taken in a session."""
    return int(sess.run(global_step_tensor))


def get_global_step(graph: Any = None) -> Any:
    """The graph's global step, or None. Raises ValueError where there are several."""
    graph = graph or get_default_graph()
    found = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if len(found) > 1:
        raise ValueError("Multiple tensors in global_step collection.")
    if found:
        tensor = found[0]
    elif "global_step" in graph:
        tensor = graph.get_tensor_by_name("global_step:0")
    else:
        return None
    assert_global_step(tensor)
    return tensor


def create_global_step(graph: Any = None) -> Any:
    """A new global step. Raises ValueError where the graph has one."""
    graph = graph or get_default_graph()
    if get_global_step(graph) is not None:
        raise ValueError('"global_step" already exists.')
    with graph.as_default(), graph.name_scope(None):
        return get_variable(
            GraphKeys.GLOBAL_STEP,
            shape=[],
            dtype=dtypes.int64,
            initializer=Zeros(dtypes.int64),
            trainable=False,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
        )


def get_or_create_global_step(graph: Any = None) -> Any:
    """The graph's global step, made where there is none."""
    graph = graph or get_default_graph()
    found = get_global_step(graph)
    return create_global_step(graph) if found is None else found


def assert_global_step(global_step_tensor: Any) -> None:
    """Raise TypeError unless the tensor is an integer scalar."""
    dtype = global_step_tensor.dtype
    if not dtype.is_integer and dtype is not dtypes.resource:
        raise TypeError(f'Existing "global_step" does not have integer type: {dtype!r}')
    if global_step_tensor.shape.ndims not in (0, None):
        raise TypeError(f'Existing "global_step" is not scalar: {global_step_tensor.shape}')
