"""Ops defined by a program, in the form in which flowc's own are defined.

    @custom_ops.op("Hypot(x: T, y: T; T: {float32, float64}) -> z: T")
    def hypot(b, x, y):
        return b.sqrt(b.add(b.multiply(x, x), b.multiply(y, y)))

    @hypot.gradient
    def _(g, op, grad):
        x, y = op.inputs
        return grad * x / op.outputs[0], grad * y / op.outputs[0]

    z = hypot(a, b)

`ops/registry.py` says what the decorated functions get and return. What they return is checked
against the signature, and against the shape function where there is one.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowc.frontend.apply import build
from flowc.ir.errors import AlreadyExistsError
from flowc.ops.registry import OPS, Gradient, HostKernel, Lowering, OpDefinition
from flowc.ops.signature import Signature

_NAME = re.compile(r"[A-Z][A-Za-z0-9_]*")


class CustomOp:
    """An op of the program: call it to add a node to the graph."""

    def __init__(self, definition: OpDefinition) -> None:
        self.definition = definition
        self.__name__ = self.__qualname__ = snake_case(definition.name)
        self.__doc__ = _documentation(definition)
        self.__signature__ = _python_signature(definition.signature)

    def __repr__(self) -> str:
        return f"<op {self.definition.text}>"

    def __call__(self, *arguments: Any, name: str | None = None, **keywords: Any) -> Any:
        """Add a node: inputs and then attributes, by position or by name.

        Returns the output, or a tuple of outputs. Raises TypeError or ValueError where the op does
        not take such arguments.
        """
        names = [a.name for a in self.definition.signature.inputs]
        given = _bound(self.definition, arguments, keywords)
        missing = [name for name in names if name not in given]
        if missing:
            raise TypeError(f"{self.definition.name} Op: no value for input '{missing[0]}'")
        inputs = [given.pop(name) for name in names]
        return build(self.definition.name, *inputs, name=name, **given)

    def gradient(self, function: Gradient) -> Gradient:
        """Decorator: register the op's gradient, `f(g, op, *grads)`."""
        return self.definition.gradient(function)

    def infer(self, function: Lowering) -> Lowering:
        """Decorator: the results' types on abstract values, `f(b, *inputs)`."""
        return self.definition.infer(function)

    def on_host(self, kernel: HostKernel) -> HostKernel:
        """Decorator: a kernel over arrays for tensors that are not compiled, such as strings."""
        return self.definition.on_host(kernel)

    def not_differentiable(self) -> CustomOp:
        """Declare that gradients stop here."""
        self.definition.not_differentiable()
        return self


def op(text: str, *, stateful: bool = False) -> Callable[[Lowering], CustomOp]:
    """Decorator: define an op by its lowering to tensor IR, `f(b, *inputs, **attributes)`.

    Raises ValueError for a text that is no signature, AlreadyExistsError for a name that is taken.
    """
    return lambda lower: define(OpDefinition(text, lower=lower, stateful=stateful))


def host_op(text: str, *, stateful: bool = False) -> Callable[[HostKernel], CustomOp]:
    """Decorator: define an op by a kernel over NumPy arrays, `f(*inputs, **attributes)`.

    Raises ValueError for a text that is no signature, AlreadyExistsError for a name that is taken.
    """
    return lambda kernel: define(OpDefinition(text, host=kernel, stateful=stateful))


def define(definition: OpDefinition) -> CustomOp:
    """Enter a program's op. Raises ValueError or AlreadyExistsError."""
    require_definable(definition)
    definition.is_custom, definition.family = True, "custom"
    OPS.define(definition)
    return CustomOp(definition)


def require_definable(definition: OpDefinition) -> None:
    """Raise ValueError or AlreadyExistsError where an op cannot be entered."""
    try:
        name = definition.signature.name
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"not an op signature: {definition.text!r} ({error})") from error
    if not _NAME.fullmatch(name):
        raise ValueError(f"the name of an op begins with a capital letter: {name!r}")
    if OPS.get(name) is not None:
        raise AlreadyExistsError(None, None, f"op {name} is already defined")


def snake_case(name: str) -> str:
    """`ZeroOut` -> `zero_out`, the name of an op's function."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _bound(
    definition: OpDefinition, arguments: Sequence[Any], keywords: Mapping[str, Any]
) -> dict[str, Any]:
    """Inputs and attributes by name."""
    names = _parameters(definition.signature)
    if len(arguments) > len(names):
        raise TypeError(f"{definition.name} Op takes {len(names)} arguments, not {len(arguments)}")
    given = dict(zip(names, arguments, strict=False))
    for name, value in keywords.items():
        if name in given:
            raise TypeError(f"{definition.name} Op got several values for '{name}'")
        given[name] = value
    return given


def _parameters(signature: Signature) -> list[str]:
    """The inputs, then the attributes that they do not determine, those with defaults last."""
    inputs = signature.inputs
    implied = {a.type_attr for a in inputs} | {a.number_attr for a in inputs}
    free = [a for a in signature.attributes if a.name not in implied]
    ordered = sorted(free, key=lambda a: a.has_default)
    return [a.name for a in inputs] + [a.name for a in ordered]


def _python_signature(signature: Signature) -> inspect.Signature:
    defaults = {a.name: a.default for a in signature.attributes if a.has_default}
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=defaults.get(name, inspect.Parameter.empty),
        )
        for name in _parameters(signature)
    ]
    last = inspect.Parameter("name", inspect.Parameter.KEYWORD_ONLY, default=None)
    return inspect.Signature([*parameters, last])


def _documentation(definition: OpDefinition) -> str:
    function = definition.lower or definition.host
    described = inspect.getdoc(function) if function is not None else None
    return f"{described}\n\n{definition.text}" if described else definition.text
