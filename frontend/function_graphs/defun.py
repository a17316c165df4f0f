"""`Defun`: a Python function as a function of the graph's library, which calls name.

TensorFlow 1 has it in `tensorflow.python.framework.function`.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from flowc.frontend.apply import outputs_of
from flowc.frontend.conversion import convert
from flowc.frontend.function_graphs.definitions import function_def
from flowc.frontend.function_graphs.graph import FunctionGraph, argument_name
from flowc.frontend.gradients.functions import gradients_of
from flowc.frontend.graph import Graph
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.scope import variable_scope
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.proto import AttrValue, FunctionDef
from flowc.ops.function_definitions import definition_of_function


class Defun:
    """Decorator: the Python function becomes a function of the graph's library.

        @Defun(tf.float32, tf.float32)
        def product(x, y):
            return x * y

        z = product(a, b)  # one node, whose op is the function

    `input_types` are the dtypes of the arguments; without them, every call's own dtypes make a
    function of their own. The body is built once for each graph, at the first call; tensors of the
    graph that it reads are passed as further arguments. Keywords: `func_name` names the function,
    `out_names` its results, `grad_func` is another `Defun` and `python_grad_func(op, *grads)` a
    Python function that gives its gradient, `shape_func(op)` returns the shapes of its results.
    """

    def __init__(self, *input_types: Any, **options: Any) -> None:
        self._types = tuple(as_dtype(dtype) for dtype in input_types)
        self._options = options

    def __call__(self, function: Callable[..., Any]) -> Any:
        if not callable(function):
            raise ValueError(f"function {function} must be callable.")
        least, most = _arity(function)
        if self._types or most == 0:
            if not least <= len(self._types) <= (len(self._types) if most is None else most):
                raise ValueError(
                    "The function has fewer arguments than the number of specified input types."
                    if most is not None and len(self._types) > most
                    else "The function has more arguments than specified input types."
                )
            return DefinedFunction(function, self._types, **self._options)
        return _Overloaded(function, self._options)


def _arity(function: Callable[..., Any]) -> tuple[int, int | None]:
    """The least and the greatest number of positional arguments, None for no limit."""
    least, most = 0, 0
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            return least, None
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            least, most = least + (parameter.default is parameter.empty), most + 1
    return least, most


class _Overloaded:
    """A function whose dtypes its calls tell."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        self._function = function
        self._options = options
        self._made: dict[tuple[DType, ...], DefinedFunction] = {}
        functools.update_wrapper(self, function)

    def instantiate(self, input_types: Sequence[Any]) -> DefinedFunction:
        """The function for arguments of those dtypes."""
        types = tuple(as_dtype(dtype) for dtype in input_types)
        if types not in self._made:
            options = dict(self._options)
            name = options.get("func_name")
            if name is not None:
                options["func_name"] = "_".join([name, *(dtype.name for dtype in types)])
            self._made[types] = DefinedFunction(self._function, types, **options)
        return self._made[types]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        tensors = [convert(argument) for argument in args]
        return self.instantiate([tensor.dtype for tensor in tensors])(*tensors, **kwargs)


class _Body:
    """A function as it was built inside of a graph."""

    def __init__(self, graph: FunctionGraph, results: Sequence[Any]) -> None:
        self.graph = graph
        self.results = results


