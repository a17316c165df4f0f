"""Variables: their handles, reading, assigning, and updating rows of them.

A variable is a `Handle`, whether the graph spells it as a reference (`VariableV2`, `ScatterAdd`) or
as a resource (`VarHandleOp`, `ResourceScatterAdd`). Each update is one function that serves both
spellings; a reference op returns the handle.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flowc.ir.dtypes import DType, bool_
from flowc.ir.tensor.builder import Builder, Handle, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ops.arrays.gathering import batched_take, gather_nd
from flowc.ops.arrays.scattering import COMBINERS, Combine, scatter_nd, scatter_rows
from flowc.ops.checks import check_bounds
from flowc.ops.common import Tensors, abstract, fail, is_abstract, shape_vector, show
from flowc.ops.registry import Effect, GraphBuilder, Operation, Tensor, op

_ANONYMOUS = "cd2c89b7-88b7-44c8-ad83-06c2a9158347"  # TensorFlow's mark for "no shared name"


def stored_name(node: str, container: str, shared_name: str) -> str:
    """A variable's name in the store: the shared name, or else the node's."""
    name = node if shared_name in ("", _ANONYMOUS) else shared_name
    return f"{container}/{name}" if container else name


def variable_name(b: Builder, container: str, shared_name: str) -> str:
    """The same of the node that is being lowered."""
    return stored_name(b.location, container, shared_name)


def _handle(
    b: Builder,
    *,
    shape: tuple[int | None, ...] | None,
    dtype: DType,
    container: str,
    shared_name: str,
) -> Handle:
    return Handle(variable_name(b, container, shared_name), dtype, _declared(b, shape))


def _declared(b: Builder, shape: tuple[int | None, ...] | None) -> Shape | None:
    """The declared shape; with unknown sizes it only serves static inference."""
    if shape is None or (None in shape and not is_abstract(b)):
        return None
    return tuple(b.assumptions.fresh() if size is None else size for size in shape)


_PLACE = 'container: string = "", shared_name: string = ""'
for _name in ("VariableV2", "Variable"):
    op(f"{_name}(; shape: shape, dtype: type, {_PLACE}) -> ref: ref(dtype)", stateful=True)(_handle)
op(
    'VarHandleOp(; container: string = "", shared_name: string = "", debug_name: string = "",'
    " dtype: type, shape: shape, allowed_devices: list(string) = []) -> resource: resource",
    stateful=True,
)(_handle)


# Reading


def _expect_dtype(handle: Handle, dtype: DType, what: str) -> None:
    require(
        handle.dtype is dtype,
        f"Trying to {what} variable with wrong dtype. Expected {handle.dtype.name} got "
        f"{dtype.name}",
    )


@op("ReadVariableOp(resource: resource; dtype: type) -> value: dtype", stateful=True)
def read_variable(b: Builder, resource: Handle, *, dtype: DType) -> Value:
    """The variable's current value."""
    _expect_dtype(resource, dtype, "read")
    return b.state.read(b, resource)


@read_variable.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad,)


@op("VarIsInitializedOp(resource: resource) -> is_initialized: bool", stateful=True)
def var_is_initialized(b: Builder, resource: Handle) -> Value:
    """Whether the variable has a value."""
    return _is_initialized(b, resource)


@op("IsVariableInitialized(ref: ref(dtype); dtype: type) -> is_initialized: bool", stateful=True)
def is_variable_initialized(b: Builder, ref: Handle) -> Value:
    """Whether the variable has a value."""
    return _is_initialized(b, ref)


def _is_initialized(b: Builder, handle: Handle) -> Value:
    if is_abstract(b):
        return abstract(b, bool_)
    return b.constant(b.state.is_initialized(b, handle))


@op("VariableShape(input: resource; out_type: {index} = int32) -> output: out_type", stateful=True)
def variable_shape(b: Builder, input: Handle, *, out_type: DType) -> Value:
    """The sizes of the variable's current value."""
    known = input.shape if is_abstract(b) else None
    return shape_vector(b, known or b.shape(b.state.read(b, input)), out_type)


var_is_initialized.not_differentiable()
variable_shape.not_differentiable()


@op("DestroyResourceOp(resource: resource; ignore_lookup_error: bool = true)", stateful=True)
def destroy_resource(b: Builder, resource: Any) -> None:
    """Nothing: the store frees its variables with the session."""


for _definition in (
    read_variable,
    var_is_initialized,
    is_variable_initialized,
    variable_shape,
    destroy_resource,
):
    _definition.affects(Effect.READS)


# Assigning


