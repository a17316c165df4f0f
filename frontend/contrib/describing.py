"""`contrib.layers`: summaries of activations, tensors, and collections of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.collections import GraphKeys
from flowc.frontend.conversion import constant
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.reductions import reduce_mean
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.summaries.functions import histogram, scalar
from flowc.ir import dtypes


def summarize_tensor(tensor: Any, tag: str | None = None) -> Any:
    """A scalar or a histogram of a tensor; None for strings and bools."""
    if tensor.dtype.base_dtype in (dtypes.string, dtypes.bool_):
        return None
    name = tag or f"{tensor.op.name}_summary"
    return scalar(name, tensor) if tensor.shape.ndims == 0 else histogram(name, tensor)


def summarize_activation(op: Any) -> Any:
    """A histogram of an activation, and how much of it is cut off."""
    kind, name = op.op.type, op.op.name
    if kind in ("Relu", "Softplus", "Relu6"):
        _part("Less", op, 0.0, f"{name}/zeros")
    if kind == "Relu6":
        _part("Greater", op, 6.0, f"{name}/sixes")
    return histogram(f"{name}/activation", op)


def _part(comparison: str, op: Any, limit: float, name: str) -> None:
    given = op.op.inputs[0]
    scalar(
        name,
        reduce_mean(cast(build(comparison, given, constant(limit, given.dtype)), dtypes.float32)),
    )


def summarize_tensors(
    tensors: Iterable[Any], summarizer: Callable[..., Any] = summarize_tensor
) -> list[Any]:
    """Summaries of tensors."""
    return [summarizer(tensor) for tensor in tensors]


def summarize_collection(
    collection: str,
    name_filter: str | None = None,
    summarizer: Callable[..., Any] = summarize_tensor,
) -> list[Any]:
    """Summaries of a collection's tensors, those whose names a pattern fits."""
    found = get_default_graph().get_collection(collection)
    return summarize_tensors(
        [t for t in found if name_filter is None or re.match(name_filter, t.op.name)], summarizer
    )


def summarize_activations(
    name_filter: str | None = None, summarizer: Callable[..., Any] = summarize_activation
) -> list[Any]:
    """Summaries of the collection of activations."""
    return summarize_collection(GraphKeys.ACTIVATIONS, name_filter, summarizer)