class DefinedFunction:
    """A Python function with arguments of known dtypes; see `Defun`."""

    def __init__(
        self,
        function: Callable[..., Any],
        input_types: Sequence[DType],
        func_name: str | None = None,
        grad_func: Any = None,
        python_grad_func: Callable[..., Any] | None = None,
        out_names: Sequence[str] | None = None,
        shape_func: Callable[..., Any] | None = None,
        capture_by_value: bool = False,
        **attributes: Any,
    ) -> None:
        self._function = function
        self._types = tuple(input_types)
        self._name = func_name
        self._grad_func = grad_func
        self.python_grad_func = python_grad_func
        self._out_names = out_names
        self._shape_func = shape_func
        self._attributes = attributes
        self._made: WeakKeyDictionary[Graph, tuple[_Body, FunctionDef]] = WeakKeyDictionary()
        self._variables: WeakKeyDictionary[Graph, dict[str, Any]] = WeakKeyDictionary()
        self.__name__: str = getattr(function, "__name__", "function")
        functools.update_wrapper(self, function)

    # What it is

    @property
    def name(self) -> str:
        """The function's name in the library."""
        return self.definition.signature.name

    @property
    def definition(self) -> FunctionDef:
        """The function as the library of the default graph has it."""
        return self._built_in(get_default_graph())[1]

    @property
    def declared_input_types(self) -> tuple[DType, ...]:
        """The dtypes of the arguments."""
        return self._types

    @property
    def captured_inputs(self) -> list[Any]:
        """The tensors of the default graph that every call passes behind its arguments."""
        return list(self._built_in(get_default_graph())[0].graph.captured)

    def set_grad_func(self, grad_func: Any) -> None:
        """Another `Defun` that takes the arguments and the gradients of the results."""
        self._grad_func = grad_func

    # Building it

    def trace(self, outer: Graph) -> tuple[FunctionGraph, list[Any]]:
        """The body, built anew in a graph of its own, and its results.

        Raises TypeError or ValueError for a function that returns what is no tensor.
        """
        graph = FunctionGraph(outer)
        names = self._argument_names()
        with graph.as_default(), variable_scope("", custom_getter=self._getter(outer)):
            pairs = zip(self._types, names, strict=True)
            arguments = [graph.add_argument(dtype, name) for dtype, name in pairs]
            found = self._function(*arguments)
            listed = () if found is None else found if isinstance(found, list | tuple) else (found,)
            if any(result is None for result in listed):
                raise ValueError(f"Function {self.__name__} can not return None.")
            return graph, [graph.capture(convert(result)) for result in listed]

    def _getter(self, outer: Graph) -> Callable[..., Any]:
        """A getter of variables, which are made in the graph around, once for all tracings."""
        made = self._variables.setdefault(outer, {})

        def get(getter: Callable[..., Any], name: str, *args: Any, **kwargs: Any) -> Any:
            if name not in made:
                with outer.as_default():
                    made[name] = getter(name, *args, **kwargs)
            return made[name]

        return get

    def _argument_names(self) -> list[str]:
        """The Python function's names, as far as there are enough."""
        parameters = inspect.signature(self._function).parameters.values()
        names = [argument_name(p.name) for p in parameters if p.kind is not p.VAR_POSITIONAL]
        names += [f"arg{i}" for i in range(len(names), len(self._types))]
        return names[: len(self._types)]

    def _built_in(self, graph: Graph) -> tuple[_Body, FunctionDef]:
        if graph not in self._made:
            body = _Body(*self.trace(graph))
            made = function_def(body.graph, body.results, self._name or "", self._out_names)
            if self._name is None:
                content = made.SerializeToString(deterministic=True)
                digest = hashlib.sha256(content).hexdigest()[:8]
                made.signature.name = f"{self.__name__.strip('<>')}_{digest}"
            for key, value in self._attributes.items():
                _set_attribute(made, key, value)
            self._made[graph] = body, made
        return self._made[graph]

    def add_to_graph(self, graph: Graph) -> None:
        """Put the function, and that of its gradient, into a graph's library."""
        _, made = self._built_in(graph)
        name = made.signature.name
        if name in graph.functions:
            return
        gradient = None
        if self._grad_func is not None:
            self._grad_func.add_to_graph(graph)
            gradient = self._grad_func._built_in(graph)[1].signature.name
        graph.add_function(made, gradient)
        graph.defined_functions[name] = self

    def gradient(self, outer: Graph) -> FunctionDef:
        """The function of its arguments and its results' gradients that gives the arguments'.

        Made of the Python function, whose loops and branches can be differentiated, where those of
        a FunctionDef cannot. Raises LookupError for an op without a gradient.
        """
        graph, results = self.trace(outer)
        arguments = list(graph.arguments)
        with graph.as_default():
            grads = [graph.add_argument(r.dtype, "grad", r.sizes) for r in results]
            found = gradients_of(results, arguments, grads)
        return function_def(graph, found, f"{self.name}/gradient")

    # Calling it

    def __call__(self, *args: Any, name: str | None = None) -> Any:
        """Call it: one node, whose outputs are returned; the operation, if there are none.

        Raises ValueError for another number of arguments, TypeError for other dtypes.
        """
        graph = get_default_graph()
        self.add_to_graph(graph)
        body, made = self._built_in(graph)
        if len(args) != len(self._types):
            raise ValueError(
                f"Expected number of arguments: {len(self._types)}, received: {len(args)}"
            )
        tensors = [convert(a, dtype) for a, dtype in zip(args, self._types, strict=True)]
        op = graph.add_op(
            definition_of_function(made), [*tensors, *body.graph.captured], {}, name or self.name
        )
        self._tell_shapes(op, body)
        found = outputs_of(op)
        return tuple(found) if isinstance(found, tuple) else found

    def _tell_shapes(self, op: Any, body: _Body) -> None:
        shapes = [t.sizes for t in body.results]
        if self._shape_func is not None:
            shapes = self._shape_func(op)
        for output, shape in zip(op.outputs, shapes, strict=True):
            output.set_shape(shape)


def _set_attribute(function: FunctionDef, key: str, value: Any) -> None:
    """An option such as `noinline=True`, as an annotation."""
    if value is None:
        return
    known = {
        "compiled": "_XlaCompile",
        "separate_compiled_gradients": "_XlaSeparateCompiledGradients",
    }
    attribute = function.attr[known.get(key, key if key.startswith("_") else f"_{key}")]
    if isinstance(value, bool):
        attribute.b = value
    elif isinstance(value, AttrValue):
        attribute.CopyFrom(value)
    elif isinstance(value, int):
        attribute.i = value
    elif isinstance(value, float):
        attribute.f = value
    else:
        attribute.s = str(value).encode()