def _require_shape(b: Builder, handle: Handle, value: Value) -> None:
    """Raise InvalidArgumentError unless the value has the shape of what it replaces."""
    shape = b.state.replaced_shape(b, handle)
    if shape is not None:
        require(
            b.assumptions.equal_shapes(shape, b.shape(value)),
            "Assign requires shapes of both tensors to match. lhs shape= "
            f"{show(shape)} rhs shape= {show(b.shape(value))}",
        )


@op(
    "AssignVariableOp(resource: resource, value: dtype; dtype: type, validate_shape: bool = false)",
    stateful=True,
)
def assign_variable(
    b: Builder, resource: Handle, value: Value, *, dtype: DType, validate_shape: bool
) -> None:
    """Replace the variable's value, of the same shape where that is to be validated."""
    _expect_dtype(resource, dtype, "assign")
    if validate_shape:
        _require_shape(b, resource, value)
    b.state.assign(b, resource, value)


@op(
    "Assign(ref: ref(T), value: T; T: type, validate_shape: bool = true, use_locking: bool = true)"
    " -> output_ref: ref(T)",
    stateful=True,
)
def assign(b: Builder, ref: Handle, value: Value, *, validate_shape: bool) -> Handle:
    """Replace the variable's value, whose shape may change where it is not validated."""
    if validate_shape:
        _require_shape(b, ref, value)
    b.state.assign(b, ref, value)
    return ref if validate_shape else replace(ref, shape=b.shape(value))


assign.not_differentiable()


def _update(b: Builder, handle: Handle, value: Value, combine: Combine) -> Handle:
    old = b.state.read(b, handle)
    require(
        b.assumptions.equal_shapes(b.shape(old), b.shape(value)),
        f"Cannot update variable with shape {show(b.shape(old))} using a Tensor with shape "
        f"{show(b.shape(value))}, shapes must be equal.",
    )
    b.state.assign(b, handle, combine(b, old, value))
    return handle


def _define_assign_update(kind: str, combine: Combine) -> None:
    @op(
        f"Assign{kind}(ref: ref(T), value: T; T: {{numeric}}, use_locking: bool = false)"
        " -> output_ref: ref(T)",
        stateful=True,
    )
    def by_reference(b: Builder, ref: Handle, value: Value) -> Handle:
        return _update(b, ref, value, combine)

    by_reference.not_differentiable()

    @op(f"Assign{kind}VariableOp(resource: resource, value: dtype; dtype: type)", stateful=True)
    def by_resource(b: Builder, resource: Handle, value: Value) -> None:
        _update(b, resource, value, combine)


_define_assign_update("Add", Builder.add)
_define_assign_update("Sub", Builder.subtract)


def _count(b: Builder, handle: Handle, limit: int) -> Value:
    value = b.state.read(b, handle)
    require(len(b.shape(value)) == 0, "input is not a scalar")
    b.check(b.lt(value, limit), f"Reached limit of {limit}", "OutOfRangeError")
    b.state.assign(b, handle, b.add(value, 1))
    return value


@op("CountUpTo(ref: ref(T); limit: int, T: {index}) -> output: T", stateful=True)
def count_up_to(b: Builder, ref: Handle, *, limit: int) -> Value:
    """The counter's value before it is increased, which must be below the limit."""
    return _count(b, ref, limit)


@op("ResourceCountUpTo(resource: resource; limit: int, T: {index}) -> output: T", stateful=True)
def resource_count_up_to(b: Builder, resource: Handle, *, limit: int) -> Value:
    """The counter's value before it is increased, which must be below the limit."""
    return _count(b, resource, limit)


# Rows


@op(
    "ResourceGather(resource: resource, indices: Tindices; batch_dims: int = 0,"
    " validate_indices: bool = true, dtype: type, Tindices: {index}) -> output: dtype",
    stateful=True,
)
def resource_gather(b: Builder, resource: Handle, indices: Value, *, batch_dims: int) -> Value:
    """Rows of the variable."""
    params = b.state.read(b, resource)
    axis = batch_dims if batch_dims >= 0 else batch_dims + len(b.shape(indices))
    return batched_take(b, params, indices, axis, batch_dims)


@resource_gather.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    if op.get_attr("batch_dims"):
        raise fail("the gradient of ResourceGather with batch_dims is not defined")
    resource, indices = op.inputs
    size = g("VariableShape", resource)
    count = g("Reshape", g("Size", indices), g.constant([1]))
    inner = g("Slice", size, g.constant([1]), g.constant([-1]))
    rows = g("Reshape", grad, g("ConcatV2", [count, inner], g.constant(0)))
    return g.sparse(rows, g("Reshape", indices, count), size), None


