"""`tf.function` in a graph: the Python function, called each time, adds its operations there."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from flowc.frontend import nest
from flowc.frontend.conversion import convert, is_tensor
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.tensor_spec import TensorSpec

if TYPE_CHECKING:
    from flowc.frontend.graph import Graph


class Function:
    """A Python function whose arguments become tensors where a signature says so.

    A call runs the function and adds its operations to the current graph, which is compiled as a
    whole; so there is no function in the graph. What has been called with the same tensors in the
    same place, and adds no stateful operation, is not run again. Python's own `if` and `while` are
    not turned into those of the graph: use `tf.cond` and `tf.while_loop`.
    """

    def __init__(
        self, python_function: Callable[..., Any], input_signature: Sequence[Any] | None = None
    ) -> None:
        if input_signature is not None and not isinstance(input_signature, list | tuple):
            raise TypeError(
                "input_signature must be either a tuple or a list, received "
                f"{type(input_signature)}"
            )
        self._function = python_function
        self._signature = None if input_signature is None else tuple(input_signature)
        functools.update_wrapper(self, python_function)

    @property
    def python_function(self) -> Callable[..., Any]:
        """The function."""
        return self._function

    @property
    def input_signature(self) -> tuple[Any, ...] | None:
        """The signature."""
        return self._signature

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function's result. Raises TypeError, ValueError for arguments that do not fit."""
        graph = get_default_graph()
        key = self._key(graph, args, kwargs)
        if key is not None and key in graph.function_results:
            return nest.map_structure(lambda leaf: leaf, graph.function_results[key])
        start = len(graph.get_operations())
        result = self._function(*self._converted(args, kwargs), **kwargs)
        result = nest.map_structure(_as_result, result)
        made = graph.get_operations()[start:]
        if key is not None and not any(op.definition.stateful for op in made):
            graph.function_results[key] = result
        return result

    def _key(self, graph: Graph, args: Any, kwargs: Any) -> Hashable | None:
        """What the result follows from; None where that cannot be told."""
        leaves = [(type(leaf), leaf) for leaf in nest.flatten([args, kwargs])]
        form = repr(nest.map_structure(type, [args, kwargs]))
        key = self, graph.control_flow_context, form, *leaves
        try:
            hash(key)
        except TypeError:
            return None
        return None if graph.is_waiting else key

    def _converted(self, args: tuple[Any, ...], kwargs: Any) -> tuple[Any, ...]:
        if self._signature is None:
            return args
        own = args[len(args) - len(self._signature) :]  # behind `self`, where it is a method
        if kwargs or len(own) != len(self._signature):
            raise TypeError(
                f"{self._function.__name__} takes {len(self._signature)} positional arguments, as "
                f"its input_signature says, but got {len(args)} and the keywords {sorted(kwargs)}."
            )
        pairs = zip(own, self._signature, strict=True)
        return (*args[: len(args) - len(own)], *(_as_specified(arg, spec) for arg, spec in pairs))

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self.__call__, instance)


def _as_result(value: Any) -> Any:
    """Numbers and arrays become tensors, as they would leave a function of the graph."""
    is_plain = isinstance(value, bool | int | float | complex | np.ndarray | np.generic)
    return convert(value) if is_plain else value


def _as_specified(argument: Any, spec: Any) -> Any:
    """An argument with a tensor for each TensorSpec of a structure."""
    if isinstance(spec, Mapping):
        return {key: _as_specified(argument[key], spec[key]) for key in spec}
    if isinstance(spec, list | tuple):
        return [_as_specified(a, s) for a, s in zip(argument, spec, strict=True)]
    return _tensor(argument, spec)


def _tensor(value: Any, spec: TensorSpec) -> Any:
    tensor = value if is_tensor(value) else convert(value, spec.dtype)
    if not spec.is_compatible_with(tensor):
        raise ValueError(
            f"Python inputs incompatible with input_signature: {tensor} does not fit {spec}"
        )
    return tensor


def function(
    func: Callable[..., Any] | None = None,
    input_signature: Sequence[Any] | None = None,
    autograph: bool = True,
    experimental_autograph_options: Any = None,
    experimental_relax_shapes: bool = False,
    experimental_compile: bool | None = None,
    experimental_implements: str | None = None,
) -> Any:
    """Decorator: see `Function`. The other options change nothing here."""
    if func is None:
        return lambda decorated: Function(decorated, input_signature)
    return Function(func, input_signature)
