"""Operations and tensors: the nodes and edges of a graph under construction.

An operation holds its attributes as Python values; its NodeDef is made when one is asked for. An
operation read from a file holds the NodeDef, and its attributes are decoded when one is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from traceback import StackSummary
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from flowc.frontend.aliases import FeedDict, ShapeLike
from flowc.frontend.frames import call_site, location_of, stack_of
from flowc.frontend.shapes import Sizes, TensorShape, as_shape
from flowc.ir.dtypes import DType
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.proto import AttrValue, NodeDef
from flowc.ir.tensor.builder import Handle
from flowc.ir.tensor.core import Parameter, TensorType
from flowc.ir.tensor.primitives.common import objects
from flowc.ops.direct_attributes import direct_attributes
from flowc.ops.graph_values import complete_attributes, python_to_attr
from flowc.ops.inference import (
    Abstract,
    Inference,
    abstract,
    may_have_contents,
    new_sizes,
    static_sizes,
)
from flowc.ops.registry import OpDefinition

if TYPE_CHECKING:
    from flowc.frontend.graph import Graph

Array: TypeAlias = np.ndarray[Any, Any]

_DEEPEST = 64  # operations through which the contents of a shape tensor are followed
INFERENCE = Inference()


class TensorBase:
    """Output number `value_index` of an operation; `Tensor` adds what a user calls."""

    def __init__(self, op: Operation, value_index: int, dtype: DType, value: Abstract) -> None:
        self._op = op
        self._index = value_index
        self._dtype = dtype
        self._abstract = value
        self._consumers: list[Operation] = []
        self._contents: Array | None = None
        self._unknown_at = -1  # the graph's `refinements` when contents were looked for in vain

    @property
    def op(self) -> Operation:
        """The operation that makes this tensor."""
        return self._op

    @property
    def graph(self) -> Graph:
        """The graph in which the tensor lies."""
        return self._op.graph

    @property
    def dtype(self) -> DType:
        """The element type."""
        return self._dtype

    @property
    def stored_dtype(self) -> DType:
        """The element type, where the tensor is the handle of a variable that of its value."""
        return self._abstract.dtype if isinstance(self._abstract, Handle) else self._dtype

    @property
    def device(self) -> str:
        """The device on which the operation is placed, or an empty text."""
        return self._op.device

    @property
    def value_index(self) -> int:
        """Which output of its operation the tensor is."""
        return self._index

    @property
    def name(self) -> str:
        """The tensor's name, `operation:output`."""
        return f"{self._op.name}:{self._index}"

    @property
    def is_ref(self) -> bool:
        """True for a reference edge: a variable, or what an op that updates one returns."""
        return self._index in self._op.ref_outputs

    @property
    def sizes(self) -> Sizes | None:
        """The static shape as ints and None; None where the rank is unknown."""
        return static_sizes(self._abstract)

    @property
    def shape(self) -> TensorShape:
        """The static shape, which may be partly unknown."""
        return TensorShape.of(static_sizes(self._abstract))

    def get_shape(self) -> TensorShape:
        """The static shape, which may be partly unknown."""
        return self.shape

    def set_shape(self, shape: ShapeLike) -> None:
        """Add what is known of the shape. Raises ValueError where it contradicts."""
        merged = self.shape.merge_with(as_shape(shape)).sizes
        assert merged is not None or self.sizes is None
        self.refine(merged)

    def refine(self, sizes: Sizes | None) -> None:
        """Replace unknown sizes by known ones, keeping the symbols of those that stay unknown."""
        value = self._abstract
        if sizes is None or sizes == static_sizes(value):
            return
        self.graph.refinements += 1
        if isinstance(value, Handle):
            known = abstract(value.dtype, sizes)
            assert isinstance(known, Parameter)
            self._abstract = Handle(value.name, value.dtype, known.type.shape)
        elif isinstance(value, Parameter):
            pairs = zip(value.type.shape, sizes, strict=True)
            dims = tuple(old if new is None else new for old, new in pairs)
            self._abstract = Parameter(TensorType(self._dtype, dims))
        else:
            self._abstract = abstract(self._dtype, sizes)

    def declare(self, sizes: Sizes | None) -> None:
        """Forget what is known of the shape but for these sizes."""
        self._abstract = abstract(self._dtype, sizes)

    def contents(self) -> Array | None:
        """The elements of a small integer tensor, as ints and dimensions, where they are known.

        None where they depend on data.
        """
        if not self._is_settled:
            for tensor in self._unsettled():
                tensor._settle()
        return self._contents

    @property
    def _is_settled(self) -> bool:
        """Whether the contents are known, or known to be unknown."""
        return (
            self._contents is not None
            or self._unknown_at == self.graph.refinements
            or not may_have_contents(self._abstract)
        )

    def _unsettled(self) -> Iterator[TensorBase]:
        """The tensors to be settled for this one, each after those that its operation reads."""
        reached = {self}
        path = [self]
        inputs = [iter(self._op._inputs)]
        while path:
            source = next((t for t in inputs[-1] if not (t in reached or t._is_settled)), None)
            if source is None:
                inputs.pop()
                yield path.pop()
            elif len(path) < _DEEPEST:
                reached.add(source)
                path.append(source)
                inputs.append(iter(source._op._inputs))

    def _settle(self) -> None:
        """Find the contents, from what is known of those of the operation's inputs."""
        self._contents = self._op.contents_of(self._index)
        if all(tensor._is_settled for tensor in self._op._inputs):
            self._unknown_at = self.graph.refinements

    def size_contents(self, depth: int = 0) -> Array | None:
        """The elements of a short integer vector that tells sizes, new symbols for unknown ones.

        None for any other tensor.
        """
        value = self._abstract
        known = self.contents()
        if known is not None or not isinstance(value, Parameter):
            return known
        sizes = new_sizes(value.type)
        joined = () if sizes is None or depth > _DEEPEST else self._joined()
        known_parts = [tensor.size_contents(depth + 1) for tensor in joined]
        parts = [np.ravel(part) for part in known_parts if part is not None]
        if sizes is None or not parts or len(parts) < len(known_parts):
            return sizes
        return np.concatenate(parts).reshape(sizes.shape)

    def _joined(self) -> Sequence[TensorBase]:
        """The tensors whose elements, one after the other, are those of this one."""
        op = self._op
        match op.type:
            case "Cast" | "Identity":
                return op.inputs
            case "Pack" if op.attrs["axis"] == 0:
                return op.inputs
            case "ConcatV2" if self.sizes is not None and len(self.sizes) == 1:
                return op.inputs[:-1]
        return ()

    def constant_value(self) -> Array | None:
        """The elements as an array of the tensor's dtype, where they are known."""
        if self._op.type == "Const":
            return np.asarray(self._op.attrs["value"])
        contents = self.contents()
        if contents is None or not all(type(e) in (int, bool) for e in contents.ravel().tolist()):
            return None
        return contents.astype(self._dtype.numpy)

    def consumers(self) -> list[Operation]:
        """The operations that read this tensor."""
        return list(dict.fromkeys(self._consumers))


