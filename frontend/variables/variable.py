"""`Variable`: what the two kinds of variables, resource and reference, have in common.

`Variable(...)` makes one of either kind: a resource variable unless `use_resource=False`, or
`disable_resource_variables()`, says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar

from flowc.frontend.aliases import DTypeLike, ShapeLike, TensorLike
from flowc.frontend.collections import GraphKeys
from flowc.frontend.elements import Operation
from flowc.frontend.feeds import converter
from flowc.frontend.operators import Operators
from flowc.frontend.shapes import TensorShape
from flowc.frontend.stacks import get_default_graph, get_default_session
from flowc.ir.dtypes import DType
from flowc.ir.proto import AttrValue, SaveSliceInfoDef, VariableDef

if TYPE_CHECKING:
    from flowc.frontend.graph import Graph


class VariableSynchronization(Enum):
    """Accepted for compatibility with distribution strategies."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(Enum):
    """Accepted for compatibility with distribution strategies."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


class _Settings:
    """Which kind of variable is made when the program does not say."""

    resource: ClassVar[bool | None] = None  # None: nothing was said


def enable_resource_variables() -> None:
    """Make resource variables by default.

    flowc does so anyway, but until a program asks for them, the shapes of variables are those of
    TensorFlow 1: known where `validate_shape` says so, else free.
    """
    _Settings.resource = True


def disable_resource_variables() -> None:
    """Make reference variables by default, as TensorFlow 1 does."""
    _Settings.resource = False


def resource_variables_enabled() -> bool:
    """True when variables are resource variables by default."""
    return _Settings.resource is not False


class SaveSliceInfo:
    """Which part of a larger variable a partition is, for checkpoints."""

    def __init__(
        self,
        full_name: str = "",
        full_shape: Sequence[int] | None = None,
        var_offset: Sequence[int] | None = None,
        var_shape: Sequence[int] | None = None,
        save_slice_info_def: SaveSliceInfoDef | None = None,
        import_scope: str | None = None,
    ) -> None:
        if save_slice_info_def is not None:
            prefix = f"{import_scope}/" if import_scope else ""
            full_name = prefix + save_slice_info_def.full_name
            full_shape = list(save_slice_info_def.full_shape)
            var_offset = list(save_slice_info_def.var_offset)
            var_shape = list(save_slice_info_def.var_shape)
        self.full_name = full_name
        self.full_shape = full_shape or []
        self.var_offset = var_offset or []
        self.var_shape = var_shape or []

    @property
    def spec(self) -> str:
        """The form in which checkpoints name the part: `10 4 0,5:0,4`."""
        sizes = " ".join(map(str, self.full_shape))
        parts = ":".join(f"{o},{s}" for o, s in zip(self.var_offset, self.var_shape, strict=True))
        return f"{sizes} {parts}"

    def to_proto(self, export_scope: str | None = None) -> SaveSliceInfoDef | None:
        """The protocol buffer; None outside of `export_scope`."""
        name = self.full_name
        if export_scope and not name.startswith(export_scope):
            return None
        return SaveSliceInfoDef(
            full_name=strip_scope(name, export_scope),
            full_shape=self.full_shape,
            var_offset=self.var_offset,
            var_shape=self.var_shape,
        )


_ANONYMOUS = "cd2c89b7-88b7-44c8-ad83-06c2a9158347"  # TensorFlow's mark for "no shared name"


def store_name(holder: Operation) -> str:
    """The name in a session's store of the variable that a VarHandleOp or VariableV2 node keeps."""
    shared, container = holder.attrs["shared_name"], holder.attrs["container"]
    name = holder.name if shared in ("", _ANONYMOUS) else shared
    return f"{container}/{name}" if container else str(name)


def strip_scope(name: str, scope: str | None) -> str:
    """`name` without `scope/` at its beginning."""
    prefix = f"{scope.rstrip('/')}/" if scope else ""
    return name.removeprefix(prefix)


def prepend_scope(name: str, scope: str | None) -> str:
    """`name` with `scope/` put before it."""
    return f"{scope.rstrip('/')}/{name}" if scope else name


