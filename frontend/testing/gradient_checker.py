"""Gradients beside differences: `tf.test.compute_gradient`.

A Jacobian has a row for each element of x and a column for each element of y. A complex element
counts as two: its real and its imaginary part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.frontend.composites import IndexedSlicesValue
from flowc.frontend.conversion import constant
from flowc.frontend.functions.control import identity
from flowc.frontend.gradients.backward import gradients
from flowc.frontend.stacks import get_default_session
from flowc.ir.tensor.primitive import Array

Jacobians = tuple[Array, Array]


def compute_gradient(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: Any = None,
) -> Any:
    """The Jacobian by gradients and the one by differences, a pair, or a list of them for lists.

    `x_init_value` is random where it is not given. `init_targets` are run first. Needs a default
    session.
    """
    for target in _listed(init_targets):
        target.run()
    feeds = dict(extra_feed_dict or {})
    if not isinstance(x, list):
        return _pair(x, x_shape, y, y_shape, x_init_value, delta, feeds, {})
    starts = list(x_init_value or [None] * len(x))
    values = [_start(*each) for each in zip(x, x_shape, starts, strict=True)]
    others = dict(zip(x, values, strict=True))
    return [
        _pair(tensor, shape, y, y_shape, value, delta, feeds, others)
        for tensor, shape, value in zip(x, x_shape, values, strict=True)
    ]


def compute_gradient_error(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    x_init_value: Any = None,
    delta: float = 1e-3,
    init_targets: Any = None,
    extra_feed_dict: Any = None,
) -> float:
    """The largest difference between gradients and differences."""
    found = compute_gradient(
        x, x_shape, y, y_shape, x_init_value, delta, init_targets, extra_feed_dict
    )
    pairs = [found] if isinstance(found, tuple) else found
    return max((float(np.fabs(a - b).max(initial=0)) for a, b in pairs), default=0.0)


def _listed(items: Any) -> Sequence[Any]:
    if items is None:
        return ()
    return items if isinstance(items, list | tuple) else [items]


def _start(x: Any, shape: Any, value: Any) -> Array:
    dtype = x.dtype.base_dtype.as_numpy_dtype
    if value is not None:
        return np.asarray(value, dtype)
    found: Array = np.random.random_sample(tuple(shape)).astype(dtype)
    if x.dtype.is_complex:
        found.imag = np.random.random_sample(tuple(shape))
    return found


def _pair(
    x: Any,
    x_shape: Any,
    y: Any,
    y_shape: Any,
    start: Any,
    delta: float,
    feeds: dict[Any, Any],
    others: dict[Any, Any],
) -> Jacobians:
    with x.graph.as_default():
        seed = constant(1.0, shape=y_shape, dtype=y.dtype)
        (dx,) = gradients(y, x, identity(seed))
    value = _start(x, x_shape, start)
    given = {**feeds, **others}
    session = get_default_session()
    if session is None:
        raise ValueError("compute_gradient needs a default session.")
    return (
        _theoretical(session, x, value, dx, seed, tuple(y_shape), given),
        _numeric(session, x, value, y, tuple(y_shape), delta, given),
    )


def _theoretical(
    session: Any, x: Any, value: Array, dx: Any, seed: Any, y_shape: tuple[int, ...], given: Any
) -> Array:
    """A column at a time: the gradients of one element of y."""
    weights = np.zeros(y_shape, seed.dtype.as_numpy_dtype)
    columns = _parts(weights)
    jacobian = np.zeros([_parts(value).size, columns.size], _real(value))
    for number in range(columns.size if dx is not None else 0):
        columns[number] = 1
        found = session.run(dx, {**given, x: value, seed: weights})
        columns[number] = 0
        jacobian[:, number] = _parts(_dense(found, value))
    return jacobian


def _numeric(
    session: Any, x: Any, value: Array, y: Any, y_shape: tuple[int, ...], delta: float, given: Any
) -> Array:
    """A row at a time: y as one element of x changes."""
    moved = value.copy()
    rows = _parts(moved)
    count = _parts(np.zeros(y_shape, y.dtype.as_numpy_dtype)).size
    jacobian = np.zeros([rows.size, count], _real(value))
    step = rows.dtype.type(delta)
    for number in range(rows.size):
        here = rows[number]
        ends = []
        for end in (here + step, here - step):
            rows[number] = end
            ends.append(_parts(session.run(y, {**given, x: moved})).astype(np.float64))
        rows[number] = here
        jacobian[number] = (ends[0] - ends[1]) / (2 * delta)
    return jacobian


def _dense(gradient: Any, like: Array) -> Array:
    if not isinstance(gradient, IndexedSlicesValue):
        return np.asarray(gradient)
    dense = np.zeros_like(like)
    np.add.at(dense, gradient.indices, gradient.values)
    return dense


def _parts(array: Any) -> Array:
    """A flat view of real numbers."""
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(flat.real.dtype) if flat.dtype.kind == "c" else flat


def _real(array: Array) -> Any:
    return array.real.dtype if array.dtype.kind == "c" else array.dtype
