"""Elements written by index: scatter-nd and the tensor-scatter ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowc.ir.tensor.builder import Builder, DataDependent, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitives.indexing import ScatterDimensionNumbers
from flowc.ops.arrays.gathering import index_vectors_inside
from flowc.ops.checks import check_vectors
from flowc.ops.common import Tensors, require_rank, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op

Combine = Callable[[Builder, Value, Value], Value]


def replace(b: Builder, old: Value, new: Value) -> Value:
    """The new value."""
    return new


COMBINERS: dict[str, Combine] = {
    "Update": replace,
    "Add": Builder.add,
    "Sub": Builder.subtract,
    "Mul": Builder.multiply,
    "Div": Builder.divide,
    "Max": Builder.maximum,
    "Min": Builder.minimum,
}


def scatter_rows(b: Builder, x: Value, indices: Value, updates: Value, combine: Combine) -> Value:
    """x with rows `indices` combined with updates of shape indices.shape + x.shape[1:]."""
    depth, rank = len(b.shape(indices)), len(b.shape(x))
    if b.shape(x)[0] == 0:  # no index is valid
        return x
    numbers = ScatterDimensionNumbers(
        update_window_dims=tuple(range(depth, depth + rank - 1)),
        inserted_window_dims=(0,),
        scatter_dims_to_operand_dims=(0,),
        index_vector_dim=depth,
    )
    return b.scatter(x, indices, updates, numbers, lambda old, new: combine(b, old, new))


def require_policy(policy: str) -> None:
    """Raise InvalidArgumentError for an unknown way to deal with indices out of range."""
    known = ("", "DEFAULT", "ERROR", "IGNORE")
    require(policy in known, f"Unknown bad indices handling attribute: {policy}")


def scatter_nd(
    b: Builder,
    x: Value,
    indices: Value,
    updates: Value,
    combine: Combine,
    bad_indices_policy: str = "",
) -> Value:
    """x with slices at index vectors, along the last axis of indices, combined with updates."""
    places, shape = b.shape(indices), b.shape(x)
    require(len(places) >= 1, f"Indices shape must have rank at least one. Found: {show(places)}")
    depth = places[-1]
    if not isinstance(depth, int):
        raise DataDependent(indices)
    require(
        depth <= len(shape),
        f"Inner dimension of indices must be <= params rank; saw: {depth} vs. {len(shape)}",
    )
    expected = (*places[:-1], *shape[depth:])
    require(
        b.assumptions.equal_shapes(b.shape(updates), expected),
        f"Dimensions of updates must match indices and the rest of the output shape: updates "
        f"{show(b.shape(updates))}, expected {show(expected)}",
    )
    updates = b.reshape(updates, expected)
    require_policy(bad_indices_policy)
    if bad_indices_policy != "IGNORE":
        inside = index_vectors_inside(b, indices, shape[:depth])
        check_vectors(b, inside, indices, shape, "shape")
    outer = len(places) - 1
    numbers = ScatterDimensionNumbers(
        update_window_dims=tuple(range(outer, outer + len(shape) - depth)),
        inserted_window_dims=tuple(range(depth)),
        scatter_dims_to_operand_dims=tuple(range(depth)),
        index_vector_dim=outer,
    )
    return b.scatter(x, indices, updates, numbers, lambda old, new: combine(b, old, new))


_POLICY = 'bad_indices_policy: string = ""'
_INDEX = "Tindices: {int16, int32, int64, uint16}"


@op(
    f"ScatterNd(indices: Tindices[...,:], updates: T[...,:], shape: Tindices[:]; T: type,"
    f" {_INDEX}, {_POLICY})"
    " -> output: T"
)
def scatter_nd_op(
    b: Builder, indices: Value, updates: Value, shape: Value, *, bad_indices_policy: str
) -> Value:
    """Zeros of `shape` with the updates added at index vectors."""
    require_rank(b, shape, 1, "Shape")
    zeros = b.full(0, b.dims(shape), updates.type.dtype)
    add = Builder.or_ if zeros.type.dtype.is_bool else Builder.add
    return scatter_nd(b, zeros, indices, updates, add, bad_indices_policy)


@scatter_nd_op.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return None, g("GatherNd", grad, op.inputs[0]), None


@op(
    f"ScatterNdNonAliasingAdd(input: T, indices: Tindices, updates: T; T: {{numeric, bool}},"
    f" {_INDEX}, {_POLICY}) -> output: T"
)
def scatter_nd_non_aliasing_add(
    b: Builder, input: Value, indices: Value, updates: Value, *, bad_indices_policy: str
) -> Value:
    """The input with the updates added at index vectors."""
    return scatter_nd(b, input, indices, updates, Builder.add, bad_indices_policy)


@scatter_nd_non_aliasing_add.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return grad, None, g("GatherNd", grad, op.inputs[1])


_COMBINED = {
    "Update": "with updates in place of its elements",
    "Add": "updates added to its elements",
    "Sub": "updates subtracted from its elements",
    "Max": "the greater of its elements and updates",
    "Min": "the lesser of its elements and updates",
}
_VECTORS = """A vector along the last axis of `indices` names the first coordinates of a slice, as
`tf.gather_nd` takes it; `updates` has the shape indices.shape[:-1] + that of a slice."""


def _define_tensor_scatter(kind: str) -> None:
    @op(
        f"TensorScatter{kind}(tensor: T, indices: Tindices, updates: T; T: type, {_INDEX},"
        f" {_POLICY}) -> output: T"
    )
    def lower(
        b: Builder, tensor: Value, indices: Value, updates: Value, *, bad_indices_policy: str
    ) -> Value:
        return scatter_nd(b, tensor, indices, updates, COMBINERS[kind], bad_indices_policy)

    lower.documented(f"A copy of tensor, {_COMBINED[kind]} at index vectors.\n\n{_VECTORS}")
    lower.gradient(_TENSOR_SCATTER_GRADIENTS[kind])


def _update_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    indices = op.inputs[1]
    updates = g("GatherNd", grad, indices)
    return g("TensorScatterUpdate", grad, indices, g("ZerosLike", op.inputs[2])), None, updates


def _add_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return grad, None, g("GatherNd", grad, op.inputs[1])


def _sub_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return grad, None, -g("GatherNd", grad, op.inputs[1])


def _extreme_gradient(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    """Shared equally between the element and the updates that attain the extreme."""
    tensor, indices, updates = op.inputs
    out = op.outputs[0]
    x_hits = g("Cast", g("Equal", out, tensor), DstT=grad.dtype)
    reached = g("GatherNd", out, indices)
    u_hits = g("Cast", g("Equal", reached, updates), DstT=grad.dtype)
    count = g("TensorScatterAdd", x_hits, indices, u_hits)
    shared = grad / count
    return x_hits * shared, None, u_hits * g("GatherNd", shared, indices)


_TENSOR_SCATTER_GRADIENTS: dict[str, Any] = {
    "Update": _update_gradient,
    "Add": _add_gradient,
    "Sub": _sub_gradient,
    "Max": _extreme_gradient,
    "Min": _extreme_gradient,
}
for _kind in _TENSOR_SCATTER_GRADIENTS:
    _define_tensor_scatter(_kind)
