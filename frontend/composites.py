"""Values made of several tensors: `IndexedSlices` (gradients of gathers) and `SparseTensor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from flowc.frontend.apply import build
from flowc.frontend.conversion import constant, convert, is_tensor
from flowc.frontend.scopes import name_scope
from flowc.frontend.shapes import TensorShape
from flowc.frontend.stacks import get_default_session
from flowc.ir import dtypes
from flowc.ir.dtypes import DType

if TYPE_CHECKING:
    from flowc.frontend.elements import Operation
    from flowc.frontend.graph import Graph


class IndexedSlicesValue(NamedTuple):
    """The fetched value of an IndexedSlices."""

    values: Any
    indices: Any
    dense_shape: Any


class SparseTensorValue(NamedTuple):
    """The fetched, or to be fed, value of a SparseTensor."""

    indices: Any
    values: Any
    dense_shape: Any


class IndexedSlices:
    """Slices `values[i]` of a larger tensor, which belong at `indices[i]`; equal indices add up."""

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        self._values = values
        self._indices = indices
        self._dense_shape = dense_shape

    @property
    def values(self) -> Any:
        """The slices, stacked."""
        return self._values

    @property
    def indices(self) -> Any:
        """Where each slice belongs: an int vector."""
        return self._indices

    @property
    def dense_shape(self) -> Any:
        """The shape of the whole as an int vector, or None."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """The static shape of the whole."""
        if self._dense_shape is None:
            return TensorShape(None)
        known = self._dense_shape.contents()
        if known is not None:
            return TensorShape([s if isinstance(s, int) else None for s in known.tolist()])
        return TensorShape(None)

    @property
    def dtype(self) -> DType:
        """The element type."""
        dtype: DType = self._values.dtype
        return dtype

    @property
    def name(self) -> str:
        """The name of the tensor of slices."""
        name: str = self._values.name
        return name

    @property
    def op(self) -> Operation:
        """The operation that makes the slices."""
        op: Operation = self._values.op
        return op

    @property
    def device(self) -> str:
        """The device of the slices."""
        return self.op.device

    @property
    def graph(self) -> Graph:
        """The graph of the slices."""
        return self.op.graph

    def as_graph_tensor(self, dtype: DType | None, name: str | None, as_ref: bool) -> Any:
        """The whole as a dense tensor. Raises ValueError where its shape is not given."""
        if dtype is not None and dtype is not self.dtype:
            raise ValueError(
                f"Tensor conversion requested dtype {dtype.name} for IndexedSlices "
                f"with dtype {self.dtype.name}"
            )
        if self._dense_shape is None:
            raise ValueError(
                f"Tensor conversion requested for IndexedSlices without dense_shape: {self}"
            )
        return build(
            "UnsortedSegmentSum", self._values, self._indices, self._dense_shape[0], name=name
        )

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self._values, self._indices, self._dense_shape)

    def __str__(self) -> str:
        dense = f", dense_shape={self._dense_shape}" if self._dense_shape is not None else ""
        return f"IndexedSlices(indices={self._indices}, values={self._values}{dense})"


class SparseTensor:
    """A tensor of which only some elements are stored.

    `indices` is an int64 matrix with a row per element, `values` the elements, `dense_shape` an
    int64 vector.
    """

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        with name_scope(None, "SparseTensor", [indices, values, dense_shape]):
            self._indices = convert(indices, dtypes.int64, "indices")
            self._values = convert(values, None, "values")
            self._dense_shape = convert(dense_shape, dtypes.int64, "dense_shape")
        rows = self._indices.shape.with_rank(2)
        rank = self._dense_shape.shape.with_rank(1)
        rows[0].merge_with(self._values.shape.with_rank(1)[0])
        rows[1].merge_with(rank[0])

    @classmethod
    def from_value(cls, value: Any) -> SparseTensor:
        """The tensor of a SparseTensorValue."""
        if isinstance(value, cls):
            return value
        if not isinstance(value, SparseTensorValue):
            raise TypeError(f"Neither a SparseTensor nor SparseTensorValue: {value}.")
        return cls(*value)

    @property
    def indices(self) -> Any:
        """The position of each element: an int64 matrix."""
        return self._indices

    @property
    def values(self) -> Any:
        """The elements."""
        return self._values

    @property
    def dense_shape(self) -> Any:
        """The shape as an int64 vector."""
        return self._dense_shape

    @property
    def shape(self) -> TensorShape:
        """The static shape."""
        known = self._dense_shape.contents()
        if known is None:
            rank = self._dense_shape.shape.with_rank(1)[0].value
            return TensorShape(None if rank is None else [None] * rank)
        return TensorShape([s if isinstance(s, int) else None for s in known.tolist()])

    def get_shape(self) -> TensorShape:
        """The static shape."""
        return self.shape

    @property
    def dtype(self) -> DType:
        """The element type."""
        dtype: DType = self._values.dtype
        return dtype

    @property
    def op(self) -> Operation:
        """The operation that makes the elements."""
        op: Operation = self._values.op
        return op

    @property
    def name(self) -> str:
        """The name of the tensor of elements."""
        name: str = self._values.name
        return name

    @property
    def graph(self) -> Graph:
        """The graph of the tensors."""
        graph: Graph = self._indices.graph
        return graph

    def eval(self, feed_dict: Any = None, session: Any = None) -> SparseTensorValue:
        """The value in `session`, or the default session."""
        session = session or get_default_session()
        value: SparseTensorValue = session.run(self, feed_dict)
        return value

    def __mul__(self, other: Any) -> SparseTensor:
        return self._with_values("SparseDenseCwiseMul", other, "mul")

    def __truediv__(self, other: Any) -> SparseTensor:
        return self._with_values("SparseDenseCwiseDiv", other, "truediv")

    def _with_values(self, op_type: str, other: Any, name: str) -> SparseTensor:
        values = build(op_type, self._indices, self._values, self._dense_shape, other, name=name)
        return SparseTensor(self._indices, values, self._dense_shape)

    def __str__(self) -> str:
        return (
            f"SparseTensor(indices={self._indices}, values={self._values}, "
            f"dense_shape={self._dense_shape})"
        )


def convert_to_tensor_or_indexed_slices(
    value: Any, dtype: Any = None, name: str | None = None
) -> Any:
    """IndexedSlices as they are, anything else as a tensor; None stays None."""
    return value if isinstance(value, IndexedSlices) else convert(value, dtype, name)


def convert_to_tensor_or_sparse_tensor(
    value: Any, dtype: Any = None, name: str | None = None
) -> Any:
    """A sparse tensor for SparseTensorValue, sparse tensors as they are, else a tensor."""
    if isinstance(value, SparseTensorValue):
        value = SparseTensor.from_value(value)
    return value if isinstance(value, SparseTensor) else convert(value, dtype, name)


def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """A SparseTensor whose three parts are given by a feed."""
    prefix = "" if name is None else f"{name}/"
    if is_tensor(shape):
        dense: Any = convert(shape, dtypes.int64)
        rank = dense.shape.with_rank(1).as_list()[0]
    elif (known := TensorShape(shape)).is_fully_defined():
        dense, rank = constant(known.as_list(), dtypes.int64, name=f"{prefix}shape"), len(known)
    else:
        rank = known.ndims
        dense = build("Placeholder", dtype=dtypes.int64, shape=(rank,), name=f"{prefix}shape")
    values = build("Placeholder", dtype=dtype, shape=(None,), name=f"{prefix}values")
    indices = build("Placeholder", dtype=dtypes.int64, shape=(None, rank), name=f"{prefix}indices")
    return SparseTensor(indices, values, dense)
