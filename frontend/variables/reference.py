"""Reference variables: VariableV2 nodes, whose edges carry the variable itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flowc.frontend.aliases import ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
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


class RefVariable(Variable):
    """A variable of TensorFlow 1's first kind: nodes `w`, `w/Assign` and `w/read`."""

    _variable: Any
    _snapshot: Any

    def _create(
        self, graph: Graph, initial: Any, name: str | None, dtype: Any, validate: bool, shape: Any
    ) -> None:
        wanted = None if dtype is None else as_dtype(dtype)
        with name_scope(name, "Variable", [] if callable(initial) else [initial]) as scope:
            true_name = name_from_scope_name(scope)
            if callable(initial):
                with initializer_scope(graph, true_name):
                    self._initial_value = convert(initial(), wanted, "initial_value")
                with graph.annotations(colocation_attribute(true_name)):
                    self._variable = self._make(scope, validate, shape)
            else:
                self._initial_value = convert(initial, wanted, "initial_value")
                self._variable = self._make(scope, validate, shape)
            with graph.colocate_with(self._variable.op):
                self._initializer_op = build(
                    "Assign", self._variable, self._initial_value, validate_shape=validate
                ).op
                self._snapshot = build("Identity", self._variable, name="read")

    def _make(self, scope: str, validate: bool, shape: ShapeLike) -> Any:
        if validate:
            self._require_known_shape()
        if shape is None:
            shape = self._initial_value.shape if validate else None
        return build(
            "VariableV2", shape=as_shape(shape).sizes, dtype=self._initial_value.dtype, name=scope
        )

    def _restore(self, definition: VariableDef, import_scope: str | None) -> None:
        graph = self._restore_common(definition, import_scope)
        self._variable = graph.as_graph_element(
            prepend_scope(definition.variable_name, import_scope)
        )
        self._snapshot = graph.as_graph_element(
            prepend_scope(definition.snapshot_name, import_scope)
        )

    @property
    def stored(self) -> Any:
        return self._variable

    @property
    def dtype(self) -> DType:
        dtype: DType = self._variable.dtype
        return dtype

    @property
    def shape(self) -> TensorShape:
        shape: TensorShape = self._variable.shape
        return shape

    def value(self) -> Any:
        return self._snapshot

    def read_value(self) -> Any:
        return build("Identity", self._variable, name="read")

    def _ref(self) -> Any:
        return self._variable

    def _as_graph_element(self) -> Any:
        return self._variable

    def _snapshot_name(self) -> str:
        name: str = self._snapshot.name
        return name

    def as_graph_tensor(self, dtype: DType | None, name: str | None, as_ref: bool) -> Any:
        if dtype is not None and dtype is not self.dtype:
            raise ValueError(
                f"Incompatible type conversion requested to type '{dtype.name}' for "
                f"variable of type '{self.dtype.name}'"
            )
        return self._variable if as_ref else self._snapshot

    def update(
        self, op: str, value: TensorLike, use_locking: Any, name: str | None, read: bool
    ) -> Any:
        result = build(f"Assign{op}", self._variable, value, use_locking=use_locking, name=name)
        return result if read else result.op

    def scatter(
        self, op: str, indices: TensorLike, updates: TensorLike, name: str | None = None
    ) -> Any:
        return build(f"Scatter{op}", self._variable, indices, updates, use_locking=True, name=name)

    def is_initialized(self, name: str | None = None) -> Any:
        return build("IsVariableInitialized", self._variable, name=name)
