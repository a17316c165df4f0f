"""The graph in which a function's body is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.graph import Graph
from flowc.ir.dtypes import DType
from flowc.ir.proto import AttrValue, FunctionDef
from flowc.ir.tensor.builder import Handle
from flowc.ops.registry import OPS, OpDefinition


def argument_name(name: str) -> str:
    """A name as a signature has it: lower case letters, digits and underscores."""
    found = "".join(c if c.isascii() and c.isalnum() else "_" for c in name.lower()).lstrip("_")
    return found if found[:1].isalpha() else f"arg{found}"


class FunctionGraph(Graph):
    """Operations of a body; `arguments` are placeholders for what the function is called with.

    An operation that reads a tensor of the graph around reads an argument in its place, which
    stands behind the function's own: `captured` are those tensors, in the order of the arguments.
    The library is that of the graph around.
    """

    def __init__(self, outer: Graph) -> None:
        super().__init__()
        self.outer = outer
        self.building_function = True
        self.seed = outer.seed
        self.defined_functions = outer.defined_functions
        self.arguments: list[Any] = []
        self.captured: dict[TensorBase, Any] = {}

    def add_argument(self, dtype: DType, name: str, shape: Any = None) -> Any:
        """A further argument of that dtype."""
        attributes = {"dtype": dtype, "shape": shape}
        with self.control_dependencies(None), self.name_scope(None):
            argument = super().add_op(OPS["Placeholder"], [], attributes, name).outputs[0]
        self.arguments.append(argument)
        return argument

    def add_op(
        self,
        definition: OpDefinition,
        inputs: Sequence[TensorBase],
        attrs: Mapping[str, Any],
        name: str,
    ) -> Operation:
        return super().add_op(definition, [self.capture(t) for t in inputs], attrs, name)

    def capture(self, tensor: TensorBase) -> Any:
        """The tensor itself, or the argument for one of the graph around.

        Raises ValueError for a tensor that is of neither graph.
        """
        if tensor.graph is self:
            return tensor
        if tensor not in self.captured:
            outside = tensor
            if isinstance(self.outer, FunctionGraph):
                outside = self.outer.capture(tensor)
            if outside.graph is not self.outer:
                raise ValueError(f"{tensor} is of another graph than the one around the function.")
            name = argument_name(tensor.op.name.rpartition("/")[2])
            argument = self.add_argument(tensor.dtype.base_dtype, name, tensor.sizes)
            if isinstance(tensor._abstract, Handle):  # of a variable, of known type
                argument._abstract = tensor._abstract
            self.captured[tensor] = argument
        return self.captured[tensor]

    # The library

    @property
    def functions(self) -> dict[str, FunctionDef]:
        """The functions of the graph around."""
        return self.outer.functions

    def add_function(self, function: FunctionDef, gradient: str | None = None) -> None:
        """Add a function to the library of the graph around."""
        self.outer.add_function(function, gradient)

    def gradient_of_function(self, name: str, attributes: Mapping[str, AttrValue]) -> FunctionDef:
        """The gradient of a function of the library of the graph around."""
        return self.outer.gradient_of_function(name, attributes)
