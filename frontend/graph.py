"""`Graph`: a graph under construction, and the view of it that a session's executor has."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from flowc.frontend import apply, messages
from flowc.frontend.aliases import TensorLike
from flowc.frontend.collections import Collections
from flowc.frontend.control_flow.contexts import require_readable
from flowc.frontend.elements import INFERENCE, Array, Operation, TensorBase
from flowc.frontend.frames import describe as describe_site
from flowc.frontend.graph_scopes import OperationScopes
from flowc.frontend.naming import NameScopes
from flowc.frontend.stacks import GRAPHS, GraphStack
from flowc.frontend.tensor import Tensor
from flowc.frontend.variables import initialization
from flowc.ir.dtypes import DType, as_dtype, resource, string
from flowc.ir.errors import InvalidArgumentError, InvalidOperandsError
from flowc.ir.proto import AttrValue, FunctionDef, GradientDef, GraphDef, NodeDef, OpDef, VersionDef
from flowc.ir.tensor.builder import Handle
from flowc.ops.graph_values import attr_to_python, python_to_attr
from flowc.ops.inference import Abstract, abstract, output_dtypes
from flowc.ops.registry import OpDefinition

GRAPH_DEF_VERSION = 134  # TensorFlow 1.15's, for the consumers of what we write


class Graph(NameScopes, Collections, OperationScopes):
    """Operations in the order of their making, with scopes and collections.

    `version` grows with every change, so whoever compiled the graph knows when it is stale.
    """

    def __init__(self) -> None:
        super().__init__()
        self._operations: list[Operation] = []
        self._by_name: dict[str, Operation] = {}
        self._functions: dict[str, FunctionDef] = {}
        self._function_gradients: dict[str, str] = {}  # names of functions that are gradients
        self.defined_functions: dict[str, Any] = {}  # those that `Defun` made, by name
        self.function_results: dict[Hashable, Any] = {}  # of `tf.function`s by arguments
        self._unknown_ops: dict[str, OpDefinition] = {}
        self._op_defs: dict[str, OpDef] = {}
        self._changes = 0
        self.refinements = 0  # grows when more may be known of tensors that were made before
        self._finalized = False
        self._node_defs: list[NodeDef] = []
        self._stale: set[int] = set()
        self._positions: dict[Operation, int] = {}
        self.seed: int | None = None
        self.building_function = False
        self._unfeedable: set[TensorBase] = set()
        self._unfetchable: set[Operation] = set()

    # Adding operations

    def add_op(
        self,
        definition: OpDefinition,
        inputs: Sequence[TensorBase],
        attrs: Mapping[str, Any],
        name: str,
    ) -> Operation:
        """Add an operation whose inputs and attributes fit its signature.

        `name` is made unique unless it ends in a slash. Raises ValueError where the shapes do not
        fit, RuntimeError in a finalized graph.
        """
        self._check_not_finalized()
        name = self.node_name(name)
        context = self._home_of(definition, inputs, name)
        if context is not None:
            inputs = [context.capture(tensor) for tensor in inputs]
        op = Operation(self, definition, name, inputs, attrs)
        self._set_outputs(op)
        self._enter_scopes(op)
        self._enter_context(op, context)
        self._register(op)
        return op

    def _home_of(self, definition: OpDefinition, inputs: Sequence[TensorBase], name: str) -> Any:
        """The branch or loop to which an operation to be made belongs, or None.

        Raises ValueError where an input is of a loop that it cannot leave there.
        """
        context = self.control_flow_context
        if context is not None:
            context = context.home_of(definition.name, inputs)
        elif definition.name in _BORDERS:
            return None
        for tensor in inputs:
            if tensor.op.control_flow_context not in (None, context):
                require_readable(tensor, name, context)
        return context

    @staticmethod
    def _enter_context(op: Operation, context: Any) -> None:
        if context is not None:
            op.control_flow_context = context
            context.adopt(op)

    def _set_outputs(self, op: Operation) -> None:
        types = output_dtypes(op.definition, op.attrs)
        pairs = enumerate(zip(types, self._infer(op), strict=True))
        op._outputs = [Tensor(op, i, dtype, value) for i, (dtype, value) in pairs]

    def _infer(self, op: Operation) -> tuple[Abstract, ...]:
        if op.type in _DECLARED_SHAPE:
            return (abstract(as_dtype(op.attrs["dtype"]), op.attrs["shape"]),)
        inputs = op._inputs
        try:
            return INFERENCE.infer(
                op.definition,
                [t._abstract for t in inputs],
                op.attrs,
                lambda i: inputs[i].contents(),
                lambda i: inputs[i].size_contents(),
            )
        except InvalidArgumentError as error:
            text = messages.bad_shapes(op.definition, op.name, inputs, error.message, op.location)
            raise InvalidOperandsError(None, None, text) from None

    def _register(self, op: Operation) -> None:
        for tensor in op._inputs:
            tensor._consumers.append(op)
        self._positions[op] = len(self._operations)
        self._operations.append(op)
        self._by_name[op.name] = op
        self._changes += 1

    def add_constant(self, array: Array, dtype: DType, name: str) -> Tensor:
        """Add a Const node; the array must not change afterwards."""
        definition = apply.lookup("Const")
        self._check_not_finalized()
        op = Operation(self, definition, self.node_name(name), (), {"value": array, "dtype": dtype})
        op._outputs = [Tensor(op, 0, dtype, abstract(dtype, array.shape))]
        self._enter_scopes(op)
        self._enter_context(op, self.control_flow_context)
        self._register(op)
        tensor: Tensor = op._outputs[0]
        return tensor

    def add_node(
        self,
        definition: OpDefinition,
        node: NodeDef,
        inputs: Sequence[TensorBase],
        attrs: Mapping[str, Any],
    ) -> Operation:
        """Add an operation that is a NodeDef already, as it stands; `attrs` are its attributes.

        Raises ValueError where its shapes do not fit.
        """
        self._check_not_finalized()
        op = Operation(self, definition, node.name, inputs, attrs, node)
        self._names_in_use.setdefault(op.name.lower(), 1)
        if definition.is_unknown:
            self._unknown_ops[op.name] = definition
        op.device = node.device
        op.annotations = {n: v for n, v in node.attr.items() if n.startswith("_")}
        self._set_outputs(op)
        self._register(op)
        return op

    def remove_from(self, start: int) -> None:
        """Take back all operations but the first `start`: an import has failed."""
        removed = self._operations[start:]
        for op in removed:
            del self._by_name[op.name], self._positions[op]
            self._names_in_use.pop(op.name.lower(), None)
            self._unknown_ops.pop(op.name, None)
        gone = set(removed)
        for op in removed:
            for tensor in op.inputs:
                tensor._consumers[:] = [c for c in tensor._consumers if c not in gone]
        del self._operations[start:], self._node_defs[start:]
        self._changes += 1

    def __contains__(self, name: object) -> bool:
        """True for the name of an operation."""
        return name in self._by_name

    def build(self, op_type: str, *inputs: Any, name: str | None = None, **attrs: Any) -> Any:
        """Add an op of this graph; see `flowc.frontend.apply.build`."""
        with self.as_default():
            return apply.build(op_type, *inputs, name=name, **attrs)

    def create_op(
        self,
        op_type: str,
        inputs: Sequence[TensorBase],
        dtypes: Sequence[Any] | None = None,
        input_types: Sequence[Any] | None = None,
        name: str | None = None,
        attrs: Mapping[str, AttrValue] | None = None,
        op_def: Any = None,
        compute_shapes: bool = True,
        compute_device: bool = True,
    ) -> Operation:
        """Add an op from its NodeDef's parts: flat inputs, AttrValues."""
        definition = apply.lookup(op_type)
        values = {key: attr_to_python(value) for key, value in (attrs or {}).items()}
        for attribute in definition.signature.attributes:
            if attribute.has_default:
                values.setdefault(attribute.name, attribute.default)
        return self.add_op(definition, inputs, values, name or op_type)

    def touch(self, op: Operation) -> None:
        """An operation has changed."""
        self._changes += 1
        position = self._positions.get(op)
        if position is not None:
            self._stale.add(position)

    # The view of an executor

    @property
    def version(self) -> int:
        """A number that grows with every change of the graph."""
        return self._changes

    @property
    def nodes(self) -> list[Operation]:
        """All nodes in the order in which they were made. Not to be changed."""
        return self._operations

    @property
    def node_defs(self) -> list[NodeDef]:
        """All nodes in the order in which they were made. Not to be changed."""
        for position in self._stale:
            if position < len(self._node_defs):
                self._node_defs[position] = self._operations[position].node_def
        self._stale.clear()
        made = len(self._node_defs)
        self._node_defs.extend(op.node_def for op in self._operations[made:])
        return self._node_defs

    @property
    def functions(self) -> dict[str, FunctionDef]:
        """The function library by name."""
        return self._functions

    def gradient_of_function(self, name: str, attributes: Mapping[str, AttrValue]) -> FunctionDef:
        """The gradient of a function of the library: the one that it names, else one made of it."""
        if name in self._function_gradients:
            return self._functions[self._function_gradients[name]]
        if name in self.defined_functions:
            made: FunctionDef = self.defined_functions[name].gradient(self)
            return made
        from flowc.frontend.gradients.functions import gradient_of_function

        return gradient_of_function(name, attributes, self._functions)

    def add_function(self, function: FunctionDef, gradient: str | None = None) -> None:
        """Add a function to the library, with the name of the one that is its gradient."""
        self._functions[function.signature.name] = function
        if gradient is not None:
            self._function_gradients[function.signature.name] = gradient
        self._changes += 1

    @property
    def unknown_ops(self) -> dict[str, OpDefinition]:
        """The definitions of nodes whose op flowc does not have, by node."""
        return self._unknown_ops

    @property
    def op_defs(self) -> dict[str, OpDef]:
        """What the files from which the graph came say of ops that flowc does not have."""
        return self._op_defs

    def traceback_of(self, node_name: str) -> str:
        """The user's frames that made a node, outermost first; empty for an unknown name."""
        op = self._by_name.get(node_name)
        return "" if op is None else describe_site(op.site)

    def initializer_of(self, variable: str) -> str:
        """What initialises a variable, for messages; empty where nothing does."""
        return initialization.initializer_of(self, variable)

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> GraphDef:
        """The graph as a protocol buffer."""
        graph_def = GraphDef(versions=VersionDef(producer=GRAPH_DEF_VERSION))
        graph_def.node.extend(self.node_defs)
        if self._functions:  # a library that is mentioned is there, though it be empty
            graph_def.library.function.extend(self._functions.values())
            graph_def.library.gradient.extend(
                GradientDef(function_name=name, gradient_func=gradient)
                for name, gradient in self._function_gradients.items()
            )
        if add_shapes:
            for op, node in zip(self._operations, graph_def.node, strict=True):
                shapes = tuple(_output_shape(tensor) for tensor in op.outputs)
                node.attr["_output_shapes"].CopyFrom(python_to_attr(shapes, "list(shape)"))
        return graph_def

    # Finding elements

    def get_operations(self) -> list[Operation]:
        """All operations in the order in which they were made."""
        return list(self._operations)

    def get_operation_by_name(self, name: str) -> Operation:
        """The operation of that name. Raises KeyError, ValueError, TypeError."""
        if not isinstance(name, str):
            raise TypeError(f"Operation names are strings (or similar), not {type(name).__name__}.")
        found = self.as_graph_element(name, allow_tensor=False)
        assert isinstance(found, Operation)
        return found

    def get_tensor_by_name(self, name: str) -> Any:
        """The tensor of that name, `operation:output`. Raises KeyError, ValueError, TypeError."""
        if not isinstance(name, str):
            raise TypeError(f"Tensor names are strings (or similar), not {type(name).__name__}.")
        return self.as_graph_element(name, allow_operation=False)

    def as_graph_element(
        self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True
    ) -> Any:
        """The tensor or operation that `obj` is, names, or stands for.

        Raises KeyError for a name that does not exist, ValueError for an element of another graph
        or a malformed name, TypeError for anything else.
        """
        if not isinstance(obj, TensorBase | Operation | str):
            convert = getattr(obj, "_as_graph_element", None)
            obj = obj if convert is None else convert()
        kinds = (
            "Tensor or Operation"
            if allow_tensor and allow_operation
            else ("Tensor" if allow_tensor else "Operation")
        )
        if isinstance(obj, str):
            return self._element_named(obj, allow_tensor, allow_operation, kinds)
        if (isinstance(obj, TensorBase) and allow_tensor) or (
            isinstance(obj, Operation) and allow_operation
        ):
            if obj.graph is not self:
                kind = "Tensor" if isinstance(obj, TensorBase) else "Operation"
                raise ValueError(
                    f"{kind} {obj if kind == 'Tensor' else obj.name} is not an "
                    "element of this graph."
                )
            return obj
        raise TypeError(f"Can not convert a {type(obj).__name__} into a {kinds}.")

    def _element_named(self, name: str, tensor: bool, operation: bool, kinds: str) -> Any:
        if ":" in name and tensor:
            return self._tensor_named(name)
        if ":" in name:
            raise ValueError(f"The name {name!r} looks like a Tensor name, not an Operation.")
        op = self._by_name.get(name)
        if operation and op is not None:
            return op
        if op is not None:
            raise ValueError(
                f"The name {name!r} refers to an Operation, not a {kinds}. Tensor names must be of "
                'the form "<op_name>:<output_index>".'
            )
        if not operation:
            raise ValueError(
                f"The name {name!r} looks like an (invalid) Operation name, not a {kinds}. Tensor "
                'names must be of the form "<op_name>:<output_index>".'
            )
        raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")

    def _tensor_named(self, name: str) -> Any:
        op_name, _, number = name.partition(":")
        if not number.isdigit():
            raise ValueError(
                f"The name {name!r} looks a like a Tensor name, but is not a valid one. Tensor "
                'names must be of the form "<op_name>:<output_index>".'
            )
        op = self._by_name.get(op_name)
        missing = f"The name {name!r} refers to a Tensor which does not exist. "
        if op is None:
            raise KeyError(f"{missing}The operation, {op_name!r}, does not exist in the graph.")
        if int(number) >= len(op.outputs):
            raise KeyError(
                f"{missing}The operation, {op_name!r}, exists but only has "
                f"{len(op.outputs)} outputs."
            )
        return op.outputs[int(number)]

    def is_feedable(self, tensor: TensorLike) -> bool:
        """True for every tensor that has not been marked by `prevent_feeding`."""
        return tensor not in self._unfeedable

    def prevent_feeding(self, tensor: Any) -> None:
        """Mark a tensor as one that must not be fed."""
        self._unfeedable.add(tensor)

    def is_fetchable(self, tensor_or_op: Any) -> bool:
        """True for everything that has not been marked by `prevent_fetching`."""
        op: Operation = tensor_or_op if isinstance(tensor_or_op, Operation) else tensor_or_op.op
        return op not in self._unfetchable

    def prevent_fetching(self, op: Operation) -> None:
        """Mark an operation whose outputs exist only inside of a branch or a loop."""
        self._unfetchable.add(op)

    # State of the graph as a whole

    @contextmanager
    def as_default(self) -> Iterator[Graph]:
        """Make this the graph to which operations are added inside a `with` block."""
        if GRAPHS.items and GRAPHS.items[-1] is self:
            yield self
            return
        with GRAPHS.entered(self):
            yield self

    def finalize(self) -> None:
        """Forbid further changes."""
        self._finalized = True

    @property
    def finalized(self) -> bool:
        """True when the graph can no longer be changed."""
        return self._finalized

    def _unsafe_unfinalize(self) -> None:
        self._finalized = False

    def _check_not_finalized(self) -> None:
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")

    @property
    def last_id(self) -> int:
        """The number of operations ever added: TensorFlow's source of default op seeds."""
        return len(self._operations)

    _last_id = last_id

    @property
    def graph_def_versions(self) -> VersionDef:
        """The version that `as_graph_def` writes."""
        return VersionDef(producer=GRAPH_DEF_VERSION)


def _output_shape(tensor: TensorBase) -> tuple[int | None, ...] | None:
    """The shape of a tensor; of a variable's handle its own, not the variable's.

    TensorFlow takes other handles, which are resources or references to strings, for scalars or
    for pairs, by the op: of these it is left open.
    """
    if tensor.is_ref:
        return None if tensor.dtype is string and tensor.sizes == () else tensor.sizes
    if tensor.dtype is resource:
        return () if isinstance(tensor._abstract, Handle) else None
    return tensor.sizes


# Ops that lead a tensor from one context into another, and are made outside of both.
_BORDERS = frozenset({"Enter", "RefEnter", "Switch", "RefSwitch"})

# Ops whose output has the shape that an attribute says, whatever else is known.
_DECLARED_SHAPE = frozenset({"Placeholder", "PlaceholderWithDefault"})

GraphStack.make = Graph
