"""`custom_gradient`: functions that say themselves what their gradient is."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from itertools import count
from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.gradients.registry import RegisterGradient
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.sets import trainable_variables

_numbers = count()


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator for `f(*tensors) -> (results, grad)`; `grad(*result_grads)` gives the inputs'.

    Where `f` reads trainable variables, `grad` must take the keyword `variables` and return their
    gradients as a second list. Raises TypeError where it does not.
    """

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            raise ValueError(
                "The custom_gradient decorator currently supports keywords arguments "
                "only when eager execution is enabled."
            )
        inputs = [convert(arg) for arg in args]
        before = set(map(id, trainable_variables()))
        result, gradient = f(*inputs)
        new = [v for v in trainable_variables() if id(v) not in before]
        outputs = list(result) if isinstance(result, list | tuple) else [result]
        values = [v.value() for v in new]
        tensors = _identities(outputs, inputs + values, _with_variables(gradient, new))
        wrapped = tensors[: len(outputs)]
        return type(result)(wrapped) if isinstance(result, list | tuple) else wrapped[0]

    return decorated


def _with_variables(gradient: Callable[..., Any], variables: list[Any]) -> Callable[..., list[Any]]:
    """The gradient of all inputs, those of variables last."""
    takes = "variables" in inspect.signature(gradient).parameters or any(
        p.kind is p.VAR_KEYWORD for p in inspect.signature(gradient).parameters.values()
    )
    if variables and not takes:
        raise TypeError(
            "If using @custom_gradient with a function that uses variables, then "
            "grad_fn must accept a 'variables' keyword argument."
        )

    def all_gradients(*grads: Any) -> list[Any]:
        if not variables:
            found = gradient(*grads)
            return list(found) if isinstance(found, list | tuple) else [found]
        inputs, of_variables = gradient(*grads, variables=variables)
        inputs = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
        return [*inputs, *of_variables]

    return all_gradients


def _identities(
    outputs: list[Any], inputs: list[Any], gradient: Callable[..., list[Any]]
) -> list[Any]:
    """The outputs behind one IdentityN, whose gradient goes to the inputs directly."""
    name = f"CustomGradient-{next(_numbers)}"

    @RegisterGradient(name)
    def _(op: Any, *grads: Any) -> list[Any]:
        return [None] * len(outputs) + gradient(*grads[: len(outputs)])

    with get_default_graph().gradient_override_map({"IdentityN": name}):
        found: list[Any] = build("IdentityN", [convert(t) for t in outputs + inputs])
        return found
