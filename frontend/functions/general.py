"""Small functions about tensors and the graph: `is_tensor`, `ensure_shape`, `init_scope` ..."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowc.frontend import conversion
from flowc.frontend.aliases import ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import IndexedSlices, SparseTensor
from flowc.frontend.shapes import as_shape_attribute
from flowc.frontend.stacks import get_default_graph

Name = str | None


def is_tensor(x: Any) -> bool:
    """True for tensors, sparse ones, IndexedSlices and variables."""
    return isinstance(x, SparseTensor | IndexedSlices) or conversion.is_tensor(x)


def ensure_shape(x: TensorLike, shape: ShapeLike, name: Name = None) -> Any:
    """`x`, whose shape is known from here on; a run with another is an InvalidArgumentError."""
    result = build("EnsureShape", x, shape=as_shape_attribute(shape), name=name)
    result.set_shape(shape)
    return result


def guarantee_const(input: TensorLike, name: Name = None) -> Any:
    """`input`, with the promise that it is always the same."""
    return build("GuaranteeConst", input, name=name)


@contextmanager
def init_scope() -> Iterator[None]:
    """Operations made inside are made outside of all branches, loops and control dependencies."""
    graph = get_default_graph()
    scope = graph.get_name_scope()
    with graph.control_dependencies(None), graph.name_scope(f"{scope}/" if scope else None):
        yield
