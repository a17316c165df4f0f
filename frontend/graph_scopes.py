"""The scopes of a graph that change the operations made inside: devices, control dependencies,
colocation, gradient overrides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from flowc.frontend.elements import Operation, TensorBase
from flowc.ir.devices import merge_device
from flowc.ir.proto import AttrValue


class _Controller:
    """One `control_dependencies` block: what to wait for, and the operations made inside."""

    def __init__(self, waits_for: Sequence[Operation]) -> None:
        self.waits_for = waits_for
        self.made: set[Operation] = set()
        self._waited = frozenset(waits_for)

    def beyond(self, sources: set[Operation]) -> Sequence[Operation]:
        """What to wait for beyond `sources`."""
        if self._waited.isdisjoint(sources):
            return self.waits_for
        return [op for op in self.waits_for if op not in sources]


class OperationScopes:
    """The stacks of such scopes, and how they change a new operation."""

    def __init__(self) -> None:
        super().__init__()
        self._controllers: list[_Controller] = []
        self._devices: list[Any] = []
        self._colocation: list[Operation] = []
        self._annotations: dict[str, AttrValue] = {}
        self._gradient_overrides: dict[str, str] = {}
        self.control_flow_context: Any = None  # the branch or loop in which operations are made

    @contextmanager
    def in_context(self, context: Any) -> Iterator[None]:
        """Operations made inside belong to this branch or loop; None leaves all."""
        old = self.control_flow_context
        self.control_flow_context = context
        try:
            yield
        finally:
            self.control_flow_context = old

    def _get_control_flow_context(self) -> Any:
        return self.control_flow_context

    def _set_control_flow_context(self, context: Any) -> None:
        self.control_flow_context = context

    @contextmanager
    def control_dependencies(self, control_inputs: Sequence[Any] | None) -> Iterator[None]:
        """Operations made inside wait for `control_inputs`.

        None forgets all such blocks, and leaves branches and loops.
        """
        old, context = self._controllers, self.control_flow_context
        if control_inputs is None:
            self._controllers = []
            self.control_flow_context = None
        else:
            self._controllers = [*old, _Controller(self._new_waits(control_inputs))]
        try:
            yield
        finally:
            self._controllers = old
            self.control_flow_context = context

    @property
    def is_waiting(self) -> bool:
        """Whether operations made now wait for others."""
        return bool(self._controllers)

    def _new_waits(self, control_inputs: Sequence[Any]) -> list[Operation]:
        waited = {op for controller in self._controllers for op in controller.waits_for}
        found: list[Operation] = []
        for item in control_inputs:
            element = _as_operation(item)
            if element not in waited:
                found.append(element)
                waited.add(element)
        return found

    def control_inputs_for(self, inputs: Sequence[TensorBase]) -> list[Operation]:
        """What a new operation waits for beyond what its inputs already wait for."""
        found: list[Operation] = []
        sources = {tensor.op for tensor in inputs}
        for controller in self._controllers:
            if controller.made.isdisjoint(sources):
                found.extend(controller.beyond(sources))
        return found

    def made_under_control(self, op: Operation) -> None:
        """Whoever reads this operation has waited already."""
        for controller in self._controllers:
            controller.made.add(op)

    @contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Operations made inside get this device: a name, a function of the operation, or None."""
        old = self._devices
        self._devices = [*old, device_name_or_function]
        if not callable(device_name_or_function) and device_name_or_function is not None:
            merge_device(device_name_or_function, "")  # raises for a name that is none
        try:
            yield
        finally:
            self._devices = old

    def _device_for(self, op: Operation) -> str:
        device = op.device
        for entry in reversed(self._devices):
            if entry is None:
                break
            device = merge_device(device, entry(op) if callable(entry) else entry)
            op.device = device
        return device

    @contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Operations made inside share the device of `op`."""
        if op is None and not ignore_existing:
            raise ValueError(
                "Trying to reset colocation (op is None) but ignore_existing is not True"
            )
        old, devices = self._colocation, self._devices
        if ignore_existing:
            self._colocation, self._devices = [], []
        if op is not None:
            self._colocation = [*self._colocation, _as_operation(op)]
        try:
            yield
        finally:
            self._colocation, self._devices = old, devices

    @contextmanager
    def annotations(self, attributes: Mapping[str, AttrValue]) -> Iterator[None]:
        """Operations made inside get these attributes beside their signature's."""
        old = self._annotations
        self._annotations = {**old, **attributes}
        try:
            yield
        finally:
            self._annotations = old

    _attr_scope = annotations

    @contextmanager
    def gradient_override_map(self, op_type_map: Mapping[str, str]) -> Iterator[None]:
        """Ops made inside have the gradient registered under the name that the map gives."""
        if not all(isinstance(x, str) for pair in op_type_map.items() for x in pair):
            raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        old = self._gradient_overrides
        self._gradient_overrides = {**old, **op_type_map}
        try:
            yield
        finally:
            self._gradient_overrides = old

    def _enter_scopes(self, op: Operation) -> None:
        """Apply all scopes to a new operation."""
        if self._controllers:
            op._control_inputs = self.control_inputs_for(op._inputs)
            self.made_under_control(op)
        if self._annotations:
            op.annotations.update(self._annotations)
        if self._gradient_overrides and op.type in self._gradient_overrides:
            name = self._gradient_overrides[op.type]
            op.annotations["_gradient_op_type"] = AttrValue(s=name.encode())
        if self._devices:
            op.device = self._device_for(op)
        if self._colocation:
            self._colocate(op)

    def _colocate(self, op: Operation) -> None:
        groups = {group for other in self._colocation for group in other.colocation_groups()}
        for other in self._colocation:
            op.device = other.device or op.device
        op.annotations["_class"] = AttrValue(list=AttrValue.ListValue(s=sorted(groups)))


def _as_operation(item: Any) -> Operation:
    """The operation of an operation, a tensor, a variable or IndexedSlices. Raises TypeError."""
    if isinstance(item, Operation):
        return item
    op = getattr(item, "op", None)
    if not isinstance(op, Operation):
        raise TypeError(f"Can not convert a {type(item).__name__} into a Tensor or Operation.")
    return op
