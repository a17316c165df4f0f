"""Variables: making, reading and assigning them, whole or in slices.

Each op of TensorFlow has two spellings: on a reference (`Assign`, whose output is the reference
again) and on a resource (`AssignVariableOp`). Both are one function here: what arrives is a
`Handle`, and the builder's state reads and replaces the variable's value.
"""

from __future__ import annotations

from collections.abc import Callable

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.ops.common import Tensors, check_bounds, merge_shapes, shape_vector, show
from flowc.ir.ops.gathering import batched_take
from flowc.ir.ops.registry import GraphBuilder, OpDefinition, Operation, Tensor, op
from flowc.ir.ops.scattering import COMBINERS, Combine, scatter_nd, scatter_rows
from flowc.ir.tensor.builder import Builder, Handle, require
from flowc.ir.tensor.core import Shape, Value

Sizes = tuple[int | None, ...] | None

_VARIABLE = 'shape: shape, dtype: type, container: string = "", shared_name: string = ""'


# Making


def _static_shape(b: Builder, shape: Sizes) -> Shape | None:
    """A declared shape; unknown sizes become symbols."""
    if shape is None:
        return None
    return tuple(b.assumptions.fresh() if size is None else size for size in shape)


def _define_variable(name: str) -> None:
    @op(f"{name}(; {_VARIABLE}) -> ref: ref(dtype)", stateful=True)
    def lower(b: Builder, *, shape: Sizes, dtype: DType, shared_name: str) -> Handle:
        return Handle(shared_name or b.location, dtype, _static_shape(b, shape))

    lower.not_differentiable()


for _name in ("Variable", "VariableV2"):
    _define_variable(_name)


@op(
    'VarHandleOp(; container: string = "", shared_name: string = "", debug_name: string = "",'
    " dtype: type, shape: shape, allowed_devices: list(string) = []) -> resource: resource",
    stateful=True,
)
def var_handle(b: Builder, *, shared_name: str, dtype: DType, shape: Sizes) -> Handle:
    """The handle of a variable, which later ops initialise and read."""
    return Handle(shared_name or b.location, dtype, _static_shape(b, shape))


var_handle.not_differentiable()


# Asking


@op("VarIsInitializedOp(resource: resource) -> is_initialized: bool", stateful=True)
def var_is_initialized(b: Builder, resource: Handle) -> Value:
    """Whether the variable has a value."""
    return b.constant(b.state.is_initialized(b, resource), dtypes.bool_)


@op("IsVariableInitialized(ref: ref(dtype); dtype: type) -> is_initialized: bool", stateful=True)
def is_variable_initialized(b: Builder, ref: Handle) -> Value:
    """Whether the variable has a value."""
    return b.constant(b.state.is_initialized(b, ref), dtypes.bool_)


for _asking in (var_is_initialized, is_variable_initialized):
    _asking.not_differentiable()


@op("VariableShape(input: resource; out_type: {index} = int32) -> output: out_type", stateful=True)
def variable_shape(b: Builder, input: Handle, *, out_type: DType) -> Value:
    """The shape of the variable's value."""
    return shape_vector(b, b.shape(b.state.read(b, input)), out_type)


variable_shape.not_differentiable()


@op("ReadVariableOp(resource: resource; dtype: type) -> value: dtype", stateful=True)
def read_variable(b: Builder, resource: Handle, *, dtype: DType) -> Value:
    """The variable's current value."""
    require(
        resource.dtype in (dtype, dtypes.resource),
        f"Trying to read variable with wrong dtype. Expected {dtype.name} got "
        f"{resource.dtype.name}",
    )
    return b.state.read(b, resource)


@read_variable.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return (grad,)


@op("DestroyResourceOp(resource: resource; ignore_lookup_error: bool = true)", stateful=True)
def destroy_resource(b: Builder, resource: Handle) -> None:
    """Nothing: the session owns its variables."""


destroy_resource.not_differentiable()


# Assigning