class Operation:
    """One node of a graph. Made by `Graph`, which sets `outputs`."""

    def __init__(
        self,
        graph: Graph,
        definition: OpDefinition,
        name: str,
        inputs: Sequence[TensorBase],
        attrs: Mapping[str, Any] | None,
        node_def: NodeDef | None = None,
    ) -> None:
        self.graph = graph
        self.definition = definition
        self.type = definition.name
        self.name = name
        self._inputs = list(inputs)
        self._control_inputs: list[Operation] = []
        self._outputs: list[Any] = []
        self.control_flow_context: Any = None  # the branch or loop in which it was made
        self.device = ""
        self.site = call_site()
        self.annotations: dict[str, AttrValue] = {}
        if attrs is not None:
            self.attrs = dict(attrs)
        self._node_def = node_def

    @cached_property
    def attrs(self) -> dict[str, Any]:
        """The attributes of the op's signature as Python values (see `flowc.ops.graph_values`)."""
        assert self._node_def is not None
        return complete_attributes(self.definition, self._node_def)

    @cached_property
    def ref_outputs(self) -> frozenset[int]:
        """The numbers of the outputs that are reference edges."""
        outputs = self.definition.signature.outputs
        return frozenset(i for i, argument in enumerate(outputs) if argument.is_ref)

    @property
    def inputs(self) -> list[Any]:
        """The tensors that the operation reads. Not to be changed."""
        return self._inputs

    @property
    def control_inputs(self) -> list[Operation]:
        """The operations that must have run before this one."""
        return list(self._control_inputs)

    @property
    def outputs(self) -> list[Any]:
        """The tensors that the operation makes. Not to be changed."""
        return self._outputs

    def values(self) -> tuple[Any, ...]:
        """The outputs as a tuple."""
        return tuple(self._outputs)

    @property
    def traceback(self) -> StackSummary:
        """The frames of the user's program that made the operation, outermost first.

        Each is a tuple of file, line, function and source line, for `traceback.format_list`.
        """
        return stack_of(self.site)

    @property
    def location(self) -> str:
        """`train.py:12`, for messages."""
        return location_of(self.site)

    @property
    def node_def(self) -> NodeDef:
        """The operation as a protocol buffer. Not to be changed."""
        if self._node_def is None:
            self._node_def = self._make_node_def()
        return self._node_def

    def _make_node_def(self) -> NodeDef:
        node = NodeDef(name=self.name, op=self.type, input=self.input_names(), device=self.device)
        attr = node.attr
        for declared in self.definition.signature.attributes:
            value = self.attrs[declared.name]
            if declared.type == "type":
                attr[declared.name].type = value.number
            else:
                attr[declared.name].CopyFrom(python_to_attr(value, declared.type))
        for name, annotation in self.annotations.items():
            attr[name].CopyFrom(annotation)
        return node

    def input_names(self) -> list[str]:
        """The inputs as a NodeDef names them."""
        data = [t.name if t.value_index else t.op.name for t in self._inputs]
        return data + [f"^{op.name}" for op in self._control_inputs]

    def complete_attributes(self, definition: OpDefinition) -> dict[str, Any]:
        """The attributes as they would be read from the NodeDef, which is made only if need be."""
        if self._node_def is None and definition is self.definition:
            found = direct_attributes(definition, self.attrs)
            if found is not None:
                return found
        return complete_attributes(definition, self.node_def)

    def contents_of(self, index: int) -> Array | None:
        """The elements of output `index`, from what is known of the inputs' by now."""
        if self.type == "Const":
            return objects(np.asarray(self.attrs["value"]))
        if self.type == "PlaceholderWithDefault":
            return None  # a run may feed something else
        try:
            return INFERENCE.infer_contents(
                self.definition,
                [t._abstract for t in self._inputs],
                self.attrs,
                lambda i: self._inputs[i]._contents,
                index,
            )
        except InvalidArgumentError:
            return None

    # Changes after construction

    def changed(self) -> None:
        """Have the NodeDef made again, and tell the graph."""
        if self._node_def is not None:
            _ = self.attrs  # decoded from the NodeDef, which goes
            self._node_def = None
        self.graph.touch(self)

    def add_control_inputs(self, ops: Sequence[Operation]) -> None:
        """Make the operation wait for others, too."""
        new = [op for op in ops if op not in self._control_inputs]
        if new:
            self._control_inputs.extend(new)
            self.changed()

    def set_control_inputs(self, ops: Sequence[Operation]) -> None:
        """Set what a new operation waits for, which its NodeDef says already."""
        self._control_inputs = list(dict.fromkeys(ops))

    def replace_input(self, index: int, tensor: TensorBase) -> None:
        """Read `tensor` as input number `index`."""
        old = self._inputs[index]
        self._inputs[index] = tensor
        self.graph.refinements += 1
        tensor._consumers.append(self)
        if self in old._consumers:
            old._consumers.remove(self)
        self.changed()

    def annotate(self, name: str, value: AttrValue) -> None:
        """Set an attribute that is not of the signature, such as `_class`."""
        self.annotations[name] = value
        self.changed()

    # What TensorFlow offers to users

    @property
    def op(self) -> Operation:
        """The operation itself."""
        return self

    def get_attr(self, name: str) -> Any:
        """An attribute as TensorFlow returns it: bytes for text, protocol buffers for tensors,
        shapes and functions. Raises ValueError for a name that the operation does not have.
        """
        declared = self.definition.signature.attribute(name)
        if declared is None and name not in self.node_def.attr:
            raise ValueError(f"Operation {self.name!r} has no attr named {name!r}.")
        if declared is not None and declared.type in ("type", "int", "float", "bool", "list(type)"):
            value = self.attrs[name]
            return list(value) if isinstance(value, tuple) else value
        return _attr_for_user(self.node_def.attr[name])

    def _set_attr(self, name: str, value: AttrValue) -> None:
        if self.definition.signature.attribute(name) is None:
            self.annotate(name, value)
            return
        node = NodeDef()
        node.CopyFrom(self.node_def)
        node.attr[name].CopyFrom(value)
        self.attrs = complete_attributes(self.definition, node)
        self.graph.refinements += 1
        self.changed()

    def _set_device(self, device: Any) -> None:
        self.device = str(device)
        self.changed()

    def _get_control_flow_context(self) -> Any:
        return self.control_flow_context

    def _set_control_flow_context(self, context: Any) -> None:
        self.control_flow_context = context

    def colocation_groups(self) -> list[bytes]:
        """The groups of operations with which this one shares a device."""
        found = self.annotations.get("_class")
        if found is None and self._node_def is not None and "_class" in self._node_def.attr:
            found = self._node_def.attr["_class"]
        groups = [s for s in found.list.s if s.startswith(b"loc:@")] if found is not None else []
        return groups or [f"loc:@{self.name}".encode()]

    def run(self, feed_dict: FeedDict | None = None, session: Any = None) -> None:
        """Run the operation in `session`, or the default session."""
        from flowc.frontend.session import run_in_session

        run_in_session(self, feed_dict, session, self.graph)

    def __repr__(self) -> str:
        return f"<tf.Operation {self.name!r} type={self.type}>"

    def __str__(self) -> str:
        return str(self.node_def)


def _attr_for_user(attr: AttrValue) -> Any:
    field = attr.WhichOneof("value")
    if field is None:
        return None
    value = getattr(attr, field)
    if field != "list":
        return value
    filled = (getattr(value, f) for f in ("s", "i", "f", "b", "type", "shape", "tensor", "func"))
    return next((list(elements) for elements in filled if elements), [])
