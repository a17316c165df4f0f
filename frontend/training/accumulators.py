"""`tf.ConditionalAccumulator`: gradients of several workers, taken together."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import DTypeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import IndexedSlices
from flowc.frontend.conversion import convert
from flowc.frontend.elements import Operation
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.shaping import Name
from flowc.frontend.shapes import TensorShape
from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype


class ConditionalAccumulatorBase:
    """What both kinds of accumulators offer."""

    def __init__(self, dtype: DTypeLike, shape: Any, accumulator_ref: Any) -> None:
        self._dtype = as_dtype(dtype)
        self._shape = TensorShape(shape)
        self._accumulator_ref = accumulator_ref
        self._prefix = "Resource" if accumulator_ref.dtype is dtypes.resource else ""

    @property
    def accumulator_ref(self) -> Any:
        """The tensor that stands for the accumulator."""
        return self._accumulator_ref

    @property
    def name(self) -> str:
        """The name of its operation."""
        name: str = self._accumulator_ref.op.name
        return name

    @property
    def dtype(self) -> DType:
        """The gradients' element type."""
        return self._dtype

    def _build(self, op: str, *inputs: Any, **attributes: Any) -> Any:
        return build(f"{self._prefix}{op}", self._accumulator_ref, *inputs, **attributes)

    def num_accumulated(self, name: Name = None) -> Any:
        """How many gradients there are, int32[]."""
        return self._build("AccumulatorNumAccumulated", name=name or f"{self.name}_NumAccumulated")

    def set_global_step(self, new_global_step: Any, name: Name = None) -> Operation:
        """The operation after which gradients of earlier steps are dropped."""
        step = cast(convert(new_global_step), dtypes.int64)
        op: Operation = self._build("AccumulatorSetGlobalStep", step, name=name)
        return op


class ConditionalAccumulator(ConditionalAccumulatorBase):
    """Adds gradients of one shape; `reduction_type` "MEAN" or "SUM" says what is taken out."""

    def __init__(
        self,
        dtype: DTypeLike,
        shape: Any = None,
        shared_name: str | None = None,
        name: str = "conditional_accumulator",
        reduction_type: str = "MEAN",
    ) -> None:
        handle = build(
            "ResourceConditionalAccumulator",
            dtype=as_dtype(dtype),
            shape=TensorShape(shape),
            shared_name=shared_name or "",
            reduction_type=reduction_type,
            name=name,
        )
        super().__init__(dtype, shape, handle)

    def apply_grad(self, grad: TensorLike, local_step: Any = 0, name: Name = None) -> Operation:
        """The operation that adds a gradient; nothing happens where its step is over.

        Raises ValueError for another shape.
        """
        gradient = convert(grad, self._dtype)
        gradient.get_shape().assert_is_compatible_with(self._shape)
        step = cast(convert(local_step), dtypes.int64)
        op: Operation = self._build("AccumulatorApplyGradient", step, gradient, name=name)
        return op

    def take_grad(self, num_required: Any, name: Name = None) -> Any:
        """The mean or sum of the gradients; a run waits until there are `num_required`."""
        found = self._build("AccumulatorTakeGradient", num_required, dtype=self._dtype, name=name)
        found.set_shape(self._shape)
        return found


class SparseConditionalAccumulator(ConditionalAccumulatorBase):
    """Adds rows by their indices; a mean is that of the gradients which have the row."""

    def __init__(
        self,
        dtype: DTypeLike,
        shape: Any = None,
        shared_name: str | None = None,
        name: str = "sparse_conditional_accumulator",
        reduction_type: str = "MEAN",
    ) -> None:
        handle = build(
            "SparseConditionalAccumulator",
            dtype=as_dtype(dtype),
            shape=TensorShape(shape),
            shared_name=shared_name or "",
            reduction_type=reduction_type,
            name=name,
        )
        super().__init__(dtype, shape, handle)

    def apply_indexed_slices_grad(
        self, grad: IndexedSlices, local_step: Any = 0, name: Name = None
    ) -> Operation:
        """The operation that adds the rows of IndexedSlices."""
        return self.apply_grad(grad.indices, grad.values, grad.dense_shape, local_step, name)

    def apply_grad(
        self,
        grad_indices: Any,
        grad_values: Any,
        grad_shape: Any = None,
        local_step: Any = 0,
        name: Name = None,
    ) -> Operation:
        """The operation that adds rows; nothing happens where their step is over."""
        whole = [] if grad_shape is None else grad_shape
        op: Operation = self._build(
            "SparseAccumulatorApplyGradient",
            cast(convert(local_step), dtypes.int64),
            cast(convert(grad_indices), dtypes.int64),
            convert(grad_values, self._dtype),
            cast(convert(whole, None if grad_shape is not None else dtypes.int64), dtypes.int64),
            has_known_shape=grad_shape is not None,
            name=name,
        )
        return op

    def take_grad(self, num_required: Any, name: Name = None) -> Any:
        """`(indices, values, shape)`; a run waits until there are `num_required` gradients."""
        return self._build(
            "SparseAccumulatorTakeGradient", num_required, dtype=self._dtype, name=name
        )

    def take_indexed_slices_grad(self, num_required: Any, name: Name = None) -> IndexedSlices:
        """The same as IndexedSlices."""
        found = self.take_grad(num_required, name)
        return IndexedSlices(values=found.values, indices=found.indices, dense_shape=found.shape)
