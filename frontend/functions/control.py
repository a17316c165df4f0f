"""Grouping, ordering and guarding operations: group, tuple, no_op, assertions, printing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build, graph_of
from flowc.frontend.composites import IndexedSlices
from flowc.frontend.conversion import convert
from flowc.frontend.elements import Operation
from flowc.frontend.functions.shaping import Name
from flowc.frontend.scopes import name_scope
from flowc.frontend.stacks import get_default_graph


def no_op(name: Name = None) -> Operation:
    """An operation that does nothing, for others to depend on."""
    op: Operation = build("NoOp", name=name)
    return op


def group(*inputs: Any, **kwargs: Any) -> Operation:
    """An operation that is done when all `inputs` are."""
    name = kwargs.pop("name", None)
    if kwargs:
        raise ValueError("Unknown keyword arguments: " + ", ".join(kwargs))
    with name_scope(name, "group_deps", _flatten(inputs)) as scope:
        by_device: dict[str, list[Any]] = {}
        for item in _flatten(inputs):
            if not hasattr(item, "op") and not hasattr(item, "device"):
                raise TypeError(f"Expected tf.group() expected Tensor objects not '{type(item)}'")
            by_device.setdefault(
                item.device if isinstance(item, Operation) else item.op.device, []
            ).append(item)
        if len(by_device) <= 1:
            device, waits = next(iter(by_device.items()), ("", []))
            return _no_op_after(waits, device, scope)
        parts = [_no_op_after(by_device[d], d, None) for d in sorted(by_device)]
        return _no_op_after(parts, "", scope)


def _no_op_after(waits: Sequence[Any], device: str, name: Name) -> Operation:
    graph = get_default_graph()
    with graph.control_dependencies(waits):
        if not device:
            return no_op(name)
        with graph.device(None), graph.device(device):
            return no_op(name)


def _flatten(inputs: Any) -> list[Any]:
    if isinstance(inputs, dict):
        return [x for key in sorted(inputs) for x in _flatten(inputs[key])]
    if isinstance(inputs, list | tuple | set):
        return [x for part in inputs for x in _flatten(part)]
    return [inputs]


def with_dependencies(dependencies: Sequence[Any], output_tensor: Any, name: Name = None) -> Any:
    """`output_tensor`, available after the dependencies have run."""
    graph = graph_of([output_tensor])
    with (
        graph.name_scope(name or "control_dependency") as scope,
        graph.control_dependencies(dependencies),
        graph.colocate_with(output_tensor),
    ):
        if isinstance(output_tensor, IndexedSlices):
            return IndexedSlices(
                build("Identity", output_tensor.values, name=scope),
                output_tensor.indices,
                output_tensor.dense_shape,
            )
        return build("Identity", convert(output_tensor), name=scope)


def tuple_(tensors: Sequence[Any], name: Name = None, control_inputs: Any = None) -> list[Any]:
    """The tensors, each available only when all have been computed; None stays None.

    Raises ValueError where all are None.
    """
    with name_scope(name, "tuple", [t for t in tensors if t is not None]):
        gates = [t if isinstance(t, Operation) else t.op for t in tensors if t is not None]
        for extra in control_inputs or ():
            gates.append(extra if isinstance(extra, Operation) else extra.op)
        if not gates:
            raise ValueError(f"Must have at least one Tensor: {tensors}")
        gate = group(*sorted(set(gates), key=lambda op: op.name))
        return [_gated(t, gate) for t in tensors]


def _gated(value: Any, gate: Operation) -> Any:
    if value is None:
        return None
    if isinstance(value, Operation):
        with get_default_graph().control_dependencies([gate, value]):
            return no_op()
    return with_dependencies([gate], value)


def identity(input: TensorLike, name: Name = None) -> Any:
    """A tensor of the same value."""
    return build("Identity", input, name=name)


def identity_n(input: Sequence[Any], name: Name = None) -> Any:
    """Tensors of the same values."""
    return build("IdentityN", input, name=name)


def stop_gradient(input: TensorLike, name: Name = None) -> Any:
    """The same value, whose gradient is 0."""
    return build("StopGradient", input, name=name)


def check_numerics(tensor: TensorLike, message: str, name: Name = None) -> Any:
    """`tensor`; running it raises InvalidArgumentError where an element is NaN or infinite."""
    return build("CheckNumerics", tensor, message=message, name=name)


def add_check_numerics_ops() -> Operation:
    """An operation that checks every float tensor of the graph; see `check_numerics`."""
    graph = get_default_graph()
    checks = [
        check_numerics(tensor, tensor.name)
        for op in graph.get_operations()
        for tensor in op.outputs
        if tensor.dtype.is_floating
    ]
    return group(*checks)


def print_(
    input_: Any,
    data: Sequence[Any],
    message: Any = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: Name = None,
) -> Any:
    """`input_`; running it prints `message` and `data`."""
    return build(
        "Print",
        input_,
        list(data),
        message=message or "",
        first_n=first_n,
        summarize=summarize,
        name=name,
    )


def assert_that(
    condition: TensorLike, data: Sequence[Any], summarize: int | None = None, name: Name = None
) -> Any:
    """An operation that raises InvalidArgumentError, showing `data`, where `condition` is false."""
    with name_scope(name, "Assert", [condition, *data]):
        condition = convert(condition, None, "Const")
        return build(
            "Assert",
            condition,
            [convert(d) for d in data],
            summarize=3 if summarize is None else summarize,
            name="Assert",
        )
