"""The scopes of the API: `name_scope` with values, control dependencies, devices, colocation."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any

from flowc.frontend.apply import graph_of
from flowc.frontend.stacks import get_default_graph


class name_scope:
    """A scope of names for the ops that one function adds; gives the scope's name with a slash.

    `name` is the caller's choice, `default_name` the function's. The graph of `values` becomes the
    default. Raises ValueError where neither name is given.
    """

    def __init__(
        self, name: str | None, default_name: str | None = None, values: Sequence[Any] | None = None
    ) -> None:
        if not (default_name is None or isinstance(default_name, str)):
            raise TypeError(f"`default_name` type ({type(default_name)}) is not a string type.")
        self._name = default_name if name is None else name
        self._values = values
        self._stack = ExitStack()
        if self._name is None and values is not None:
            raise ValueError(
                f"At least one of name ({name}) and default_name ({default_name}) must be provided."
            )

    @property
    def name(self) -> str | None:
        """The name asked for."""
        return self._name

    def __enter__(self) -> str:
        graph = graph_of(self._values or ())
        self._stack.enter_context(graph.as_default())
        return self._stack.enter_context(graph.name_scope(self._name))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()


def op_scope(
    values: Sequence[Any], name: str | None, default_name: str | None = None
) -> name_scope:
    """The old order of `name_scope`'s arguments."""
    return name_scope(name, default_name, values)


def control_dependencies(control_inputs: Sequence[Any] | None) -> AbstractContextManager[None]:
    """Ops made inside run after `control_inputs`; None forgets the blocks around."""
    return get_default_graph().control_dependencies(control_inputs)


def device(device_name_or_function: Any) -> AbstractContextManager[None]:
    """Ops made inside are placed on this device."""
    return get_default_graph().device(device_name_or_function)


def colocate_with(op: Any, ignore_existing: bool = False) -> AbstractContextManager[None]:
    """Ops made inside share the device of `op`."""
    return get_default_graph().colocate_with(op, ignore_existing)


def container(container_name: str) -> AbstractContextManager[Any]:
    """Accepted for compatibility: variables of one session lie in one store."""
    return ExitStack()
