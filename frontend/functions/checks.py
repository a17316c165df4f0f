"""Assertions: at construction where values are known, else when the operation runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.functions.control import assert_that, no_op, with_dependencies
from flowc.frontend.functions.reductions import reduce_all
from flowc.frontend.functions.shaping import Name
from flowc.frontend.scopes import name_scope
from flowc.ir.dtypes import as_dtype
from flowc.ir.errors import InvalidArgumentError


def _binary(function: str, op_type: str, sign: str) -> Callable[..., Any]:
    def check(
        x: TensorLike,
        y: TensorLike,
        data: Any = None,
        summarize: int | None = None,
        message: str | None = None,
        name: Name = None,
    ) -> Any:
        with name_scope(name, function, [x, y, data]):
            x, y = convert(x, None, "x"), convert(y, None, "y")
            condition = reduce_all(build(op_type, x, y))
            text = message or ""
            described = [
                text,
                f"Condition x {sign} y did not hold element-wise:",
                f"x ({x.name}) = ",
                x,
                f"y ({y.name}) = ",
                y,
            ]
            _check_static(op_type, x, y, f"{text} Condition x {sign} y did not hold.")
            return assert_that(condition, described if data is None else data, summarize)

    check.__doc__ = f"An operation that fails unless x {sign} y for all elements."
    return check


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "Equal": np.equal,
    "NotEqual": np.not_equal,
    "Less": np.less,
    "LessEqual": np.less_equal,
    "Greater": np.greater,
    "GreaterEqual": np.greater_equal,
}


def _check_static(op_type: str, x: Any, y: Any, message: str) -> None:
    """Raise InvalidArgumentError where both values are known and the condition fails."""
    left, right = x.constant_value(), y.constant_value()
    if left is None or right is None or left.dtype.hasobject:
        return
    if not np.all(_COMPARISONS[op_type](left, right)):
        raise InvalidArgumentError(None, None, message)


assert_equal = _binary("assert_equal", "Equal", "==")
assert_none_equal = _binary("assert_none_equal", "NotEqual", "!=")
assert_less = _binary("assert_less", "Less", "<")
assert_less_equal = _binary("assert_less_equal", "LessEqual", "<=")
assert_greater = _binary("assert_greater", "Greater", ">")
assert_greater_equal = _binary("assert_greater_equal", "GreaterEqual", ">=")


def _against_zero(function: str, check: Callable[..., Any], what: str) -> Callable[..., Any]:
    def unary(
        x: TensorLike,
        data: Any = None,
        summarize: int | None = None,
        message: str | None = None,
        name: Name = None,
    ) -> Any:
        with name_scope(name, function, [x, data]):
            x = convert(x, None, "x")
            return check(x, convert(0, x.dtype), data, summarize, message)

    unary.__doc__ = f"An operation that fails unless all elements are {what}."
    return unary


assert_positive = _against_zero("assert_positive", assert_greater, "positive")
assert_negative = _against_zero("assert_negative", assert_less, "negative")
assert_non_negative = _against_zero("assert_non_negative", assert_greater_equal, "not negative")
assert_non_positive = _against_zero("assert_non_positive", assert_less_equal, "not positive")


def assert_rank(
    x: TensorLike,
    rank: Any,
    data: TensorLike | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: Name = None,
) -> Any:
    """Raise ValueError unless `x` has this rank; where it is unknown, an operation that checks."""
    with name_scope(name, "assert_rank"):
        x = convert(x, None, "x")
        found = x.shape.ndims
        if found is None:
            return assert_equal(build("Rank", x), rank, data, summarize, message)
        if found != int(rank):
            raise ValueError(
                f"{message or ''}.  Tensor {x.name} must have rank {rank}.  Received "
                f"rank {found}, shape {x.shape}"
            )
        return no_op("static_checks_determined_all_ok")


def assert_rank_at_least(
    x: TensorLike,
    rank: Any,
    data: TensorLike | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: Name = None,
) -> Any:
    """Raise ValueError for a lower rank; where it is unknown, an operation that checks."""
    with name_scope(name, "assert_rank_at_least"):
        x = convert(x, None, "x")
        found = x.shape.ndims
        if found is None:
            return assert_greater_equal(build("Rank", x), rank, data, summarize, message)
        if found < int(rank):
            raise ValueError(
                f"{message or ''}.  Tensor {x.name} must have rank at least {rank}.  "
                f"Received rank {found}, shape {x.shape}"
            )
        return no_op("static_checks_determined_all_ok")


def assert_type(
    tensor: TensorLike, tf_type: Any, message: str | None = None, name: Name = None
) -> Any:
    """Raise TypeError unless the tensor is of this dtype."""
    with name_scope(name, "assert_type"):
        tensor = convert(tensor, None, "tensor")
        wanted = as_dtype(tf_type)
        if tensor.dtype is not wanted:
            raise TypeError(f"{message or ''}  {tensor.name} must be of type {wanted!r}")
        return no_op("statically_determined_correct_type")


def is_numeric_tensor(tensor: Any) -> bool:
    """True for a tensor of numbers."""
    return hasattr(tensor, "dtype") and tensor.dtype.is_numeric and not tensor.dtype.is_bool


def is_non_decreasing(x: Any, name: Name = None) -> Any:
    """Whether each element is at least the one before."""
    with name_scope(name, "is_non_decreasing"):
        x = build("Reshape", x, [-1])
        return reduce_all(build("LessEqual", x[:-1], x[1:]))


def is_strictly_increasing(x: Any, name: Name = None) -> Any:
    """Whether each element is greater than the one before."""
    with name_scope(name, "is_strictly_increasing"):
        x = build("Reshape", x, [-1])
        return reduce_all(build("Less", x[:-1], x[1:]))


def verify_tensor_all_finite(
    t: TensorLike | None = None, msg: str = "", name: Name = None, x: Any = None, message: str = ""
) -> Any:
    """The tensor; running it fails where an element is NaN or infinite."""
    tensor = convert(x if t is None else t, None, "t")
    with name_scope(name, "VerifyFinite"):
        checked = build("CheckNumerics", tensor, message=msg or message)
        return with_dependencies([checked], tensor)
