"""GraphDef nodes to tensor IR: one pass over the pruned nodes, each lowered by its op.

Side effects become explicit here. A variable that is read becomes a parameter of the module, one
that is assigned becomes a result, and in between its current value is simply an SSA value. The
order of reads and assignments is the order of the nodes (`Graph.prune`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from flowc.compiler.graph import Node
from flowc.compiler.lowering.branches import lower_case, lower_if
from flowc.compiler.lowering.guesses import Guesses
from flowc.compiler.lowering.loops import lower_while
from flowc.compiler.lowering.refusals import NeedsHost, NotKnown, ShapeDependsOnData
from flowc.compiler.lowering.regions import Learned, Lowerer, NeedsValue
from flowc.compiler.lowering.variables import Reading, VariableStore
from flowc.compiler.request import GUESS, Feed, Request
from flowc.compiler.structure import Subgraph
from flowc.compiler.structure.subgraph import VIEWS, stays
from flowc.ir import dims
from flowc.ir.dims import Dim, Expr, Symbol
from flowc.ir.dtypes import resource
from flowc.ir.errors import InvalidArgumentError, OpError
from flowc.ir.tensor.assumptions import SizeDependsOnData, Specialising
from flowc.ir.tensor.builder import (
    SYMBOLIC_LIMIT,
    Builder,
    DataDependent,
    Handle,
    Initial,
    NotCompilable,
)
from flowc.ir.tensor.core import (
    ArgumentDim,
    ArgumentElement,
    Counted,
    Derived,
    Module,
    Parameter,
    Result,
    Shape,
    SymbolSource,
    TensorType,
    Value,
)
from flowc.ir.tensor.names import Names
from flowc.ir.tensor.primitives.common import objects
from flowc.ops.calling import call_lowering, dereferenced
from flowc.ops.inference import output_dtypes


@dataclass(frozen=True, slots=True)
class LoweredGraph:
    """A module, and what its parameters and results are.

    Parameters are the feeds in order, then `reads` (variable names). Results are the fetches in
    order, then `writes`.
    """

    module: Module
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    initial: Mapping[str, Initial]  # of read variables that the store lacks
    existence: Mapping[str, bool]  # of variables: the code was made for a store in which it is so
    replaced: Mapping[str, Shape]  # of variables that are assigned unread: what they may be like
    fixed: Mapping[int, np.ndarray[Any, Any]]  # feeds whose values the code was made for
    hints: Mapping[str, int]  # the symbols' values for the feeds' examples


def lower_graph(request: Request) -> LoweredGraph:
    """Lower a request, specialised as far as it must be to what its feeds are examples of.

    Raises the op errors that TensorFlow would raise for such feeds, a Refusal for a request that is
    not to be compiled as a whole, NotKnown.
    """
    pinned: dict[int, int] = {}
    guesses = Guesses()
    while True:
        lowering = _Lowering(request, pinned, guesses)
        try:
            return lowering.run()
        except DataDependent as error:
            needed = {n for n in lowering.feeds_behind(error.value) if pinned.get(n, 0) < 2}
            if numbers := lowering.numbers_of_floats(needed):
                raise ShapeDependsOnData(lowering.node.name, numbers) from error
            if not needed:
                raise ShapeDependsOnData(
                    lowering.node.name, None, lowering.builder.location
                ) from error
            pinned = pinned | {n: pinned.get(n, 0) + 1 for n in needed}
        except NeedsValue as error:
            raise ShapeDependsOnData(lowering.node.name, lowering.unknown_numbers()) from error
        except SizeDependsOnData as error:
            raise ShapeDependsOnData(lowering.node.name, None, lowering.builder.location) from error
        except NotCompilable as error:
            raise NeedsHost(lowering.node.name, str(error)) from error
        except InvalidArgumentError:
            if not guesses.improve(lowering.assumptions):
                raise


@dataclass
class _Lowering:
    """One attempt. `pinned` says of which feeds the sizes (1), or the elements too (2), are taken
    as constants, because the code depends on them; guards see to other values.
    """

    request: Request
    pinned: Mapping[int, int]
    guesses: Guesses
    symbols: dict[Symbol, SymbolSource] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    depth: int = 0
    learned: dict[Subgraph, Learned] = field(default_factory=dict)
    fixed: dict[int, np.ndarray[Any, Any]] = field(default_factory=dict)

    def run(self) -> LoweredGraph:
        """The whole module."""
        self.names = Names()
        self.assumptions = Specialising({}, self.names)
        self.state: VariableStore = VariableStore(self.request.variables)
        self.builder = Builder(self.assumptions, self.state)
        self.builder.parameter_contents = self._contents
        self.feeds = [self._feed(i, feed) for i, feed in enumerate(self.request.feeds)]
        for node in self.request.nodes:
            self.node = node
            self._lower_node(node)
        results = [self._fetch(name) for name in self.request.fetches]
        return self._finish(results)

    # Arguments

    def _feed(self, number: int, feed: Feed) -> Parameter:
        shape: list[Dim] = []
        size: Dim | None
        for axis, size in enumerate(feed.shape):
            if size is None:
                size = self._size(number, axis, feed)
            shape.append(size)
        parameter = Parameter(TensorType(feed.dtype, tuple(shape)), feed.name)
        self.values[feed.name] = parameter
        return parameter

    def _size(self, number: int, axis: int, feed: Feed) -> Dim:
        """A size that the feed's type leaves open."""
        name, actual = f"s{number}_{axis}", feed.sizes[axis]
        symbol = self._symbol(name, ArgumentDim(number, axis), actual)
        if number not in self.pinned:
            return symbol
        if actual is None:
            raise NotKnown(feed.name)
        return actual if self.assumptions.equal(symbol, actual) else symbol

    def _symbol(
        self, name: str, source: SymbolSource, hint: int | None, guess: int = GUESS
    ) -> Expr:
        expression = dims.symbol(name)
        self.symbols[Symbol(name)] = source
        self.assumptions.hints[name] = self.guesses.of(name, guess) if hint is None else int(hint)
        return expression

    def _contents(self, parameter: Parameter) -> np.ndarray[Any, Any] | None:
        """Elements of a small integer feed as symbols: it is used as a shape."""
        if parameter not in self.feeds:
            return None
        number = self.feeds.index(parameter)
        feed = self.request.feeds[number]
        if feed.is_data:
            return None
        if not parameter.type.dtype.is_integer:
            return self._fixed_contents(number, feed)
        if feed.contents is None and (None in feed.sizes or not self.request.is_ahead):
            raise NotKnown(feed.name)
        contents = np.empty(feed.example.shape, object)
        for i in range(contents.size):
            contents.flat[i] = self._element(number, i, feed)
        return contents

    def _element(self, number: int, index: int, feed: Feed) -> Dim:
        """An element of a feed, which is a size."""
        source = ArgumentElement(number, index)
        if feed.contents is None:
            if self.pinned.get(number) == 2:
                raise NotKnown(feed.name)
            return self._symbol(f"e{number}_{index}", source, None, feed.guess)
        element = int(feed.contents.flat[index])
        symbol = self._symbol(f"e{number}_{index}", source, element)
        fixed = self.pinned.get(number) == 2 or element < 0  # sizes are not negative
        return element if fixed and self.assumptions.equal(symbol, element) else symbol

    def _fixed_contents(self, number: int, feed: Feed) -> np.ndarray[Any, Any] | None:
        """The contents of a feed that is no integer, if the code is to be made for these alone."""
        if self.pinned.get(number) != 2:
            return None
        if feed.contents is None:
            raise NotKnown(feed.name)
        self.fixed[number] = feed.contents
        return objects(feed.contents)

    # Nodes

    def _lower_node(self, node: Node) -> None:
        if not node.inputs and f"{node.name}:0" in self.values:
            return  # a fed placeholder
        self.builder.location = node.name
        inputs = [self._given(node, i, edge.tensor) for i, edge in enumerate(node.inputs)]
        for number, result in enumerate(self._results(node, inputs)):
            if isinstance(result, Parameter) and node.op in _PLACEHOLDERS:
                raise InvalidArgumentError(None, node.name, _unfed(node, result))
            self.values.setdefault(f"{node.name}:{number}", result)

    def _given(self, node: Node, number: int, tensor: str) -> Any:
        """An input of a node; what branches and bodies read of variables they read again."""
        found = self.values[tensor]
        if not isinstance(found, Reading):
            return found
        if node.op not in _CONTROL:
            return self._value(tensor)
        body = node.attributes.get("body")
        is_read_inside = number > 0 if body is None else stays(body, number)
        return found if is_read_inside else self._value(tensor)

    def _results(self, node: Node, inputs: list[Any]) -> Sequence[Any]:
        if node.op == "NoOp":
            return ()
        control = _CONTROL.get(node.op)
        if control is not None:
            inputs = dereferenced(node.definition, inputs, node.attributes, self._read)
            return control(self, node, inputs)
        if any(value is None for value in inputs):  # of a branch that is not taken
            return [None] * len(output_dtypes(node.definition, node.attributes))
        if node.op == "Identity" and node.attributes["T"] is resource:
            return inputs
        if node.op in VIEWS and (reading := self._reading(node, inputs)) is not None:
            return (reading,)
        inputs = dereferenced(node.definition, inputs, node.attributes, self._read)
        try:
            return call_lowering(self.builder, node.definition, inputs, node.attributes)
        except OpError as error:
            raise self._located(node, inputs, error) from error

    def _reading(self, node: Node, inputs: list[Any]) -> Reading | None:
        """What a node that passes a buffer on gives of a variable."""
        first, others = self.values[node.inputs[0].tensor], tuple(inputs[1:])
        if isinstance(first, Handle):
            stored = self._read(first)
            buffer = self.state.buffers.get(first.name, 0)
            first = Reading(first, stored, stored, buffer, ())
        if not isinstance(first, Reading):
            return None
        value = inputs[0] if isinstance(inputs[0], Parameter | Result) else first.value
        view = (*first.view, (node, others))
        return replace(first, value=self._passed_on(node, value, others), view=view)

    def _passed_on(self, node: Node, value: Value, others: Sequence[Any]) -> Value:
        operands = [value, *others]
        try:
            found: Value
            (found,) = call_lowering(self.builder, node.definition, operands, node.attributes)
        except OpError as error:
            raise self._located(node, operands, error) from error
        return found

    def _value(self, tensor: str) -> Any:
        """What a tensor is at this point of the step."""
        found = self.values[tensor]
        if not isinstance(found, Reading):
            return found
        if self.state.buffers.get(found.handle.name, 0) != found.buffer:
            return found.value
        value = self._read(found.handle)
        if value is found.stored:
            return found.value
        value = self.builder.reshape(value, self.builder.shape(found.stored))
        for node, others in found.view:
            value = self._passed_on(node, value, others)
        return value

    def lower_subgraph(self, subgraph: Subgraph, arguments: Sequence[Any]) -> list[Any]:
        """The results of a branch or body, whose nodes see its parameters and each other."""
        outer = self.values
        self.values = dict(zip(subgraph.parameters, arguments, strict=True))
        try:
            for node in subgraph.nodes:
                self._lower_node(node)
            return [self._value(tensor) for tensor in subgraph.results]
        finally:
            self.values = outer

    def unknown_numbers(self) -> frozenset[str]:
        """The inputs of the present node that are integer scalars and follow from data."""
        return frozenset(
            edge.tensor
            for edge in self.node.inputs
            if isinstance(value := self._value(edge.tensor), Parameter | Result)
            and value.type.dtype.is_integer
            and not value.type.shape
            and self.builder.symbolic(value) is None
        )

    def _read(self, handle: Handle) -> Value:
        return self.state.read(self.builder, handle)

    def _located(self, node: Node, inputs: Sequence[Any], error: OpError) -> OpError:
        """The error with the node's name and what went into it."""
        lines = [f"{node.op} '{node.name}': {error.message}"]
        for edge, value in zip(node.inputs, inputs, strict=True):
            if isinstance(value, Parameter | Result):
                lines.append(f"  {self._describe(value)} from '{edge.tensor}'")
        return type(error)(None, node.name, self._with_numbers("\n".join(lines)))

    def _with_numbers(self, text: str) -> str:
        """The text with the examples' sizes in place of the symbols that stand for them."""
        for name, value in self.assumptions.hints.items():
            text = re.sub(rf"\b{name}\b", str(value), text)
        return text

    def _describe(self, value: Value) -> str:
        shape = ",".join(str(self.assumptions.hint(d)) for d in self.builder.shape(value))
        return f"{value.type.dtype.name}[{shape}]"

    # Shapes that depend on data

    def feeds_behind(self, value: Value) -> frozenset[int]:
        """Small integer feeds that a value follows from: their contents can be symbols."""
        found: set[int] = set()
        pending, seen = [value], set[Value]()
        while pending:
            current = pending.pop()
            if current in seen:
                continue
            seen.add(current)
            if not isinstance(current, Parameter):
                pending += current.instruction.operands
            elif current in self.feeds:
                number = self.feeds.index(current)
                feed = self.request.feeds[number]
                listed = feed.dtype.is_integer or feed.dtype.is_bool
                if not feed.is_data and feed.count <= (SYMBOLIC_LIMIT if listed else 1):
                    found.add(number)
        return frozenset(found)

    def numbers_of_floats(self, feeds: Collection[int]) -> frozenset[str]:
        """The numbers to compute in an earlier part, rather than make code for each float fed."""
        if self.depth or any(self.request.feeds[n].dtype.is_integer for n in feeds):
            return frozenset()
        return self.unknown_numbers() if feeds else frozenset()

    # Results

    def _fetch(self, name: str) -> Value:
        value = self._value(name)
        if isinstance(value, Handle):
            return self.state.read(self.builder, value)
        if isinstance(value, Parameter) or hasattr(value, "instruction"):
            return value  # type: ignore[no-any-return]
        raise InvalidArgumentError(None, None, f"Tensor '{name}' cannot be fetched")

    def _finish(self, results: list[Value]) -> LoweredGraph:
        state, count = self.state, len(self.feeds)
        reads, writes = tuple(state.parameters), tuple(state.written)
        places = {name: count + i for i, name in enumerate(reads)}
        donated = {
            len(results) + i: places[name] for i, name in enumerate(writes) if name in places
        }
        parameters = [*self.feeds, *state.parameters.values()]
        written = [state.current[name] for name in writes]
        main = self.builder.computation(parameters, [*results, *written])
        derived = {s: Derived(d) for s, d in self.names.definitions.items()}
        counted = {s: Counted(limit) for s, limit in self.assumptions.limits.items()}
        module = Module(
            self.request.name,
            main,
            self.symbols | derived | counted,
            tuple(self.assumptions.guards),
            donated,
            tuple(self.builder.messages),
        )
        return LoweredGraph(
            module,
            reads,
            writes,
            state.initial,
            state.existence,
            state.replaced,
            self.fixed,
            self.assumptions.hints,
        )


_PLACEHOLDERS = frozenset({"Placeholder", "PlaceholderV2"})
_CONTROL: dict[str, Callable[[Lowerer, Node, Sequence[Any]], list[Any]]] = {
    "If": lower_if,
    "StatelessIf": lower_if,
    "Case": lower_case,
    "StatelessCase": lower_case,
    "While": lower_while,
    "StatelessWhile": lower_while,
}


def _unfed(node: Node, parameter: Parameter) -> str:
    shape = node.attributes.get("shape")
    sizes = () if shape is None else ("?" if d is None else str(d) for d in shape)
    known = "<unknown>" if shape is None else f"[{','.join(sizes)}]"
    return (
        f"You must feed a value for placeholder tensor '{node.name}' with dtype "
        f"{parameter.type.dtype.name} and shape {known}"
    )
