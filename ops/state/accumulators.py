"""Accumulators of gradients: several are put in, and their mean or sum is taken out.

Whoever takes waits until there are enough. A gradient of a step that is over is dropped. A dense
accumulator adds tensors, a sparse one rows by their indices, each row divided by how often it came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import Builder, Handle, UnknownValue, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, show
from flowc.ops.registry import OpDefinition, host_op
from flowc.ops.state.queue_values import Shape, Waiting, fits, shown


class Session(Waiting, Protocol):
    """What the ops here use of a session."""

    @property
    def node(self) -> str: ...
    @property
    def resources(self) -> dict[str, Any]: ...


@dataclass(eq=False)
class Accumulator:
    """Gradients of one step: their sum, and how many there are."""

    dtype: DType
    shape: Shape
    reduction: str
    step: int = 0
    count: int = 0

    def _require_shape(self, shape: tuple[int, ...]) -> None:
        require(
            fits(shape, self.shape),
            f"Shape mismatch: expected {shown(self.shape)}, got {show(shape)}",
        )

    def take(self, wanted: int, waiting: Waiting) -> None:
        """Wait until there are that many, and begin the next step."""
        require(wanted > 0, f"Argument num_required must be positive, got {wanted}")
        waiting.wait_for(lambda: self.count >= wanted)
        self.step += 1

    def is_late(self, step: int) -> bool:
        """Whether a gradient is of a step that is over."""
        return step < self.step


@dataclass(eq=False)
class DenseAccumulator(Accumulator):
    """Adds tensors of one shape."""

    total: Any = None

    def add(self, gradient: Array, step: int) -> None:
        """Add a gradient, unless its step is over."""
        self._require_shape(np.shape(gradient))
        if self.is_late(step):
            return
        if self.total is not None:
            require(
                np.shape(self.total) == np.shape(gradient),
                f"Shape mismatch: expected {show(np.shape(self.total))}, got "
                f"{show(np.shape(gradient))}",
            )
        self.total = np.copy(gradient) if self.total is None else self.total + gradient
        self.count += 1

    def taken(self, wanted: int, waiting: Waiting) -> Array:
        """The mean or the sum."""
        self.take(wanted, waiting)
        total, count = self.total, self.count
        self.total, self.count = None, 0
        return np.asarray(_divided(total, count) if self.reduction == "MEAN" else total)


@dataclass(eq=False)
class SparseAccumulator(Accumulator):
    """Adds rows by their indices."""

    rows: dict[int, Any] = field(default_factory=dict)  # index -> sum and how many
    width: tuple[int, ...] = ()  # the shape of a row

    def add(self, indices: Array, values: Array, shape: tuple[int, ...], step: int) -> None:
        """Add rows, unless their step is over. `shape` is that of the whole, where it is known."""
        require(
            np.ndim(indices) == 1 and np.ndim(values) >= 1 and len(indices) == len(values),
            f"Indices {show(np.shape(indices))} and values {show(np.shape(values))} do not fit",
        )
        whole = shape or (0, *values.shape[1:])
        if self.shape is not None and shape:
            self._require_shape(whole)
        if self.shape is not None:
            require(fits(values.shape[1:], self.shape[1:]), "Shape mismatch: rows of shape "
                    f"{show(values.shape[1:])}, expected {shown(self.shape[1:])}")  # fmt: skip
        if self.is_late(step):
            return
        for index, row in zip(indices.tolist(), values, strict=True):
            total, count = self.rows.get(index, (0, 0))
            self.rows[index] = row + total, count + 1
        self.width = values.shape[1:]
        self.count += 1

    def taken(self, wanted: int, waiting: Waiting) -> tuple[Array, Array, Array]:
        """Sorted indices, the means or sums of their rows, and the shape of the whole.

        Where the accumulator does not know how many rows there are in all, -1 stands for it.
        """
        self.take(wanted, waiting)
        indices = sorted(self.rows)
        found = [self.rows[index] for index in indices]
        rows = [_divided(s, n) if self.reduction == "MEAN" else s for s, n in found]
        values = np.array(rows, self.dtype.numpy).reshape(len(rows), *self.width)
        height = self.shape[0] if self.shape else None
        shape = (-1 if height is None else height, *self.width)
        self.rows, self.count = {}, 0
        return np.array(indices, np.int64), values, np.array(shape, np.int64)


def _divided(total: Any, count: int) -> Any:
    array = np.asarray(total)
    return array // count if array.dtype.kind in "iu" else (array / count).astype(array.dtype)


# Ops


def _make(kind: Callable[..., Accumulator]) -> Callable[..., Accumulator]:
    def make(
        *, dtype: DType, shape: Shape, container: str, shared_name: str, reduction_type: str,
        context: Session,
    ) -> Accumulator:  # fmt: skip
        name = f"accumulator/{container}/{shared_name or context.node}"
        made = kind(dtype, shape, reduction_type)
        found = context.resources.setdefault(name, made)
        require(
            type(found) is type(made) and found.dtype is dtype and found.shape == shape,
            f"Accumulator '{shared_name}' has another dtype or shape",
        )
        assert isinstance(found, Accumulator)
        return found

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
    handle: SparseAccumulator, local_step: Array, gradient_indices: Array, gradient_values: Array,
    gradient_shape: Array, *, dtype: DType, has_known_shape: bool, context: Session,
) -> None:  # fmt: skip
    require(dtype is handle.dtype, f"Expected dtype {handle.dtype.name}, got {dtype.name}")
    shape = tuple(gradient_shape.tolist()) if has_known_shape else ()
    handle.add(gradient_indices, gradient_values, shape, int(local_step))
    context.notify()


def _take_rows(
    handle: SparseAccumulator, num_required: Array, *, dtype: DType, context: Session
) -> tuple[Array, Array, Array]:
    return handle.taken(int(num_required), context)


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
    ("AccumulatorApplyGradient", ", local_step: int64, gradient: dtype; dtype: {numeric})", _apply,
     _nothing),
    ("AccumulatorTakeGradient", ", num_required: int32; dtype: {numeric}) -> average: dtype", _take,
     _infer_gradient),
    ("AccumulatorNumAccumulated", ") -> num_accumulated: int32", _count, _infer_count),
    ("AccumulatorSetGlobalStep", ", new_global_step: int64)", _set_step, _nothing),
)  # fmt: skip
for _prefix, _kind in (("", "ref(string)"), ("Resource", "resource")):
    _define(f"{_prefix}ConditionalAccumulator(; {_MADE}) -> handle: {_kind}",
            _make(DenseAccumulator), _infer_handle(_kind))  # fmt: skip
    for _name, _rest, _kernel, _infer in _USED:
        _define(f"{_prefix}{_name}(handle: {_kind}{_rest}", _kernel, _infer)
_define(f"SparseConditionalAccumulator(; {_MADE}) -> handle: ref(string)",
        _make(SparseAccumulator), _infer_handle("ref(string)"))  # fmt: skip
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