@op(
    "ResourceGatherNd(resource: resource, indices: Tindices[...,:]; dtype: type, Tindices: {index})"
    " -> output: dtype",
    stateful=True,
)
def resource_gather_nd(b: Builder, resource: Handle, indices: Value) -> Value:
    """Slices of the variable at index vectors."""
    assert gather_nd.lower is not None
    found: Value = gather_nd.lower(b, b.state.read(b, resource), indices, bad_indices_policy="")
    return found


@resource_gather_nd.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    resource, indices = op.inputs
    size = g("VariableShape", resource, out_type=indices.dtype)
    return g("ScatterNd", indices, grad, size), None


resource_gather.affects(Effect.READS)
resource_gather_nd.affects(Effect.READS)


def _scatter(b: Builder, handle: Handle, indices: Value, updates: Value, combine: Combine) -> None:
    x = b.state.read(b, handle)
    shape, places = b.shape(x), b.shape(indices)
    require(len(shape) >= 1, f"Must be at least a vector: {show(shape)}")
    wanted = (*places, *shape[1:])
    if not b.shape(updates):
        updates = b.broadcast_to(updates, wanted)
    require(
        b.assumptions.equal_shapes(b.shape(updates), wanted),
        f"Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = [], got "
        f"updates.shape {show(b.shape(updates))}, indices.shape {show(places)}, params.shape "
        f"{show(shape)}",
    )
    check_bounds(b, indices, shape[0])
    b.state.assign(b, handle, scatter_rows(b, x, indices, updates, combine))


_NOT_DIFFERENTIABLE = ("Add", "Sub", "Mul", "Div")


def _define_scatter(kind: str, combine: Combine) -> None:
    types = "type" if kind == "Update" else "{numeric}"
    ref_types = "{float, index}" if kind in ("Max", "Min") else types

    @op(
        f"Scatter{kind}(ref: ref(T), indices: Tindices, updates: T; T: {ref_types},"
        f" Tindices: {{index}}, use_locking: bool = {str(kind == 'Update').lower()})"
        " -> output_ref: ref(T)",
        stateful=True,
    )
    def by_reference(b: Builder, ref: Handle, indices: Value, updates: Value) -> Handle:
        _scatter(b, ref, indices, updates, combine)
        return ref

    if kind in _NOT_DIFFERENTIABLE:
        by_reference.not_differentiable()

    @op(
        f"ResourceScatter{kind}(resource: resource, indices: Tindices, updates: dtype;"
        f" dtype: {types}, Tindices: {{index}})",
        stateful=True,
    )
    def by_resource(b: Builder, resource: Handle, indices: Value, updates: Value) -> None:
        _scatter(b, resource, indices, updates, combine)


for _kind, _combine in COMBINERS.items():
    _define_scatter(_kind, _combine)


def _scatter_nd(
    b: Builder, handle: Handle, indices: Value, updates: Value, combine: Combine, policy: str
) -> Handle:
    x = b.state.read(b, handle)
    b.state.assign(b, handle, scatter_nd(b, x, indices, updates, combine, policy))
    return handle


_POLICY = 'bad_indices_policy: string = ""'


def _define_scatter_nd(kind: str, combine: Combine) -> None:
    locking = str(kind == "Update").lower()
    types = "type" if kind == "Update" else "{numeric}"

    @op(
        f"ScatterNd{kind}(ref: ref(T), indices: Tindices[...,:], updates: T[...,:]; T: {types},"
        f" Tindices: {{index}}, use_locking: bool = {locking}, {_POLICY}) -> output_ref: ref(T)",
        stateful=True,
    )
    def by_reference(
        b: Builder, ref: Handle, indices: Value, updates: Value, *, bad_indices_policy: str
    ) -> Handle:
        return _scatter_nd(b, ref, indices, updates, combine, bad_indices_policy)

    if kind in ("Add", "Sub", "Update"):
        by_reference.not_differentiable()

    @op(
        f"ResourceScatterNd{kind}(ref: resource, indices: Tindices[...,:],"
        f" updates: T[...,:]; T: type,"
        f" Tindices: {{index}}, use_locking: bool = true, {_POLICY})",
        stateful=True,
    )
    def by_resource(
        b: Builder, ref: Handle, indices: Value, updates: Value, *, bad_indices_policy: str
    ) -> None:
        _scatter_nd(b, ref, indices, updates, combine, bad_indices_policy)


for _kind in ("Update", "Add", "Sub", "Max", "Min"):
    _define_scatter_nd(_kind, COMBINERS[_kind])
