"""Functions in Python as operations of a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.functions.shaping import Name
from flowc.frontend.stacks import get_default_graph
from flowc.ir.dtypes import as_dtype
from flowc.ops.python_functions import PythonFunction

_HELD = "__python_functions"  # the collection that keeps a graph's functions


def py_func(
    func: Callable[..., Any],
    inp: Sequence[Any],
    Tout: Any,
    stateful: bool = True,
    name: Name = None,
) -> Any:
    """`func` of NumPy arrays as an operation: its results as tensors of the types `Tout`.

    `func` gets arrays (scalars as NumPy scalars, strings as bytes) and returns as many values as
    there are types; a single type gives a single tensor. The shapes of the results are unknown.
    Functions are not saved with a graph. Running it raises InvalidArgumentError where a value has
    another type, and the error that TensorFlow makes of an exception of `func`.

    The gradient is that of the op `PyFunc`: register one with `tf.RegisterGradient`, and name it
    with `graph.gradient_override_map`.
    """
    several = isinstance(Tout, list | tuple)
    types = [as_dtype(t) for t in (Tout if several else [Tout])]
    function = PythonFunction(func)
    get_default_graph().get_collection_ref(_HELD).append(function)
    op_type = "PyFunc" if stateful else "PyFuncStateless"
    results = build(op_type, list(inp), token=function.token, Tout=types, name=name)
    if not types:
        return results.op if hasattr(results, "op") else results
    return results if several else results[0]


def numpy_function(
    func: Callable[..., Any], inp: Sequence[Any], Tout: Any, name: Name = None
) -> Any:
    """`py_func` that is run even where nothing but a target asks for it."""
    return py_func(func, inp, Tout, True, name)
