"""Functions in Python as ops: `PyFunc` and its kin.

A node names its function by a token; the function is held by the graph that made the node, and
found here as long as it lives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any
from weakref import WeakValueDictionary

from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, UnknownValue
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import fail
from flowc.ops.program_functions import checked_arrays, program_errors
from flowc.ops.registry import host_op


class PythonFunction:
    """A function and its token."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.token = f"pyfunc_{next(_tokens)}"
        _functions[self.token] = self


_tokens = count()
_functions: WeakValueDictionary[str, PythonFunction] = WeakValueDictionary()


def _call(input: list[Array], *, token: str, Tout: Sequence[DType]) -> list[Array]:
    found = _functions.get(token)
    if found is None:
        raise fail(
            f"callback {token} is not found: a function in Python is not saved with its graph"
        )
    arguments = [value[()] if value.ndim == 0 else value for value in input]
    with program_errors():
        returned = found.function(*arguments)
    return _results(returned, token, Tout)


def _results(returned: Any, token: str, types: Sequence[DType]) -> list[Array]:
    if returned is None:
        values: list[Any] = []
    else:
        values = list(returned) if isinstance(returned, list | tuple) else [returned]
        if isinstance(returned, list) and len(types) == 1:
            values = [returned]
    return checked_arrays(values, types, token)


_REST = "(input: Tin; token: string, Tin: list(type) >= 0, Tout: list(type) >= 0) -> output: Tout"
for _name, _stateful in (("PyFunc", True), ("PyFuncStateless", False)):
    _definition = host_op(f"{_name}{_REST}", stateful=_stateful)(_call)

    @_definition.infer
    def _(b: Builder, input: list[Any], *, Tout: Sequence[DType]) -> list[UnknownValue]:
        return [UnknownValue(dtype) for dtype in Tout]
