"""A part of a step that runs on the host: kernels over NumPy arrays, one node after the other.

Ops without a lowering have such a kernel in their definition. Ops that merely move strings about
are run by their lowering through the reference interpreter, since no native code deals in strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flowc.compiler.graph import Node
from flowc.compiler.partition import Part
from flowc.ir.dtypes import as_dtype
from flowc.ir.errors import OpError
from flowc.ir.ops.calling import call_lowering, group_inputs
from flowc.ir.tensor import interpreter
from flowc.ir.tensor.assumptions import Specialising
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Module, Parameter, TensorType
from flowc.runtime.store import Array

if TYPE_CHECKING:
    from flowc.runtime.executor import Executor


@dataclass(frozen=True, slots=True)
class HostContext:
    """What a host kernel may ask for by a keyword named `context`."""

    node: str
    resources: dict[str, Any]  # tables, queues, readers of the session, by name


class HostPart:
    """Nodes that run on the host; call it with the inputs' arrays in order."""

    def __init__(self, executor: Executor, part: Part) -> None:
        self._executor = executor
        self._part = part

    def __call__(self, arrays: Sequence[Array]) -> list[Any]:
        """The values of the part's outputs."""
        values: dict[str, Any] = dict(zip(self._part.inputs, arrays, strict=True))
        for node in self._part.nodes:
            if not node.inputs and f"{node.name}:0" in values:
                continue
            inputs = [values[e.tensor] for e in node.inputs]
            for number, output in enumerate(self._run(node, inputs)):
                values[f"{node.name}:{number}"] = output
        return [values[name] for name in self._part.outputs]

    def _run(self, node: Node, inputs: list[Any]) -> Sequence[Any]:
        try:
            kernel = node.definition.host
            outputs = self._interpret(node, inputs) if kernel is None else self._call(node, inputs)
        except OpError as error:
            message = f"{node.op} '{node.name}': {error.message}"
            raise type(error)(None, None, message) from error
        return outputs

    def _call(self, node: Node, inputs: list[Any]) -> Sequence[Any]:
        """The op's host kernel on arrays."""
        definition = node.definition
        assert definition.host is not None
        context = HostContext(node.name, self._executor.resources)
        keywords = {
            name: context if name == "context" else node.attributes[name]
            for name in definition.host_attributes
        }
        outputs = definition.host(*group_inputs(definition, inputs, node.attributes), **keywords)
        if outputs is None:
            return ()
        return outputs if isinstance(outputs, tuple | list) else (outputs,)

    def _interpret(self, node: Node, inputs: list[Any]) -> Sequence[Any]:
        """The op's lowering, interpreted: for movement of strings."""
        b = Builder(Specialising({}))
        b.location = node.name
        arrays = [np.asarray(i) for i in inputs]
        parameters = [Parameter(TensorType(as_dtype(a.dtype), a.shape)) for a in arrays]
        contents = dict(zip(parameters, arrays, strict=True))
        b.parameter_contents = lambda p: _objects(contents[p])
        results = call_lowering(b, node.definition, parameters, node.attributes)
        module = Module(node.name, b.computation(parameters, results), messages=tuple(b.messages))
        return interpreter.run(module, arrays)


def _objects(array: Array) -> Array:
    found = np.empty(array.shape, object)
    found[...] = array.tolist()
    return found
