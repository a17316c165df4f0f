"""`tensor[spec]`: NumPy's basic indexing as a StridedSlice node, and boolean masks."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import constant, convert
from flowc.frontend.elements import TensorBase
from flowc.frontend.shapes import Dimension, TensorShape
from flowc.ir import dtypes


@dataclass
class _Spec:
    """The operands and masks of a StridedSlice."""

    begin: list[Any] = field(default_factory=list)
    end: list[Any] = field(default_factory=list)
    strides: list[Any] = field(default_factory=list)
    begin_mask: int = 0
    end_mask: int = 0
    ellipsis_mask: int = 0
    new_axis_mask: int = 0
    shrink_axis_mask: int = 0

    def add(self, item: Any) -> None:
        """Append one item of an index. Raises TypeError for what is no index."""
        bit = 1 << len(self.begin)
        if isinstance(item, slice):
            self._add_slice(item, bit)
            return
        if item is Ellipsis or item is None:
            self._append(0, 0, 1)
            self.ellipsis_mask |= bit if item is Ellipsis else 0
            self.new_axis_mask |= bit if item is None else 0
            return
        _check_index(item)
        self._append(item, item + 1, 1)
        self.shrink_axis_mask |= bit

    def _append(self, begin: TensorLike, end: Any, stride: Any) -> None:
        self.begin.append(begin)
        self.end.append(end)
        self.strides.append(stride)

    def _add_slice(self, item: slice, bit: int) -> None:
        begin, end = _bound(item.start), _bound(item.stop)
        self.begin_mask |= bit if begin is None else 0
        self.end_mask |= bit if end is None else 0
        self._append(
            0 if begin is None else begin,
            0 if end is None else end,
            1 if item.step is None else item.step,
        )


def _bound(value: Any) -> Any:
    if value is None or (not isinstance(value, TensorBase) and value == sys.maxsize):
        return None
    _check_index(value)
    return value


def _check_index(value: Any) -> None:
    if isinstance(value, int | np.integer | Dimension) and not isinstance(value, bool):
        return
    dtype = getattr(value, "dtype", None)
    shape = getattr(value, "shape", ())
    rank = shape.ndims if isinstance(shape, TensorShape) else len(shape)
    if dtype in (dtypes.int16, dtypes.int32, dtypes.int64) and rank in (0, None):
        return
    raise TypeError(
        "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar "
        f"tf.int32/tf.int64 tensors are valid indices, got {value!r}"
    )


def _is_mask(spec: Any) -> bool:
    if isinstance(spec, bool | np.bool_):
        return True
    return isinstance(spec, TensorBase | np.ndarray) and spec.dtype == np.bool_


def slice_tensor(tensor: Any, spec: Any) -> Any:
    """`tensor[spec]`, for slices, ints, scalar tensors, `...`, newaxis, or one boolean mask."""
    if _is_mask(spec):
        return boolean_mask(tensor, spec)
    parsed = _Spec()
    for item in spec if isinstance(spec, list | tuple) else [spec]:
        parsed.add(item)
    graph = tensor.graph
    with graph.as_default(), graph.name_scope("strided_slice") as scope:
        return strided_slice_of(tensor, parsed, scope)


def strided_slice_of(tensor: TensorLike, spec: _Spec, scope: str) -> Any:
    """The StridedSlice node of a parsed index."""
    operands = [_vector(values) for values in (spec.begin, spec.end, spec.strides)]
    if any(operand.dtype is dtypes.int64 for operand in operands):
        operands = [_as_int64(operand) for operand in operands]
    return build(
        "StridedSlice",
        tensor,
        *operands,
        begin_mask=spec.begin_mask,
        end_mask=spec.end_mask,
        ellipsis_mask=spec.ellipsis_mask,
        new_axis_mask=spec.new_axis_mask,
        shrink_axis_mask=spec.shrink_axis_mask,
        name=scope,
    )


def _as_int64(operand: Any) -> Any:
    return operand if operand.dtype is dtypes.int64 else build("Cast", operand, DstT=dtypes.int64)


def _vector(values: list[Any]) -> Any:
    """The values as an int32 or int64 vector: a constant, or packed from scalar tensors."""
    if not values:
        return constant([], dtypes.int32)
    wide = any(getattr(v, "dtype", None) == dtypes.int64 for v in values)
    if wide:
        values = [_as_int64(v) if isinstance(v, TensorBase) else v for v in values]
        return convert(values, dtypes.int64, "stack")
    return convert([v if isinstance(v, TensorBase) else int(v) for v in values], None, "stack")


def boolean_mask(
    tensor: Any, mask: TensorLike, name: str = "boolean_mask", axis: int | None = None
) -> Any:
    """The slices of `tensor` along the mask's dimensions where the bool `mask` is true.

    Raises ValueError for a mask that is a scalar, of unknown rank, or of another shape than the
    dimensions of `tensor` that begin at `axis`.
    """
    tensor, mask = convert(tensor, None, "tensor"), convert(mask, None, "mask")
    with tensor.graph.name_scope(name):
        first = axis or 0
        rank = mask.shape.ndims
        if rank == 0:
            raise ValueError("mask cannot be scalar.")
        if rank is None:
            raise ValueError(
                "Number of mask dimensions must be specified, even if some dimensions are None.  "
                "E.g. shape=[None] is ok, but shape=None is not."
            )
        shape = tensor.shape
        shape[first : first + rank].assert_is_compatible_with(mask.shape)
        sizes = build("Shape", tensor)
        leading = build("Prod", sizes[first : first + rank], [0])
        flat = build(
            "ConcatV2",
            [sizes[:first], build("ExpandDims", leading, 0, name="dim"), sizes[first + rank :]],
            0,
            name="concat",
        )
        tensor = build("Reshape", tensor, flat)
        count = shape[first : first + rank].num_elements()
        tensor.set_shape(shape[:first].concatenate([count]).concatenate(shape[first + rank :]))
        where = build("Where", build("Reshape", mask, [-1]))
        indices = build("Squeeze", where, squeeze_dims=[1])
        return build("GatherV2", tensor, indices, first)