def _assign(b: Builder, handle: Handle, value: Value, validate_shape: bool) -> Handle:
    """Replace the value; its shape must fit the declared one where that is asked for."""
    if validate_shape and handle.shape is not None:
        require(
            b.assumptions.equal_shapes(handle.shape, b.shape(value)),
            f"Assign requires shapes of both tensors to match. lhs shape= {show(handle.shape)} "
            f"rhs shape= {show(b.shape(value))}",
        )
    b.state.assign(b, handle, value)
    return handle


@op(
    "Assign(ref: ref(T), value: T; T: type, validate_shape: bool = true, use_locking: bool = true)"
    " -> output_ref: ref(T)",
    stateful=True,
)
def assign(b: Builder, ref: Handle, value: Value, *, validate_shape: bool) -> Handle:
    """Replace the variable's value."""
    return _assign(b, ref, value, validate_shape)


@op(
    "AssignVariableOp(resource: resource, value: dtype; dtype: type, validate_shape: bool = false)",
    stateful=True,
)
def assign_variable(
    b: Builder, resource: Handle, value: Value, *, dtype: DType, validate_shape: bool
) -> None:
    """Replace the variable's value."""
    require(
        resource.dtype in (dtype, dtypes.resource),
        f"Trying to assign variable with wrong dtype. Expected {resource.dtype.name} got "
        f"{dtype.name}",
    )
    _assign(b, resource, value, validate_shape=True)


def update(
    b: Builder, handle: Handle, value: Value, combine: Callable[[Builder, Value, Value], Value]
) -> Handle:
    """Replace the value by its combination with another of the same shape."""
    old = b.state.read(b, handle)
    merge_shapes(b, "variable and value", old, value)
    b.state.assign(b, handle, combine(b, old, value))
    return handle


def _define_assign(kind: str) -> None:
    combine = COMBINERS[kind]

    @op(
        f"Assign{kind}(ref: ref(T), value: T; T: {{numeric}}, use_locking: bool = false)"
        " -> output_ref: ref(T)",
        stateful=True,
    )
    def lower_reference(b: Builder, ref: Handle, value: Value) -> Handle:
        return update(b, ref, value, combine)

    @op(f"Assign{kind}VariableOp(resource: resource, value: dtype; dtype: type)", stateful=True)
    def lower_resource(b: Builder, resource: Handle, value: Value) -> None:
        update(b, resource, value, combine)

    lower_reference.not_differentiable()
    lower_resource.not_differentiable()


for _kind in ("Add", "Sub"):
    _define_assign(_kind)
for _assigning in (assign, assign_variable):
    _assigning.not_differentiable()


def _count_up(b: Builder, handle: Handle, limit: int) -> Value:
    """The old value of a counter; an error once it has reached the limit."""
    old = b.state.read(b, handle)
    bound = b.constant(limit, handle.dtype)
    b.check(b.lt(old, bound), f"Reached limit of {limit}", "OutOfRangeError")
    b.state.assign(b, handle, b.add(old, b.constant(1, handle.dtype)))
    return old


@op("CountUpTo(ref: ref(T); limit: int, T: {index}) -> output: T", stateful=True)
def count_up_to(b: Builder, ref: Handle, *, limit: int) -> Value:
    """Count from the variable's value up to the limit, one per step."""
    return _count_up(b, ref, limit)


@op("ResourceCountUpTo(resource: resource; limit: int, T: {index}) -> output: T", stateful=True)
def resource_count_up_to(b: Builder, resource: Handle, *, limit: int) -> Value:
    """Count from the variable's value up to the limit, one per step."""
    return _count_up(b, resource, limit)


count_up_to.not_differentiable()
resource_count_up_to.not_differentiable()


# Slices


@op(
    "ResourceGather(resource: resource, indices: Tindices; batch_dims: int = 0,"
    " validate_indices: bool = true, dtype: type, Tindices: {index}) -> output: dtype",
    stateful=True,
)
def resource_gather(b: Builder, resource: Handle, indices: Value, *, batch_dims: int) -> Value:
    """Rows of the variable."""
    value = b.state.read(b, resource)
    require(len(b.shape(value)) >= 1, "params must be at least 1 dimensional")
    return batched_take(b, value, indices, batch_dims, batch_dims)


