"""Argument scopes: defaults for the keywords of functions, for all calls inside of a block."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

Scope = dict[str, dict[str, Any]]

_stack: list[Scope] = [{}]
_keywords: dict[str, tuple[str, ...]] = {}


def arg_scope_func_key(op: Any) -> str:
    """By what a function is known in scopes."""
    return f"{op.__module__}.{op.__qualname__}"


def add_arg_scope(func: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: the function takes defaults from the scopes around a call."""
    key = arg_scope_func_key(func)

    @functools.wraps(func)
    def with_scope(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **{**_stack[-1].get(key, {}), **kwargs})

    parameters = inspect.signature(func).parameters.values()
    _keywords[key] = tuple(p.name for p in parameters if p.default is not p.empty)
    return with_scope


def has_arg_scope(func: Any) -> bool:
    """True for a function that takes defaults from scopes."""
    return arg_scope_func_key(func) in _keywords


def arg_scoped_arguments(func: Any) -> tuple[str, ...]:
    """The keywords for which a function takes defaults. Raises ValueError for another function."""
    _require(func)
    return _keywords[arg_scope_func_key(func)]


def current_arg_scope() -> Scope:
    """The defaults that hold here, by function."""
    return _stack[-1]


@contextmanager
def arg_scope(
    list_ops_or_scope: Sequence[Any] | Mapping[str, Any], **kwargs: Any
) -> Iterator[Scope]:
    """Inside, the functions of a list have these keywords by default; inner scopes come first.

    A scope that this gave (`with ... as scope`) can be entered again, without keywords. Raises
    ValueError for a function without `add_arg_scope`, TypeError for what is no list or scope.
    """
    if isinstance(list_ops_or_scope, Mapping):
        if kwargs:
            raise ValueError(
                "When attempting to re-use a scope by suppling a dictionary, kwargs must be empty."
            )
        scope = dict(list_ops_or_scope)
    elif isinstance(list_ops_or_scope, list | tuple):
        scope = _extended(list_ops_or_scope, kwargs)
    else:
        raise TypeError("list_ops_or_scope must either be a list/tuple or reused scope (i.e. dict)")
    _stack.append(scope)
    try:
        yield scope
    finally:
        _stack.pop()


def _extended(functions: Sequence[Any], keywords: Mapping[str, Any]) -> Scope:
    scope = dict(_stack[-1])
    for function in functions:
        _require(function)
        key = arg_scope_func_key(function)
        scope[key] = {**scope.get(key, {}), **keywords}
    return scope


def _require(function: Any) -> None:
    if not has_arg_scope(function):
        raise ValueError(f"{arg_scope_func_key(function)} is not decorated with @add_arg_scope")
