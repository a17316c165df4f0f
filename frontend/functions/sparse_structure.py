"""Functions that rearrange, join and reduce SparseTensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowc.frontend.aliases import AxisLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import IndexedSlices, SparseTensor
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.derived import derive
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.reductions import reduce_max
from flowc.frontend.functions.shaping import Name, concat, one_of, stack
from flowc.frontend.functions.sparse import reduced, sparse_reorder, sparse_tensor_to_dense
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes

sparse_matmul = derive("SparseMatMul", "sparse_matmul")


def _parts(x: SparseTensor) -> tuple[Any, Any, Any]:
    return x.indices, x.values, x.dense_shape


def sparse_add(
    a: TensorLike, b: TensorLike, threshold: Any = None, thresh: Any = None, name: Name = None
) -> Any:
    """The sum; sparse if both are, without the values whose magnitude is below the threshold."""
    if isinstance(a, SparseTensor) and isinstance(b, SparseTensor):
        least = next((t for t in (threshold, thresh) if t is not None), 0)
        real = {dtypes.complex64: dtypes.float32, dtypes.complex128: dtypes.float64}
        limit = convert(least, real.get(a.dtype, a.dtype))
        return SparseTensor(*build("SparseAdd", *_parts(a), *_parts(b), limit, name=name))
    if isinstance(b, SparseTensor):
        a, b = b, a
    if not isinstance(a, SparseTensor):
        raise TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?")
    return build("SparseTensorDenseAdd", *_parts(a), b, name=name)


def sparse_concat(
    axis: int | None = None,
    sp_inputs: Sequence[SparseTensor] = (),
    name: Name = None,
    expand_nonconcat_dim: bool = False,
    concat_dim: int | None = None,
    expand_nonconcat_dims: bool | None = None,
) -> SparseTensor:
    """The tensors one after the other along an axis."""
    axis = one_of("axis", axis, "concat_dim", concat_dim)
    expand_nonconcat_dim = bool(expand_nonconcat_dims or expand_nonconcat_dim)
    inputs = list(sp_inputs)
    if len(inputs) == 1:
        return inputs[0]
    indices, values, shapes = map(list, zip(*map(_parts, inputs), strict=True))
    if expand_nonconcat_dim:
        most = reduce_max(stack(shapes), 0)
        rank = len(shapes[0].shape.dims) and shapes[0].shape[0].value
        at = [build("Equal", build("Range", 0, rank, 1), axis % rank)] * len(shapes)
        shapes = [build("SelectV2", a, s, most) for a, s in zip(at, shapes, strict=True)]
    return SparseTensor(*build("SparseConcat", indices, values, shapes, concat_dim=axis, name=name))


def sparse_reshape(sp_input: SparseTensor, shape: Any, name: Name = None) -> SparseTensor:
    """The same values in row-major order in another shape; -1 for the size that is left."""
    wanted = convert(shape, dtypes.int64)
    indices, size = build(
        "SparseReshape", sp_input.indices, sp_input.dense_shape, wanted, name=name
    )
    return SparseTensor(indices, sp_input.values, size)


def sparse_slice(
    sp_input: SparseTensor, start: TensorLike, size: TensorLike, name: Name = None
) -> SparseTensor:
    """What lies in a box."""
    box = convert(start, dtypes.int64), convert(size, dtypes.int64)
    return SparseTensor(*build("SparseSlice", *_parts(sp_input), *box, name=name))


def sparse_split(
    sp_input: SparseTensor, num_split: int, axis: AxisLike, name: Name = None
) -> list[SparseTensor]:
    """Parts along an axis."""
    where = convert(axis, dtypes.int64)
    lists = build("SparseSplit", where, *_parts(sp_input), num_split=num_split, name=name)
    return [SparseTensor(*part) for part in zip(*lists, strict=True)]


def sparse_softmax(sp_input: SparseTensor, name: Name = None) -> SparseTensor:
    """The softmax of the stored values of each row."""
    values = build("SparseSoftmax", *_parts(sp_input), name=name)
    return SparseTensor(sp_input.indices, values, sp_input.dense_shape)


def sparse_reduce_max(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: bool | None = None,
    reduction_axes: Any = None,
    keep_dims: bool | None = None,
    name: Name = None,
) -> Any:
    """The greatest stored values along axes, as a dense tensor; 0 where there is none."""
    return reduced(
        "SparseReduceMax",
        sp_input,
        one_of("axis", axis, "reduction_axes", reduction_axes),
        bool(one_of("keepdims", keepdims, "keep_dims", keep_dims)),
        name,
    )


def sparse_reduce_max_sparse(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: bool | None = None,
    reduction_axes: Any = None,
    keep_dims: bool | None = None,
    name: Name = None,
) -> SparseTensor:
    """The greatest stored values along axes."""
    return SparseTensor(
        *reduced(
            "SparseReduceMaxSparse",
            sp_input,
            one_of("axis", axis, "reduction_axes", reduction_axes),
            bool(one_of("keepdims", keepdims, "keep_dims", keep_dims)),
            name,
        )
    )


def sparse_reduce_sum_sparse(
    sp_input: SparseTensor,
    axis: Any = None,
    keepdims: bool | None = None,
    reduction_axes: Any = None,
    keep_dims: bool | None = None,
    name: Name = None,
) -> SparseTensor:
    """The sums along axes."""
    return SparseTensor(
        *reduced(
            "SparseReduceSumSparse",
            sp_input,
            one_of("axis", axis, "reduction_axes", reduction_axes),
            bool(one_of("keepdims", keepdims, "keep_dims", keep_dims)),
            name,
        )
    )


def sparse_fill_empty_rows(
    sp_input: SparseTensor, default_value: TensorLike, name: Name = None
) -> tuple[SparseTensor, Any]:
    """With a default value at the start of each empty row; and which rows were empty."""
    default = convert(default_value, sp_input.dtype)
    found = build("SparseFillEmptyRows", *_parts(sp_input), default, name=name)
    return SparseTensor(found[0], found[1], sp_input.dense_shape), found[2]


def _elementwise(op_type: str, sp_a: SparseTensor, sp_b: SparseTensor, name: Name) -> SparseTensor:
    indices, values = build(op_type, *_parts(sp_a), *_parts(sp_b), name=name)
    return SparseTensor(indices, values, sp_a.dense_shape)


def sparse_maximum(sp_a: SparseTensor, sp_b: SparseTensor, name: Name = None) -> SparseTensor:
    """The greater values; what is not stored is 0."""
    return _elementwise("SparseSparseMaximum", sp_a, sp_b, name)


def sparse_minimum(sp_a: SparseTensor, sp_b: SparseTensor, name: Name = None) -> SparseTensor:
    """The lesser values; what is not stored is 0."""
    return _elementwise("SparseSparseMinimum", sp_a, sp_b, name)


def sparse_transpose(sp_input: SparseTensor, perm: Any = None, name: Name = None) -> SparseTensor:
    """The axes in another order, backwards where none is given."""
    with name_scope(name, "SparseTranspose", [sp_input]):
        rank = build("Size", sp_input.dense_shape)
        order = build("Range", rank - 1, -1, -1) if perm is None else convert(perm, dtypes.int32)
        indices = build("GatherV2", sp_input.indices, order, 1)
        shape = build("GatherV2", sp_input.dense_shape, order, 0)
        return sparse_reorder(SparseTensor(indices, sp_input.values, shape))


def sparse_reset_shape(sp_input: SparseTensor, new_shape: Any = None) -> SparseTensor:
    """The same values in another shape; without one, in the least that holds them."""
    if new_shape is None:
        shape = build("AddV2", reduce_max(sp_input.indices, 0), constant(1, dtypes.int64))
        shape = build("Maximum", shape, constant(0, dtypes.int64))
    else:
        shape = cast(convert(new_shape), dtypes.int64)
    return SparseTensor(sp_input.indices, sp_input.values, shape)


def sparse_to_indicator(sp_input: SparseTensor, vocab_size: Any, name: Name = None) -> Any:
    """A bool tensor: for each row which ids, the stored values, it has."""
    with name_scope(name, "SparseToIndicator", [sp_input]):
        ones = build("Fill", build("Shape", sp_input.values), True)
        ones = SparseTensor(sp_input.indices, ones, sp_input.dense_shape)
        merged = sparse_merge(sp_input, ones, vocab_size)
        return sparse_tensor_to_dense(merged, False, validate_indices=False)


def sparse_merge(
    sp_ids: SparseTensor,
    sp_values: SparseTensor,
    vocab_size: Any,
    name: Name = None,
    already_sorted: bool = False,
) -> SparseTensor:
    """The values with the ids in place of the last coordinate."""
    with name_scope(name, "SparseMerge", [sp_ids, sp_values]):
        ids = build("ExpandDims", cast(sp_ids.values, dtypes.int64), 1)
        kept = sp_ids.indices[:, :-1]
        last = build("ExpandDims", cast(convert(vocab_size), dtypes.int64), 0)
        shape = concat([sp_ids.dense_shape[:-1], last], 0)
        merged = SparseTensor(concat([kept, ids], 1), sp_values.values, shape)
        return merged if already_sorted else sparse_reorder(merged)


def sparse_mask(a: IndexedSlices, mask_indices: Any, name: Name = None) -> IndexedSlices:
    """The slices whose indices are not among those."""
    with name_scope(name, "sparse_mask", [a, mask_indices]):
        indices, places = build("ListDiff", a.indices, mask_indices)
        return IndexedSlices(build("GatherV2", a.values, places, 0), indices, a.dense_shape)
