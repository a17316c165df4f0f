"""`TensorArray`: a list of tensors that a loop writes and reads.

The list is state of the step. What a program passes around is the *flow*, a float32 scalar that
every operation takes and gives back, so that a read comes after the writes it should see.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from flowc.frontend.aliases import DTypeLike, ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.filling import range_
from flowc.frontend.scopes import colocate_with, control_dependencies, name_scope
from flowc.frontend.shapes import TensorShape, as_shape
from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype

Name = str | None


@dataclass
class _Common:
    """What all versions of one array share: its elements' shape, as far as writes have told."""

    infer_shape: bool
    colocate: bool
    element_shape: TensorShape
    is_known: bool  # whether an element shape was given or has been written


class TensorArray:
    """A list of `size` tensors of one dtype, each written once and read once, or more often.

    Writing returns a new TensorArray to be used from there on. Elements have one shape unless
    `infer_shape` is False. `handle` and `flow` stand for an array made before.
    """

    def __init__(
        self,
        dtype: DTypeLike,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Any = None,
        flow: Any = None,
        infer_shape: bool = True,
        element_shape: ShapeLike | None = None,
        colocate_with_first_write_call: bool = True,
        name: Name = None,
    ) -> None:
        _check_arguments(size, dynamic_size, clear_after_read, tensor_array_name, handle)
        self._dtype = as_dtype(dtype)
        self._dynamic = bool(dynamic_size)
        shape = as_shape(element_shape)
        self._common = _Common(
            infer_shape or element_shape is not None,
            colocate_with_first_write_call,
            shape,
            shape.ndims is not None,
        )
        with name_scope(name, "TensorArray", [handle, size, flow]) as scope:
            if handle is not None:
                self._handle = convert(handle)
                self._flow = constant(0.0) if flow is None else convert(flow)
                return
            self._handle, self._flow = build(
                "TensorArrayV3",
                size,
                dtype=self._dtype,
                element_shape=shape,
                dynamic_size=self._dynamic,
                clear_after_read=clear_after_read is not False,
                identical_element_shapes=infer_shape,
                tensor_array_name=tensor_array_name or "",
                name=scope,
            )

    @property
    def flow(self) -> Any:
        """The float32 scalar that orders the operations."""
        return self._flow

    @property
    def dtype(self) -> DType:
        """The elements' type."""
        return self._dtype

    @property
    def handle(self) -> Any:
        """The resource that stands for the list."""
        return self._handle

    @property
    def dynamic_size(self) -> bool:
        """Whether writing beyond the end makes the list longer."""
        return self._dynamic

    @property
    def element_shape(self) -> TensorShape:
        """The static shape of the elements."""
        return self._common.element_shape

    def with_flow(self, flow: Any) -> TensorArray:
        """The same array at another point of its history."""
        other = object.__new__(TensorArray)
        other.__dict__.update(self.__dict__)
        other._flow = flow
        return other

    def identity(self) -> TensorArray:
        """The array behind the control dependencies of the block around."""
        return self.with_flow(build("Identity", self._flow))

    def grad(self, source: str, flow: Any = None, name: Name = None) -> TensorArray:
        """The array in which the gradients of this one's elements are added up.

        `source` tells one computation of gradients from another.
        """
        flow = self._flow if flow is None else flow
        with name_scope(name, "TensorArrayGrad", [self._handle]), colocate_with(self._handle):
            handle, _ = build(
                "TensorArrayGradV3", self._handle, flow, source=source, name="TensorArrayGradV3"
            )
            with control_dependencies([handle]):
                flow = build("Identity", flow, name="gradient_flow")
        return TensorArray(
            self._dtype,
            handle=handle,
            flow=flow,
            infer_shape=self._common.infer_shape,
            colocate_with_first_write_call=False,
        )

    # Reading

    def read(self, index: Any, name: Name = None) -> Any:
        """The element at `index`, an int32 scalar."""
        value = build(
            "TensorArrayReadV3",
            self._handle,
            index,
            self._flow,
            dtype=self._dtype,
            name=name or "TensorArrayReadV3",
        )
        if self._common.is_known:
            value.set_shape(self._common.element_shape)
        return value

    def stack(self, name: Name = None) -> Any:
        """All elements as one tensor, of shape `[size, ...]`."""
        with name_scope(name, "TensorArrayStack", [self._handle]), colocate_with(self._handle):
            return self.gather(range_(0, self.size()), name)

    def gather(self, indices: TensorLike, name: Name = None) -> Any:
        """The elements at `indices`, an int32 vector, as one tensor."""
        shape = self._common.element_shape
        value = build(
            "TensorArrayGatherV3",
            self._handle,
            indices,
            self._flow,
            dtype=self._dtype,
            element_shape=shape,
            name=name or "TensorArrayGatherV3",
        )
        if shape.ndims is not None:
            value.set_shape([None, *shape.as_list()])
        return value

    def concat(self, name: Name = None) -> Any:
        """The elements joined along their first axis."""
        shape = self._common.element_shape
        rest = shape[1:] if shape.ndims is not None else shape
        value, _ = build(
            "TensorArrayConcatV3",
            self._handle,
            self._flow,
            dtype=self._dtype,
            element_shape_except0=rest,
            name=name or "TensorArrayConcatV3",
        )
        if rest.ndims is not None:
            value.set_shape([None, *rest.as_list()])
        return value

    def size(self, name: Name = None) -> Any:
        """The number of elements, an int32 scalar."""
        return build(
            "TensorArraySizeV3", self._handle, self._flow, name=name or "TensorArraySizeV3"
        )

    # Writing

    def write(self, index: Any, value: Any, name: Name = None) -> TensorArray:
        """The array with `value` at `index`. Raises ValueError for a shape of no other element."""
        with name_scope(name, "TensorArrayWrite", [self._handle, index, value]):
            value = self._element(value)
            with self._near(value):
                flow = build(
                    "TensorArrayWriteV3",
                    self._handle,
                    index,
                    value,
                    self._flow,
                    name="TensorArrayWriteV3",
                )
            self._learn(value.shape)
        return self.with_flow(flow)

    def unstack(self, value: TensorLike, name: Name = None) -> TensorArray:
        """The array with the rows of `value` as its elements."""
        with name_scope(name, "TensorArrayUnstack", [self._handle, value]):
            value = self._element(value)
            count = build("Shape", value)[0]
            return self.scatter(range_(0, count), value, name)

    def scatter(self, indices: TensorLike, value: Any, name: Name = None) -> TensorArray:
        """The array with the rows of `value` at `indices`, an int32 vector."""
        with name_scope(name, "TensorArrayScatter", [self._handle, value, indices]):
            value = self._element(value)
            if value.shape.ndims is not None:
                self._learn(value.shape[1:])
            with self._near(value):
                flow = build(
                    "TensorArrayScatterV3",
                    self._handle,
                    indices,
                    value,
                    self._flow,
                    name="TensorArrayScatterV3",
                )
        return self.with_flow(flow)

    def split(self, value: TensorLike, lengths: TensorLike, name: Name = None) -> TensorArray:
        """The array with blocks of `lengths` rows of `value` as its elements."""
        with name_scope(name, "TensorArraySplit", [self._handle, value, lengths]):
            value = self._element(value)
            lengths = convert(lengths)
            if lengths.dtype is not dtypes.int64:
                lengths = build("Cast", lengths, DstT=dtypes.int64)
            self._learn(_block_shape(value, lengths))
            with self._near(value):
                flow = build(
                    "TensorArraySplitV3",
                    self._handle,
                    value,
                    lengths,
                    self._flow,
                    name="TensorArraySplitV3",
                )
        return self.with_flow(flow)

    def close(self, name: Name = None) -> Any:
        """An operation that gives up the list; a step does so at its end."""
        return build("TensorArrayCloseV3", self._handle, name=name or "TensorArrayCloseV3")

    def _element(self, value: Any) -> Any:
        return convert(value, self._dtype, "value")

    def _near(self, value: Any) -> AbstractContextManager[Any]:
        """The scope of a write: the list belongs where what was written first does."""
        if not self._common.colocate:
            return colocate_with(self._handle)
        return nullcontext()

    def _learn(self, shape: TensorShape) -> None:
        """An element of this shape is written. Raises ValueError where others have another."""
        common = self._common
        if not common.infer_shape or shape.ndims is None:
            return
        if not common.element_shape.is_compatible_with(shape):
            raise ValueError(
                f"Inconsistent shapes: saw {shape} but expected {common.element_shape} "
                "(and infer_shape=True)"
            )
        common.element_shape = common.element_shape.merge_with(shape)
        common.is_known = True

    def __repr__(self) -> str:
        return f"<tf.TensorArray dtype={self._dtype.name} shape={self.element_shape}>"


def _check_arguments(
    size: Any, dynamic_size: Any, clear_after_read: Any, name: Any, handle: Any
) -> None:
    """Raise ValueError where an array that exists is described anew, or a new one is not."""
    if handle is None and size is None:
        raise ValueError("Size must be provided if handle is not provided")
    if handle is None:
        return
    for what, value in (
        ("tensor_array_name", name),
        ("size", size),
        ("dynamic_size", dynamic_size),
        ("clear_after_read", clear_after_read),
    ):
        if value:
            raise ValueError(f"Cannot construct with both a handle and {what}")


def _block_shape(value: Any, lengths: Any) -> TensorShape:
    """The static shape of blocks of rows, where all have the same number of them."""
    if value.shape.ndims is None:
        return TensorShape(None)
    known = lengths.constant_value()
    same = known is not None and known.size > 0 and bool((known == known.ravel()[0]).all())
    rows = int(known.ravel()[0]) if same else None
    return TensorShape([rows, *value.shape.as_list()[1:]])
