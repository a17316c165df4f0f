"""Axes and shapes rewritten from one data format to another, as layout optimisers leave them."""

from __future__ import annotations

import numpy as np

from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ops.common import show
from flowc.ops.registry import op

_FORMATS = 'T: {index} = int32, src_format: string = "NHWC", dst_format: string = "NCHW"'


def _require_formats(source: str, target: str) -> None:
    rank = len(source)
    require(rank in (4, 5), f"Source format must be of length 4 or 5, received {source}")
    same = sorted(source) == sorted(target) and len(set(source)) == rank
    require(same, f"Destination and source format must determine a permutation: {source}, {target}")


@op(f"DataFormatDimMap(x: T; {_FORMATS}) -> y: T")
def dim_map(b: Builder, x: Value, *, src_format: str, dst_format: str) -> Value:
    """Where each axis of the source format is in the other one."""
    _require_formats(src_format, dst_format)
    rank = len(src_format)
    table = np.array([dst_format.index(letter) for letter in src_format], x.type.dtype.numpy)
    place = b.remainder(b.add(b.remainder(x, rank), rank), rank)
    return b.take(b.constant(table), place)


@op(f"DataFormatVecPermute(x: T; {_FORMATS}) -> y: T")
def vec_permute(b: Builder, x: Value, *, src_format: str, dst_format: str) -> Value:
    """A number (or a pair) for each axis, or for each axis of space, in the other order."""
    _require_formats(src_format, dst_format)
    shape = b.shape(x)
    require(len(shape) in (1, 2), f"input must be a vector or 2D tensor: {show(shape)}")
    if len(shape) == 2:
        require(b.assumptions.equal(shape[1], 2), f"Second dimension must be 2: {show(shape)}")
    rank = len(src_format)
    if b.assumptions.equal(shape[0], rank - 2):
        src_format, dst_format = (
            "".join(letter for letter in form if letter not in "NC")
            for form in (src_format, dst_format)
        )
    require(
        b.assumptions.equal(shape[0], len(src_format)),
        f"1D input must be of size {rank - 2} or {rank}, but got shape {show(shape)}",
    )
    order = [src_format.index(letter) for letter in dst_format]
    return b.concatenate([b.slice_axis(x, 0, i, i + 1) for i in order], 0)


dim_map.not_differentiable()
vec_permute.not_differentiable()