@resource_gather.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    """The gradient as rows: (values, indices, shape), which the caller keeps sparse."""
    handle, indices = op.inputs
    shape = g("VariableShape", handle)
    count = g("ExpandDims", g("Size", indices), g.constant(0))
    rest = g("StridedSlice", shape, g.constant([1]), g.constant([0]), g.constant([1]),
             end_mask=1)  # fmt: skip
    values = g("Reshape", grad, g("ConcatV2", [count, rest], g.constant(0)))
    return g.indexed_slices(values, g("Reshape", indices, count), shape), None


def _scatter(
    b: Builder, handle: Handle, indices: Value, updates: Value, combine: Combine
) -> Handle:
    """Rows of the variable combined with updates (a scalar serves all rows)."""
    old = b.state.read(b, handle)
    shape = b.shape(old)
    require(len(shape) >= 1, "the variable must be at least 1 dimensional")
    check_bounds(b, indices, shape[0], f"indices is not in [0, {shape[0]})")
    expected = (*b.shape(indices), *shape[1:])
    if not b.shape(updates):
        updates = b.broadcast_to(updates, expected)
    require(
        b.assumptions.equal_shapes(b.shape(updates), expected),
        f"Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = [], got "
        f"updates.shape {show(b.shape(updates))}, indices.shape {show(b.shape(indices))}, "
        f"params.shape {show(shape)}",
    )
    b.state.assign(b, handle, scatter_rows(b, old, indices, updates, combine))
    return handle


def _define_scatter(kind: str, combine: Combine) -> None:
    allowed = "type" if kind == "Update" else "{numeric}"

    @op(
        f"Scatter{kind}(ref: ref(T), indices: Tindices, updates: T; T: {allowed},"
        f" Tindices: {{index}}, use_locking: bool = false) -> output_ref: ref(T)",
        stateful=True,
    )
    def lower_reference(b: Builder, ref: Handle, indices: Value, updates: Value) -> Handle:
        return _scatter(b, ref, indices, updates, combine)

    @op(
        f"ResourceScatter{kind}(resource: resource, indices: Tindices, updates: dtype;"
        f" dtype: {allowed}, Tindices: {{index}})",
        stateful=True,
    )
    def lower_resource(b: Builder, resource: Handle, indices: Value, updates: Value) -> None:
        _scatter(b, resource, indices, updates, combine)

    _not_differentiable(lower_reference, lower_resource)


def _scatter_nd(
    b: Builder, handle: Handle, indices: Value, updates: Value, combine: Combine, policy: str
) -> Handle:
    old = b.state.read(b, handle)
    b.state.assign(b, handle, scatter_nd(b, old, indices, updates, combine, policy))
    return handle


def _define_scatter_nd(kind: str, combine: Combine) -> None:
    allowed = "type" if kind == "Update" else "{numeric, bool}"
    rest = f"T: {allowed}, Tindices: {{index}}, use_locking: bool = {{}}, {_POLICY}"

    @op(
        f"ScatterNd{kind}(ref: ref(T), indices: Tindices, updates: T;"
        f" {rest.format('true' if kind == 'Update' else 'false')}) -> output_ref: ref(T)",
        stateful=True,
    )
    def lower_reference(
        b: Builder, ref: Handle, indices: Value, updates: Value, *, bad_indices_policy: str
    ) -> Handle:
        return _scatter_nd(b, ref, indices, updates, combine, bad_indices_policy)

    @op(
        f"ResourceScatterNd{kind}(ref: resource, indices: Tindices, updates: T;"
        f" {rest.format('true')})",
        stateful=True,
    )
    def lower_resource(
        b: Builder, ref: Handle, indices: Value, updates: Value, *, bad_indices_policy: str
    ) -> None:
        _scatter_nd(b, ref, indices, updates, combine, bad_indices_policy)

    _not_differentiable(lower_reference, lower_resource)


_POLICY = 'bad_indices_policy: string = ""'


def _not_differentiable(*definitions: OpDefinition) -> None:
    for definition in definitions:
        definition.not_differentiable()


for _kind, _combine in COMBINERS.items():
    _define_scatter(_kind, _combine)
for _kind in ("Update", "Add", "Sub", "Max", "Min"):
    _define_scatter_nd(_kind, COMBINERS[_kind])
