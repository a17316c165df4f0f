"""Resource variables: VarHandleOp nodes, whose edges carry a handle that ops read and assign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowc.frontend.aliases import ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.elements import Operation
from flowc.frontend.naming import name_from_scope_name
from flowc.frontend.scopes import name_scope
from flowc.frontend.shapes import TensorShape, as_shape
from flowc.frontend.variables.variable import (
    Variable,
    colocation_attribute,
    initializer_scope,
    prepend_scope,
)
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.proto import VariableDef

if TYPE_CHECKING:
    from flowc.frontend.graph import Graph


class ResourceVariable(Variable):
    """A variable of TensorFlow's second kind.

    Its nodes are `w`, `w/IsInitialized/VarIsInitializedOp`, `w/Assign` and
    `w/Read/ReadVariableOp`; every use as a tensor adds a read.
    """

    _handle: Any
    _graph_element: Any
    _dtype: DType
    _is_initialized_op: Any = None
    _validates = True

    def _create(
        self, graph: Graph, initial: Any, name: str | None, dtype: Any, validate: bool, shape: Any
    ) -> None:
        wanted = None if dtype is None else as_dtype(dtype)
        self._validates = validate
        with name_scope(name, "Variable", [] if callable(initial) else [initial]) as scope:
            true_name = name_from_scope_name(scope)
            with initializer_scope(graph, true_name):
                value = initial() if callable(initial) else initial
                self._initial_value = convert(value, wanted, "initial_value")
            self._dtype = self._initial_value.dtype
            with graph.annotations(colocation_attribute(true_name)):
                self._handle = self._make(true_name, scope, validate, shape)
            self._add_nodes(graph)

    def _make(self, true_name: str, scope: str, validate: bool, shape: ShapeLike) -> Any:
        if validate and not self._is_asked_for:
            self._require_known_shape()
        if shape is None:
            shape = self._initial_value.shape if validate or self._is_asked_for else None
        return build(
            "VarHandleOp",
            dtype=self._dtype,
            shape=as_shape(shape).sizes,
            shared_name=true_name,
            name=scope,
        )

    def _add_nodes(self, graph: Graph) -> None:
        """The nodes that every variable comes with."""
        with graph.name_scope("IsInitialized"):
            self._is_initialized_op = build("VarIsInitializedOp", self._handle)
        device = self._handle.op.device or None
        with graph.colocate_with(None, ignore_existing=True), graph.device(device):
            self._initializer_op = build(
                "AssignVariableOp", self._handle, self._initial_value, name="Assign"
            )
        with graph.device(device), graph.name_scope("Read"):
            self._graph_element = self._read()

    def _restore(self, definition: VariableDef, import_scope: str | None) -> None:
        graph = self._restore_common(definition, import_scope)
        self._handle = graph.as_graph_element(prepend_scope(definition.variable_name, import_scope))
        self._dtype = as_dtype(self._handle.op.attrs["dtype"])
        if definition.snapshot_name:
            self._graph_element = graph.as_graph_element(
                prepend_scope(definition.snapshot_name, import_scope)
            )
        else:
            with graph.name_scope(f"{self._handle.op.name}/Read/"):
                self._graph_element = self._read()

    def _read(self, name: str | None = None) -> Any:
        return build("ReadVariableOp", self._handle, dtype=self._dtype, name=name)

    @property
    def handle(self) -> Any:
        """The tensor of the resource handle."""
        return self._handle

    @property
    def stored(self) -> Any:
        return self._handle

    @property
    def dtype(self) -> DType:
        return self._dtype

    @property
    def shape(self) -> TensorShape:
        return as_shape(self._handle.op.attrs["shape"])

    @property
    def create(self) -> Any:
        """The operation that initialises the variable."""
        return self._initializer_op

    def value(self) -> Any:
        with self.graph.colocate_with(None, ignore_existing=True):
            return self._read()

    def read_value(self) -> Any:
        with name_scope("Read"):
            value = self._read()
        return build("Identity", value)

    def sparse_read(self, indices: TensorLike, name: str | None = None) -> Any:
        """The slices at `indices`."""
        with name_scope("Gather" if name is None else name) as scope:
            value = build("ResourceGather", self._handle, indices, dtype=self._dtype, name=scope)
            return build("Identity", value)

    def _as_graph_element(self) -> Any:
        return self._graph_element

    def _snapshot_name(self) -> str:
        name: str = self._graph_element.name
        return name

    def as_graph_tensor(self, dtype: DType | None, name: str | None, as_ref: bool) -> Any:
        if dtype is not None and dtype is not self._dtype:
            raise ValueError(
                f"Incompatible type conversion requested to type '{dtype.name}' for "
                f"variable of type '{self._dtype.name}'"
            )
        return self._handle if as_ref else self.value()

    def update(
        self,
        op: str,
        value: TensorLike,
        use_locking: Any,
        name: str | None,
        read: bool,
        validate: bool = True,
    ) -> Any:
        with self.graph.as_default():
            tensor = convert(value, self._dtype)
            if validate:
                self.shape.assert_is_compatible_with(tensor.shape)
            attributes = {} if op else {"validate_shape": validate and self._is_validated}
            assigned = build(f"Assign{op}VariableOp", self._handle, tensor, name=name, **attributes)
            shape = self.shape if validate else tensor.shape
            return UnreadVariable(self, assigned, shape) if read else assigned

    @property
    def _is_validated(self) -> bool:
        """Whether an assignment must have the shape of the value that it replaces."""
        return self._validates and self.shape.is_fully_defined()

    def scatter(
        self, op: str, indices: TensorLike, updates: TensorLike, name: str | None = None
    ) -> Any:
        updates = convert(updates, self._dtype)
        result = build(f"ResourceScatter{op}", self._handle, indices, updates, name=name)
        return UnreadVariable(self, result)

    def is_initialized(self, name: str | None = None) -> Any:
        return build("VarIsInitializedOp", self._handle, name=name)


class UnreadVariable(ResourceVariable):
    """What assigning returns: the variable after the assignment.

    Reading it waits for the assignment; `op` is the assignment itself.
    """

    def __init__(
        self, variable: ResourceVariable, parent_op: Operation, shape: TensorShape | None = None
    ) -> None:
        self._shape = variable.shape if shape is None else shape
        self._validates = variable._validates
        self._parent_op = parent_op
        self._trainable = variable._trainable
        self._constraint = variable._constraint
        self._save_slice_info = variable._save_slice_info
        self._initial_value = variable._initial_value
        self._initializer_op = variable._initializer_op
        self._handle = variable._handle
        self._dtype = variable._dtype
        with self.graph.control_dependencies([parent_op]):
            self._graph_element = self._read()

    @property
    def op(self) -> Operation:
        return self._parent_op

    @property
    def graph(self) -> Graph:
        return self._parent_op.graph

    @property
    def shape(self) -> TensorShape:
        return self._shape

    def _read(self, name: str | None = None) -> Any:
        value = super()._read(name)
        if self._shape.sizes != super().shape.sizes:
            value.declare(self._shape.sizes)
        return value

    def value(self) -> Any:
        with self.graph.control_dependencies([self._parent_op]):
            return super().value()

    def read_value(self) -> Any:
        with self.graph.control_dependencies([self._parent_op]):
            return super().read_value()

    def update(
        self,
        op: str,
        value: TensorLike,
        use_locking: Any,
        name: str | None,
        read: bool,
        validate: bool = True,
    ) -> Any:
        with self.graph.control_dependencies([self._parent_op]):
            return super().update(op, value, use_locking, name, read, validate)
