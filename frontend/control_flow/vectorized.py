"""`vectorized_map`: a function of one element, for all elements of a tensor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowc.frontend import nest
from flowc.frontend.control_flow.mapping import map_fn
from flowc.frontend.conversion import convert
from flowc.frontend.function_graphs.graph import FunctionGraph, argument_name
from flowc.frontend.scopes import name_scope
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.scope import get_variable_scope, variable_scope


def vectorized_map(fn: Callable[..., Any], elems: Any) -> Any:
    """What `fn` makes of each element of `elems`, stacked.

    `elems` is a tensor or a structure of tensors with equally many rows; the result has the
    structure and dtypes of what `fn` returns, which it is called twice to find out: once in a graph
    of its own. It is `map_fn`'s loop; element follows element. Raises ValueError for scalars.
    """
    with name_scope(None, "vectorized_map"):
        elems = nest.map_structure(convert, elems)
        return map_fn(fn, elems, dtype=_result_types(fn, elems))


def _result_types(fn: Callable[..., Any], elems: Any) -> Any:
    """The dtypes of what `fn` returns, found without touching the current graph."""
    graph = FunctionGraph(get_default_graph())
    reuse = get_variable_scope().reuse
    with graph.as_default(), variable_scope(get_variable_scope(), reuse=reuse):
        rows = nest.map_structure(
            lambda t: graph.add_argument(
                t.dtype.base_dtype,
                argument_name("row"),
                None if t.shape.ndims is None else t.shape[1:].sizes,
            ),
            elems,
        )
        return nest.map_structure(lambda t: convert(t).dtype, fn(rows))
