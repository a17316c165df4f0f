"""Assertions about dtypes, scalars, nearness, and several ranks or shapes at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from flowc.frontend.apply import build
from flowc.frontend.composites import SparseTensor
from flowc.frontend.conversion import constant, convert, is_tensor
from flowc.frontend.functions.checks import assert_equal
from flowc.frontend.functions.control import assert_that, group, no_op
from flowc.frontend.functions.reductions import reduce_all, reduce_any
from flowc.frontend.functions.shaping import Name
from flowc.frontend.scopes import name_scope
from flowc.ir.dtypes import DType, as_dtype


def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: Name = None,
) -> Any:
    """An operation that fails unless |x - y| <= atol + rtol * |y| everywhere.

    `x` and `y` are tensors of one dtype, whose shapes broadcast; both tolerances are ten times
    the dtype's precision where they are not given. A run that fails raises InvalidArgumentError.
    """
    with name_scope(name, "assert_near", [x, y, rtol, atol, data]):
        x = convert(x, None, "x")
        y = convert(y, x.dtype, "y")
        tiny = 10 * float(np.finfo(x.dtype.as_numpy_dtype).eps) if x.dtype.is_floating else 0.0
        relative, absolute = (convert(tiny if t is None else t, x.dtype) for t in (rtol, atol))
        near = build("LessEqual", build("Abs", x - y), absolute + relative * build("Abs", y))
        described = [
            message or "",
            "x and y not equal to tolerance rtol = ",
            relative,
            "atol = ",
            absolute,
            f"x ({x.name}) = ",
            x,
            f"y ({y.name}) = ",
            y,
        ]
        return assert_that(reduce_all(near), described if data is None else data, summarize)


def assert_integer(x: Any, message: str | None = None, name: Name = None) -> Any:
    """Raise TypeError unless `x` is of an integer dtype."""
    with name_scope(name, "assert_integer", [x]):
        x = convert(x, None, "x")
        if not x.dtype.is_integer:
            raise TypeError(
                f'{message or ""}  Expected "x" to be integer type.  Found: {x.dtype!r}'
            )
        return no_op("statically_determined_was_integer")


def assert_rank_in(
    x: Any,
    ranks: Iterable[Any],
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: Name = None,
) -> Any:
    """Raise ValueError unless `x` has one of these ranks; an operation where it is unknown."""
    with name_scope(name, "assert_rank_in", [x]):
        x = convert(x, None, "x")
        found, wanted = x.shape.ndims, [int(rank) for rank in ranks]
        if found is None:
            fits = reduce_any(build("Equal", build("Rank", x), constant(wanted)))
            text = f"{message or ''} Tensor {x.name} must have rank in {wanted}. Shape: "
            described = [text, build("Shape", x)] if data is None else data
            return assert_that(fits, described, summarize)
        if found not in wanted:
            raise ValueError(
                f"{message or ''}.  Tensor {x.name} must have rank in "
                f"{tuple(wanted)}.  Received rank {found}, shape {x.shape}"
            )
        return no_op("static_checks_determined_all_ok")


def assert_scalar(tensor: Any, name: Name = None, message: str | None = None) -> Any:
    """The tensor, if it has rank 0. Raises ValueError for another rank."""
    with name_scope(name, "assert_scalar", [tensor]):
        tensor = convert(tensor, None, "tensor")
        if tensor.shape.ndims != 0:
            raise ValueError(
                f"{message or ''}Expected scalar shape for {tensor.name}, saw shape: "
                f"{tensor.shape}."
            )
        return tensor


def assert_proper_iterable(values: Any) -> None:
    """Raise TypeError for a tensor, text, array, or what else is one value and no list of them."""
    single = isinstance(values, SparseTensor | np.ndarray | bytes | str) or is_tensor(values)
    if single:
        raise TypeError(
            f'Expected argument "values" to be a "proper" iterable.  Found: {type(values)}'
        )
    if not hasattr(values, "__iter__"):
        raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}')


def assert_same_float_dtype(tensors: Sequence[Any] | None = None, dtype: Any = None) -> DType:
    """The float dtype that all tensors have, or float32 where nothing says which.

    Raises ValueError where they differ, are not of `dtype`, or are not floats.
    """
    wanted = None if dtype is None else as_dtype(dtype).base_dtype
    for tensor in tensors or ():
        if tensor is None:
            continue
        found = tensor.dtype.base_dtype
        if wanted is not None and found is not wanted:
            raise ValueError(f"Tensor type {found!r} must be {wanted!r} for {tensor}.")
        wanted = found
    wanted = as_dtype("float32") if wanted is None else wanted
    if not wanted.is_floating:
        raise ValueError(f"Expected floating point type, got {wanted}.")
    return wanted


def assert_shapes(
    shapes: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: Name = None,
) -> Any:
    """Check several shapes, in which a letter stands for the same size wherever it occurs.

    `shapes` maps tensors to shapes, or is a list of such pairs: `[(x, ("N", 3)), (y, ("N",))]`. A
    size is a number, a letter, or "." or None for any. Raises ValueError where known shapes do
    not fit; what is unknown is checked by the operation that is returned.
    """
    pairs = list(shapes.items() if isinstance(shapes, Mapping) else shapes)
    with name_scope(name, "assert_shapes", [x for x, _ in pairs]):
        known: dict[Any, Any] = {}
        checks: list[Any] = []
        for x, sizes in pairs:
            tensor = convert(x)
            if tensor.shape.ndims is None:
                checks.append(assert_equal(build("Rank", tensor), len(sizes), message=message))
            elif tensor.shape.ndims != len(sizes):
                raise ValueError(
                    f"{message or ''}.  Tensor {tensor.name} must have rank "
                    f"{len(sizes)}.  Received rank {tensor.shape.ndims}, shape "
                    f"{tensor.shape}"
                )
            for axis, size in enumerate(sizes):
                if size not in (None, "."):
                    _check_size(tensor, axis, size, known, checks, message)
        return group(*checks, name="shape_checks")


def _check_size(
    tensor: Any, axis: int, size: Any, known: dict[Any, Any], checks: list[Any], message: str | None
) -> None:
    static = None if tensor.shape.ndims is None else tensor.shape[axis].value
    found: Any = build("Shape", tensor)[axis] if static is None else static
    wanted = size if isinstance(size, int) else known.setdefault(size, found)
    if isinstance(found, int) and isinstance(wanted, int):
        if found != wanted:
            raise ValueError(
                f"{message or ''}.  Tensor {tensor.name} dimension {axis} must have "
                f"size {wanted}.  Received size {found}, shape {tensor.shape}"
            )
    elif found is not wanted:
        checks.append(assert_equal(found, wanted, message=message))