class Variable(Operators):
    """A tensor that keeps its value between runs, until an op assigns another.

    `initial_value` is anything that can become a tensor, or a function that returns it. Raises
    ValueError where its shape is not fully known, unless `validate_shape` is False or the program
    asks for resource variables. Without that validation the shape may change.
    """

    def __new__(cls, *args: Any, use_resource: bool | None = None, **kwargs: Any) -> Variable:
        """An instance of the kind asked for, or made by the innermost `variable_creator_scope`."""
        if cls is Variable:
            from flowc.frontend.variables.reference import RefVariable
            from flowc.frontend.variables.resource import ResourceVariable

            wants = resource_variables_enabled() if use_resource is None else use_resource
            definition = kwargs.get("variable_def")
            if definition is not None:
                wants = definition.is_resource
            return object.__new__(ResourceVariable if wants else RefVariable)
        return object.__new__(cls)

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = True,
        collections: Sequence[str] | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: VariableDef | None = None,
        dtype: DTypeLike | None = None,
        expected_shape: Any = None,
        import_scope: str | None = None,
        constraint: Callable[[Any], Any] | None = None,
        use_resource: bool | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        shape: ShapeLike | None = None,
    ) -> None:
        self._constraint = constraint
        self._synchronization = synchronization
        self._aggregation = aggregation
        self._save_slice_info: SaveSliceInfo | None = None
        self._initial_value: Any = None
        self._initializer_op: Any = None
        if variable_def is not None:
            if initial_value is not None:
                raise ValueError("variable_def and initial_value are mutually exclusive.")
            self._trainable = variable_def.trainable
            self._restore(variable_def, import_scope)
            return
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        if constraint is not None and not callable(constraint):
            raise ValueError("The `constraint` argument must be a callable.")
        self._trainable = True if trainable is None else bool(trainable)
        asked = _Settings.resource if use_resource is None else use_resource
        self._is_asked_for = asked is True
        graph = get_default_graph()
        with graph.control_dependencies(None):
            self._create(graph, initial_value, name, dtype, validate_shape, shape)
        self._collect(graph, collections)

    def _collect(self, graph: Graph, collections: Sequence[str] | None) -> None:
        if collections is None:
            collections = [GraphKeys.GLOBAL_VARIABLES]
        if not isinstance(collections, list | tuple | set):
            raise ValueError(
                f"collections argument to Variable constructor must be a list, tuple, "
                f"or set. Got {collections} of type {type(collections)}"
            )
        names = list(collections)
        if self._trainable and GraphKeys.TRAINABLE_VARIABLES not in names:
            names.append(GraphKeys.TRAINABLE_VARIABLES)
        graph.add_to_collections(names, self)

    def _require_known_shape(self) -> None:
        """Raise ValueError unless the initial value tells the shape."""
        if not self._initial_value.shape.is_fully_defined():
            raise ValueError(f"initial_value must have a shape specified: {self._initial_value}")

    # What each kind does in its own way

    def _create(
        self, graph: Graph, initial: Any, name: str | None, dtype: Any, validate: bool, shape: Any
    ) -> None:
        """Add the variable's nodes."""
        raise NotImplementedError

    def _restore(self, definition: VariableDef, import_scope: str | None) -> None:
        """Find the variable's nodes, which are in the graph already."""
        raise NotImplementedError

    @property
    def stored(self) -> Any:
        """The tensor that stands for the variable itself: a resource handle or a reference."""
        raise NotImplementedError

    def value(self) -> Any:
        """The variable's value as a tensor."""
        raise NotImplementedError

    def read_value(self) -> Any:
        """A new read of the variable."""
        raise NotImplementedError

    def as_graph_tensor(self, dtype: DType | None, name: str | None, as_ref: bool) -> Any:
        """The variable where a tensor is expected."""
        raise NotImplementedError

    def update(
        self, op: str, value: TensorLike, use_locking: Any, name: str | None, read: bool
    ) -> Any:
        """`op` is "", "Add" or "Sub": assign, add or subtract."""
        raise NotImplementedError

    def scatter(
        self, op: str, indices: TensorLike, updates: TensorLike, name: str | None = None
    ) -> Any:
        """Update slices: `op` is "Update", "Add", "Sub", "Mul", "Div", "Min", "Max", "NdAdd" ..."""
        raise NotImplementedError

    def is_initialized(self, name: str | None = None) -> Any:
        """A bool tensor: whether the variable has a value."""
        raise NotImplementedError

    def _snapshot_name(self) -> str:
        """The name of the tensor that reads the variable."""
        raise NotImplementedError

    # What both share

    @property
    def name(self) -> str:
        """The variable's name, `w:0`."""
        name: str = self.stored.name
        return name

    @property
    def _shared_name(self) -> str:
        return self.name[: self.name.index(":")]

    @property
    def op(self) -> Operation:
        """The operation that stands for the variable."""
        op: Operation = self.stored.op
        return op

    @property
    def graph(self) -> Graph:
        """The variable's graph."""
        return self.op.graph

    @property
    def device(self) -> str:
        """The device of the variable."""
        return self.op.device

    @property
    def dtype(self) -> DType:
        """The element type."""
        raise NotImplementedError

    @property
    def shape(self) -> TensorShape:
        """The static shape."""
        raise NotImplementedError

    def get_shape(self) -> TensorShape:
        """The static shape."""
        return self.shape

    def set_shape(self, shape: ShapeLike) -> None:
        """Add what is known of the shape."""
        self.stored.set_shape(shape)

    @property
    def trainable(self) -> bool:
        """Whether optimizers train the variable by default."""
        return self._trainable

    @property
    def constraint(self) -> Callable[[Any], Any] | None:
        """The projection that optimizers apply after an update."""
        return self._constraint

    @property
    def synchronization(self) -> VariableSynchronization:
        """Accepted for compatibility."""
        return self._synchronization

    @property
    def aggregation(self) -> VariableAggregation:
        """Accepted for compatibility."""
        return self._aggregation

    @property
    def initializer(self) -> Any:
        """The operation that assigns the initial value."""
        return self._initializer_op

    @property
    def initial_value(self) -> Any:
        """The tensor of the initial value."""
        return self._initial_value

    def initialized_value(self) -> Any:
        """The value to initialise other variables with: the initial one where there is none yet."""
        from flowc.frontend.control_flow.conditionals import cond

        with self.graph.control_dependencies(None):
            return cond(self.is_initialized(), self.read_value, lambda: self._initial_value)

    def eval(self, session: Any = None) -> Any:
        """The value in `session`, or the default session."""
        return self._as_graph_element().eval(session=session)

    def load(self, value: TensorLike, session: Any = None) -> None:
        """Give the variable a value in `session`, or the default session."""
        session = session or get_default_session()
        if session is None:
            raise ValueError(
                "Either session argument should be provided or default session should be "
                "established"
            )
        initial = self.initializer.inputs[1]
        if not self.dtype.is_numeric:
            session.run(self.initializer, {initial: value})
            return
        holder = self.stored.op
        session.executor.set_variable(store_name(holder), converter(initial)(value))

    def _as_graph_element(self) -> Any:
        """The tensor that is fetched or fed for the variable."""
        raise NotImplementedError

    def assign(
        self,
        value: TensorLike,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Give the variable a new value when the result is run."""
        return self.update("", value, use_locking, name, read_value)

    def assign_add(
        self,
        delta: TensorLike,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Add `delta` when the result is run."""
        return self.update("Add", delta, use_locking, name, read_value)

    def assign_sub(
        self,
        delta: TensorLike,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Subtract `delta` when the result is run."""
        return self.update("Sub", delta, use_locking, name, read_value)

    def _scatter_slices(self, op: str, delta: Any, name: str | None) -> Any:
        if not hasattr(delta, "indices") or not hasattr(delta, "values"):
            raise ValueError(f"sparse_delta is not IndexedSlices: {delta}")
        return self.scatter(op, delta.indices, delta.values, name)

    def scatter_add(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """Add IndexedSlices."""
        return self._scatter_slices("Add", sparse_delta, name)

    def scatter_sub(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """Subtract IndexedSlices."""
        return self._scatter_slices("Sub", sparse_delta, name)

    def scatter_update(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """Assign IndexedSlices."""
        return self._scatter_slices("Update", sparse_delta, name)

    def scatter_nd_add(
        self, indices: TensorLike, updates: TensorLike, name: str | None = None
    ) -> Any:
        """Add slices at multi-dimensional indices."""
        return self.scatter("NdAdd", indices, updates, name)

    def scatter_nd_sub(
        self, indices: TensorLike, updates: TensorLike, name: str | None = None
    ) -> Any:
        """Subtract slices at multi-dimensional indices."""
        return self.scatter("NdSub", indices, updates, name)

    def scatter_nd_update(
        self, indices: TensorLike, updates: TensorLike, name: str | None = None
    ) -> Any:
        """Assign slices at multi-dimensional indices."""
        return self.scatter("NdUpdate", indices, updates, name)

    def count_up_to(self, limit: int) -> Any:
        """Count up by one until `limit`, then raise OutOfRangeError."""
        from flowc.frontend.apply import build

        if self.stored.dtype.name == "resource":
            return build("ResourceCountUpTo", self.stored, limit=limit, T=self.dtype.base_dtype)
        return build("CountUpTo", self, limit=limit)

    def _set_save_slice_info(self, info: SaveSliceInfo) -> None:
        self._save_slice_info = info

    def _get_save_slice_info(self) -> SaveSliceInfo | None:
        return self._save_slice_info

    def to_proto(self, export_scope: str | None = None) -> VariableDef | None:
        """The VariableDef for collections of a MetaGraphDef; None outside of `export_scope`."""
        if export_scope is not None and not self.name.startswith(export_scope):
            return None
        definition = VariableDef(
            variable_name=strip_scope(self.name, export_scope),
            initializer_name=strip_scope(self.initializer.name, export_scope),
            snapshot_name=strip_scope(self._snapshot_name(), export_scope),
            trainable=self._trainable,
            is_resource=self.stored.dtype.name == "resource",
        )
        if self._initial_value is not None:
            definition.initial_value_name = strip_scope(self._initial_value.name, export_scope)
        if self._save_slice_info is not None:
            part = self._save_slice_info.to_proto(export_scope)
            if part is not None:
                definition.save_slice_info_def.MergeFrom(part)
        return definition

    @staticmethod
    def from_proto(variable_def: VariableDef, import_scope: str | None = None) -> Variable:
        """The variable of a VariableDef whose nodes are in the default graph."""
        return Variable(variable_def=variable_def, import_scope=import_scope)

    def _restore_common(self, definition: VariableDef, import_scope: str | None) -> Graph:
        """What both kinds find by name: the initializer and the initial value."""
        graph = get_default_graph()

        def find(name: str) -> Any:
            return graph.as_graph_element(prepend_scope(name, import_scope))

        self._initializer_op = find(definition.initializer_name)
        if definition.initial_value_name:
            self._initial_value = find(definition.initial_value_name)
        if definition.HasField("save_slice_info_def"):
            self._save_slice_info = SaveSliceInfo(
                save_slice_info_def=definition.save_slice_info_def, import_scope=import_scope
            )
        return graph

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("'Variable' object is not iterable.")

    def __repr__(self) -> str:
        return f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype.name}>"


def colocation_attribute(name: str) -> dict[str, AttrValue]:
    """The annotation that places an operation beside the operation `name`."""
    return {"_class": AttrValue(list=AttrValue.ListValue(s=[f"loc:@{name}".encode()]))}


def initializer_scope(graph: Graph, name: str) -> ExitStack:
    """Where the initial value is computed: scope `Initializer`, beside the variable to come."""
    stack = ExitStack()
    stack.enter_context(graph.annotations(colocation_attribute(name)))
    stack.enter_context(graph.name_scope("Initializer"))
    stack.enter_context(graph.device(None))
    return stack
