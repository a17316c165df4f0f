"""Partitioners: into how many parts along each dimension a variable may be divided.

A partitioner is called as `partitioner(shape, dtype)` and returns a list of numbers. Variables of
flowc are kept whole, whatever it says: they hold the same values, and a checkpoint of a divided
variable restores them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flowc.frontend.shapes import as_shape
from flowc.ir.dtypes import as_dtype

Partitioner = Callable[..., list[int]]


def _sizes(shape: Any, axis: int) -> list[int]:
    static = as_shape(shape)
    sizes = [size for size in static.as_list() if size is not None]
    if len(sizes) != static.ndims:
        raise ValueError(f"Shape must be fully defined, but is {static}.")
    if axis >= len(sizes):
        raise ValueError(f"Cannot partition {static} along axis {axis}.")
    return sizes


def _along(axis: int, rank: int, count: int) -> list[int]:
    return [count if i == axis else 1 for i in range(rank)]


def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Partitioner:
    """A partitioner into `num_shards` parts along `axis`, or as many as there are rows."""

    def partitioner(shape: Any, **unused: Any) -> list[int]:
        sizes = _sizes(shape, axis)
        return _along(axis, len(sizes), min(num_shards, sizes[axis]))

    return partitioner


def variable_axis_size_partitioner(
    max_shard_bytes: int,
    axis: int = 0,
    bytes_per_string_element: int = 16,
    max_shards: int | None = None,
) -> Partitioner:
    """A partitioner along `axis` into parts of at most `max_shard_bytes` bytes.

    Raises ValueError for limits below 1.
    """
    for limit in (max_shard_bytes, bytes_per_string_element, max_shards):
        if limit is not None and limit < 1:
            raise ValueError(f"A limit must be positive, not {limit}.")

    def partitioner(shape: Any, dtype: Any) -> list[int]:
        sizes, kind = _sizes(shape, axis), as_dtype(dtype)
        element = bytes_per_string_element if kind.name == "string" else kind.size
        row = math.prod(sizes) // max(sizes[axis], 1) * element
        rows = max(1, max_shard_bytes // max(row, 1))
        count = math.ceil(sizes[axis] / rows)
        return _along(axis, len(sizes), count if max_shards is None else min(count, max_shards))

    return partitioner


def min_max_variable_partitioner(
    max_partitions: int = 1,
    axis: int = 0,
    min_slice_size: int = 256 << 10,
    bytes_per_string_element: int = 16,
) -> Partitioner:
    """A partitioner along `axis` into at most `max_partitions` parts of `min_slice_size` bytes.

    Raises ValueError for limits below 1.
    """
    if max_partitions < 1 or min_slice_size < 1:
        raise ValueError("max_partitions and min_slice_size must be positive.")

    def partitioner(shape: Any, dtype: Any) -> list[int]:
        sizes, kind = _sizes(shape, axis), as_dtype(dtype)
        element = bytes_per_string_element if kind.name == "string" else kind.size
        wanted = math.ceil(math.prod(sizes) * element / min_slice_size)
        return _along(axis, len(sizes), max(1, min(wanted, max_partitions, sizes[axis])))

    return partitioner
