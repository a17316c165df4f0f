"""`tf.sparse`: SparseTensors from dense tensors, with further dimensions, of a diagonal."""

from __future__ import annotations

from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.composites import SparseTensor, convert_to_tensor_or_sparse_tensor
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.filling import ones
from flowc.frontend.functions.shaping import Name, stack
from flowc.frontend.functions.sparse_structure import sparse_reshape
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes


def from_dense(tensor: Any, name: Name = None) -> SparseTensor:
    """The elements that are not 0 (or not empty, of strings), in row-major order.

    `tensor` is of any dtype that has a zero; the result has its shape and dtype.
    """
    with name_scope(name, "dense_to_sparse", [tensor]):
        tensor = convert(tensor, None, "tensor")
        zero = constant("" if tensor.dtype is dtypes.string else 0, tensor.dtype)
        indices = build("Where", build("NotEqual", tensor, zero))
        values = build("GatherNd", tensor, indices)
        return SparseTensor(indices, values, build("Shape", tensor, out_type=dtypes.int64))


def sparse_expand_dims(sp_input: Any, axis: int | None = None, name: Name = None) -> SparseTensor:
    """A SparseTensor with a dimension of size 1 in front of `axis`; negative ones count from last.

    Raises ValueError for an axis out of range.
    """
    with name_scope(name, "expand_dims"):
        found = convert_to_tensor_or_sparse_tensor(sp_input)
        at = -1 if axis is None else axis
        rank = found.shape.ndims
        if rank is not None and not -rank - 1 <= at <= rank:
            raise ValueError(f"axis {at} is out of range for a SparseTensor of rank {rank}.")
        sizes = found.dense_shape
        where = at if at >= 0 else build("Size", sizes) + (at + 1)
        one = constant([1], dtypes.int64)
        return sparse_reshape(found, build("ConcatV2", [sizes[:where], one, sizes[where:]], 0))


def sparse_eye(
    num_rows: Any, num_columns: Any = None, dtype: Any = dtypes.float32, name: Name = None
) -> SparseTensor:
    """Ones on the diagonal of a matrix that is square where no number of columns is given."""
    with name_scope(name, "eye", [num_rows, num_columns]):
        rows = convert(num_rows, dtypes.int64, "num_rows")
        columns = rows if num_columns is None else convert(num_columns, dtypes.int64)
        count = build("Minimum", rows, columns)
        places = build("Range", constant(0, dtypes.int64), count, constant(1, dtypes.int64))
        return SparseTensor(
            stack([places, places], 1), ones(stack([count]), dtype), stack([rows, columns])
        )
