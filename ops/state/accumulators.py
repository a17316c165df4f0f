"""The ops on accumulators of gradients, whose handle is the accumulator itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, Handle, UnknownValue, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract
from flowc.ops.registry import OpDefinition, host_op
from flowc.ops.resources import (
    Accumulator,
    DenseAccumulator,
    Place,
    Session,
    Shape,
    SparseAccumulator,
)


def _make(is_sparse: bool) -> Callable[..., Accumulator]:
    def make(
        *,
        dtype: DType,
        shape: Shape,
        container: str,
        shared_name: str,
        reduction_type: str,
        context: Session,
    ) -> Accumulator:
        place = Place(container, shared_name, context.node)
        return context.resources.accumulator(
            place, dtype, shape, reduction_type, is_sparse=is_sparse
        )

    return make


def _apply(
    handle: DenseAccumulator, local_step: Array, gradient: Array, *, dtype: DType, context: Session
) -> None:
    require(dtype is handle.dtype, f"Expected dtype {handle.dtype.name}, got {dtype.name}")
    handle.add(gradient, int(local_step))
    context.notify()


def _take(
    handle: DenseAccumulator, num_required: Array, *, dtype: DType, context: Session
) -> Array:
    return handle.taken(int(num_required), context)


def _apply_rows(
    handle: SparseAccumulator,
    local_step: Array,
    gradient_indices: Array,
    gradient_values: Array,
    gradient_shape: Array,
    *,
    dtype: DType,
    has_known_shape: bool,
    context: Session,
) -> None:
    require(dtype is handle.dtype, f"Expected dtype {handle.dtype.name}, got {dtype.name}")
    shape = tuple(gradient_shape.tolist()) if has_known_shape else ()
    handle.add_rows(gradient_indices, gradient_values, shape, int(local_step))
    context.notify()


def _take_rows(
    handle: SparseAccumulator, num_required: Array, *, dtype: DType, context: Session
) -> tuple[Array, Array, Array]:
    return handle.taken_rows(int(num_required), context)


def _count(handle: Accumulator) -> Array:
    return np.asarray(handle.count, np.int32)


def _set_step(handle: Accumulator, new_global_step: Array) -> None:
    handle.step = int(new_global_step)


def _nothing(b: Builder, *inputs: Any) -> None:
    return None


def _infer_count(b: Builder, handle: Any) -> Value:
    return abstract(b, dtypes.int32)


def _infer_gradient(b: Builder, *inputs: Any, dtype: DType) -> UnknownValue:
    return UnknownValue(dtype)


def _infer_rows(b: Builder, *inputs: Any, dtype: DType) -> tuple[Any, ...]:
    return abstract(b, dtypes.int64, None), UnknownValue(dtype), UnknownValue(dtypes.int64)


def _infer_handle(kind: str) -> Callable[[Builder], Any]:
    if kind == "resource":
        return lambda b: abstract(b, dtypes.resource)
    return lambda b: Handle(b.location, dtypes.string, ())


def _define(text: str, kernel: Callable[..., Any], infer: Callable[..., Any]) -> None:
    definition: OpDefinition = host_op(text, stateful=True)(kernel)
    definition.infer(infer)
    definition.not_differentiable()


_MADE = (
    'dtype: {numeric}, shape: shape, container: string = "", shared_name: string = "",'
    ' reduction_type: {"MEAN", "SUM"} = "MEAN"'
)
_USED: tuple[tuple[str, str, Callable[..., Any], Callable[..., Any]], ...] = (
    (
        "AccumulatorApplyGradient",
        ", local_step: int64, gradient: dtype; dtype: {numeric})",
        _apply,
        _nothing,
    ),
    (
        "AccumulatorTakeGradient",
        ", num_required: int32; dtype: {numeric}) -> average: dtype",
        _take,
        _infer_gradient,
    ),
    ("AccumulatorNumAccumulated", ") -> num_accumulated: int32", _count, _infer_count),
    ("AccumulatorSetGlobalStep", ", new_global_step: int64)", _set_step, _nothing),
)
for _prefix, _kind in (("", "ref(string)"), ("Resource", "resource")):
    _define(
        f"{_prefix}ConditionalAccumulator(; {_MADE}) -> handle: {_kind}",
        _make(is_sparse=False),
        _infer_handle(_kind),
    )
    for _name, _rest, _kernel, _infer in _USED:
        _define(f"{_prefix}{_name}(handle: {_kind}{_rest}", _kernel, _infer)
_define(
    f"SparseConditionalAccumulator(; {_MADE}) -> handle: ref(string)",
    _make(is_sparse=True),
    _infer_handle("ref(string)"),
)
_define(
    "SparseAccumulatorApplyGradient(handle: ref(string), local_step: int64, gradient_indices:"
    " int64, gradient_values: dtype, gradient_shape: int64; dtype: {numeric}, has_known_shape:"
    " bool)",
    _apply_rows,
    _nothing,
)
_define(
    "SparseAccumulatorTakeGradient(handle: ref(string), num_required: int32; dtype: {numeric})"
    " -> indices: int64, values: dtype, shape: int64",
    _take_rows,
    _infer_rows,
)
