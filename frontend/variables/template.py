"""`make_template`: a function that makes its variables once and finds them at every later call."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from flowc.frontend.collections import GraphKeys
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.scope import VariableScope, variable_scope


class Template:
    """A function in a variable scope of its own: the first call makes variables, others reuse."""

    def __init__(
        self,
        name: str,
        func: Callable[..., Any],
        create_scope_now: bool = False,
        unique_name: str | None = None,
        custom_getter: Any = None,
    ) -> None:
        if name is None:
            raise ValueError("name cannot be None.")
        self._name = name
        self._func = func
        self._unique_name = unique_name
        self._custom_getter = custom_getter
        self._scope: VariableScope | None = None
        self._called = False
        if create_scope_now:
            with self._new_scope() as scope:
                self._scope = scope

    def _new_scope(self) -> Any:
        return variable_scope(self._unique_name, self._name, custom_getter=self._custom_getter)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function returns.

        Raises ValueError where a call after the first makes a trainable variable.
        """
        if self._scope is None:
            with self._new_scope() as scope:
                self._scope = scope
                return self._first(args, kwargs)
        with variable_scope(self._scope, reuse=self._called or None):
            return self._again(args, kwargs) if self._called else self._first(args, kwargs)

    def _first(self, args: Any, kwargs: Any) -> Any:
        result = self._func(*args, **kwargs)
        self._called = True
        return result

    def _again(self, args: Any, kwargs: Any) -> Any:
        trainable = get_default_graph().get_collection_ref(GraphKeys.TRAINABLE_VARIABLES)
        before = len(trainable)
        result = self._func(*args, **kwargs)
        if len(trainable) != before:
            raise ValueError(
                "Trainable variable created when calling a template after the first time, perhaps "
                f"you used tf.Variable when you meant tf.get_variable: {trainable[before:]}"
            )
        return result

    @property
    def name(self) -> str:
        """The name given."""
        return self._name

    @property
    def func(self) -> Callable[..., Any]:
        """The function."""
        return self._func

    @property
    def variable_scope(self) -> VariableScope | None:
        """The scope; None before there is one."""
        return self._scope

    @property
    def variable_scope_name(self) -> str | None:
        """The name of the scope; None before there is one."""
        return self._scope.name if self._scope is not None else None

    @property
    def variables(self) -> list[Any]:
        """The template's variables, global and local ones."""
        return self.global_variables + self.local_variables

    @property
    def trainable_variables(self) -> list[Any]:
        """The template's trainable variables."""
        return self._collected(GraphKeys.TRAINABLE_VARIABLES)

    @property
    def global_variables(self) -> list[Any]:
        """The template's global variables."""
        return self._collected(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list[Any]:
        """The template's local variables."""
        return self._collected(GraphKeys.LOCAL_VARIABLES)

    def _collected(self, key: str) -> list[Any]:
        return self._scope.get_collection(key) if self._called and self._scope is not None else []


def make_template(
    name_: str,
    func_: Callable[..., Any],
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: Any = None,
    **kwargs: Any,
) -> Template:
    """A function like `func_`, whose variables (`tf.get_variable`) are made once and then shared.

    `name_` names the variable scope, made unique; `unique_name_` names it as it is. The scope is
    opened now or at the first call. Further keywords are given to `func_` at each call. Raises
    ValueError where no name is given.
    """
    function = functools.partial(func_, **kwargs) if kwargs else func_
    return Template(name_, function, create_scope_now_, unique_name_, custom_getter_)
