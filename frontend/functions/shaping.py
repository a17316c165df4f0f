"""Shapes and the forms of tensors: shape, reshape, transpose, concat, split, pad ..."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.frontend.aliases import AxisLike, DTypeLike, ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import SparseTensor
from flowc.frontend.conversion import constant, convert, convert_to_tensor, is_tensor
from flowc.frontend.functions.derived import derive
from flowc.frontend.scopes import name_scope
from flowc.frontend.shapes import Dimension, TensorShape, as_shape
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype

Name = str | None


def shape(
    input: TensorLike, name: Name = None, out_type: DTypeLike = dtypes.int32, optimize: bool = True
) -> Any:
    """The shape of `input` as an int vector; a constant where it is static."""
    with name_scope(name, "Shape", [input]) as scope:
        dtype = as_dtype(out_type)
        if isinstance(input, SparseTensor):
            return build("Cast", input.dense_shape, DstT=dtype, name=scope)
        tensor = convert(input, None, "input")
        if optimize and tensor.shape.is_fully_defined():
            return constant(tensor.shape.as_list(), dtype, name=scope)
        return build("Shape", tensor, out_type=dtype, name=scope)


def shape_n(input: Sequence[Any], out_type: DTypeLike = dtypes.int32, name: Name = None) -> Any:
    """The shapes of several tensors."""
    return build("ShapeN", input, out_type=out_type, name=name)


def size(input: TensorLike, name: Name = None, out_type: DTypeLike = dtypes.int32) -> Any:
    """The number of elements as a scalar; a constant where it is static."""
    with name_scope(name, "Size", [input]) as scope:
        tensor = convert(input, None, "input")
        count = tensor.shape.num_elements()
        if count is not None:
            return constant(count, out_type, name=scope)
        return build("Size", tensor, out_type=out_type, name=scope)


def rank(input: TensorLike, name: Name = None) -> Any:
    """The number of dimensions as a scalar; a constant where it is static."""
    with name_scope(name, "Rank", [input]) as scope:
        tensor = convert(input, None, "input")
        if tensor.shape.ndims is not None:
            return constant(tensor.shape.ndims, dtypes.int32, name=scope)
        return build("Rank", tensor, name=scope)


def reshape(tensor: TensorLike, shape: ShapeLike, name: Name = None) -> Any:
    """`tensor` with another shape; one size may be -1."""
    return build("Reshape", tensor, shape, name=name)


def expand_dims(
    input: TensorLike, axis: AxisLike | None = None, name: Name = None, dim: AxisLike | None = None
) -> Any:
    """`input` with a dimension of size 1 inserted before `axis`."""
    axis = _one_of("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("Must specify an axis argument to tf.expand_dims()")
    return build("ExpandDims", input, axis, name=name)


def squeeze(
    input: TensorLike, axis: Any = None, name: Name = None, squeeze_dims: Any = None
) -> Any:
    """`input` without its dimensions of size 1: all, or those that `axis` lists."""
    axis = _one_of("axis", axis, "squeeze_dims", squeeze_dims)
    if axis is None:
        axes: list[int] = []
    else:
        axes = (
            [int(a) for a in axis] if isinstance(axis, list | tuple | np.ndarray) else [int(axis)]
        )
    return build("Squeeze", input, squeeze_dims=axes, name=name)


def _one_of(name: str, value: Any, old_name: str, old_value: Any) -> Any:
    """A renamed argument. Raises ValueError where both names are given."""
    if old_value is None:
        return value
    if value is not None:
        raise ValueError(f"Cannot specify both '{name}' and '{old_name}'")
    return old_value


one_of = _one_of


def transpose(
    a: TensorLike, perm: Any = None, name: str | None = "transpose", conjugate: bool = False
) -> Any:
    """`a` with its dimensions permuted: reversed without `perm`."""
    op_type = "ConjugateTranspose" if conjugate else "Transpose"
    with name_scope(name, "transpose", [a]) as scope:
        if perm is not None:
            return build(op_type, a, perm, name=scope)
        a = convert(a, None, "a")
        ndims = a.shape.ndims
        if ndims:
            return build(op_type, a, (ndims - 1) - np.arange(ndims, dtype=np.int32), name=scope)
        count = build("Rank", a)
        reversed_ = (count - 1) - build("Range", 0, count, 1)
        return build(op_type, a, reversed_, name=scope)


def matrix_transpose(
    a: TensorLike, name: str | None = "matrix_transpose", conjugate: bool = False
) -> Any:
    """`a` with its last two dimensions exchanged. Raises ValueError for a rank below 2."""
    with name_scope(name, "matrix_transpose", [a]):
        a = convert(a, None, "a")
        ndims = a.shape.ndims
        if ndims is not None:
            if ndims < 2:
                raise ValueError(
                    f"Argument 'a' should be a (batch) matrix, with rank >= 2.  Found: {a.shape}"
                )
            perm: Any = [*range(ndims - 2), ndims - 1, ndims - 2]
        else:
            count = build("Rank", a)
            perm = concat([build("Range", 0, count - 2, 1), [count - 1, count - 2]], 0)
        return transpose(a, perm, conjugate=conjugate)


def concat(values: TensorLike, axis: AxisLike, name: str = "concat") -> Any:
    """The tensors joined along `axis`."""
    if not isinstance(values, list | tuple):
        values = [values]
    if len(values) == 1:
        with name_scope(name) as scope:
            convert(axis, dtypes.int32, "concat_dim").shape.assert_has_rank(0)
            return build("Identity", values[0], name=scope)
    return build("ConcatV2", values, axis, name=name)


def stack(values: Any, axis: int = 0, name: str = "stack") -> Any:
    """The tensors, all of one shape, stacked along a new dimension."""
    if axis == 0:
        try:
            return convert_to_tensor(values, name=name)
        except (TypeError, ValueError):
            pass  # the list holds tensors whose shapes are to be compared by the op
    sizes = convert(values[0], None, name).sizes
    if sizes is not None:
        limit = len(sizes) + 1
        if not -limit <= axis < limit:
            raise ValueError(f"axis = {axis} not in [{-limit}, {limit})")
    return build("Pack", values, axis=axis, name=name)


def parallel_stack(values: TensorLike, name: str = "parallel_stack") -> Any:
    """The tensors stacked along a new first dimension."""
    return stack(values, 0, name)


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str = "unstack") -> Any:
    """The slices of `value` along `axis`. Raises ValueError where their number is unknown."""
    if num is None:
        value = convert(value)
        sizes = value.sizes
        if sizes is not None:
            if not -len(sizes) <= axis < len(sizes):
                raise ValueError(f"axis = {axis} not in [{-len(sizes)}, {len(sizes)})")
            num = sizes[axis]
    if num is None:
        raise ValueError(f"Cannot infer num from shape {value.shape}")
    return build("Unpack", value, num=num, axis=axis, name=name)


def split(
    value: TensorLike,
    num_or_size_splits: Any,
    axis: AxisLike = 0,
    num: int | None = None,
    name: str = "split",
) -> Any:
    """`value` cut along `axis` into equal parts, or parts of given sizes."""
    sizes = convert(num_or_size_splits)
    if isinstance(num_or_size_splits, int | np.integer | Dimension):
        return build("Split", axis, value, num_split=int(num_or_size_splits), name=name)
    if sizes.shape.ndims == 0:
        raise ValueError(
            "Rank-0 tensors are not supported as the num_or_size_splits argument to "
            f"split. Argument provided: {num_or_size_splits}"
        )
    if num is None:
        num = sizes.sizes[0] if sizes.sizes else None
    if num is None:
        raise ValueError(f"Cannot infer num from shape {num_or_size_splits}")
    return build("SplitV", value, sizes, axis, num_split=num, name=name)


def slice(input_: Any, begin: TensorLike, size: TensorLike, name: Name = None) -> Any:
    """The part of `input_` that begins at `begin` and has the shape `size`; -1 is all the rest."""
    return build("Slice", input_, begin, size, name=name)


def strided_slice(
    input_: Any,
    begin: TensorLike,
    end: TensorLike,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: Name = None,
) -> Any:
    """What `input_[begin:end:strides]` does, with masks as in the op."""
    with name_scope(name, "StridedSlice", [input_]) as scope:
        begin = convert(begin, None, "begin")
        strides = build("OnesLike", begin) if strides is None else strides
        return build(
            "StridedSlice",
            input_,
            begin,
            end,
            strides,
            begin_mask=begin_mask,
            end_mask=end_mask,
            ellipsis_mask=ellipsis_mask,
            new_axis_mask=new_axis_mask,
            shrink_axis_mask=shrink_axis_mask,
            name=scope,
        )


def pad(
    tensor: TensorLike,
    paddings: TensorLike,
    mode: str = "CONSTANT",
    name: Name = None,
    constant_values: Any = 0,
) -> Any:
    """`tensor` with a border: constant, or REFLECT or SYMMETRIC. Raises ValueError."""
    match mode.upper():
        case "CONSTANT":
            if not is_tensor(constant_values) and np.all(np.equal(constant_values, 0)):
                result = build("Pad", tensor, paddings, name=name)
            else:
                result = build("PadV2", tensor, paddings, constant_values, name=name)
        case "REFLECT" | "SYMMETRIC" as kind:
            result = build("MirrorPad", tensor, paddings, mode=kind, name=name)
        case _:
            raise ValueError(f"Unknown padding mode: {mode}")
    return result


def reverse_sequence(
    input: TensorLike,
    seq_lengths: TensorLike,
    seq_axis: AxisLike | None = None,
    batch_axis: AxisLike | None = None,
    name: Name = None,
    seq_dim: AxisLike | None = None,
    batch_dim: AxisLike | None = None,
) -> Any:
    """Each row of `input` with its first `seq_lengths` elements reversed."""
    return build(
        "ReverseSequence",
        input,
        seq_lengths,
        seq_dim=_one_of("seq_axis", seq_axis, "seq_dim", seq_dim),
        batch_dim=_one_of("batch_axis", batch_axis, "batch_dim", batch_dim) or 0,
        name=name,
    )


def meshgrid(*args: Any, **kwargs: Any) -> list[Any]:
    """Coordinate matrices of vectors: `indexing` is "xy" (default) or "ij"."""
    indexing, name = kwargs.pop("indexing", "xy"), kwargs.pop("name", "meshgrid")
    if kwargs:
        raise TypeError(f"'{next(iter(kwargs))}' is an invalid keyword argument for this function")
    if indexing not in ("xy", "ij"):
        raise ValueError("indexing parameter must be either 'xy' or 'ij'")
    with name_scope(name, "meshgrid", args):
        count = len(args)
        outputs = []
        for i, x in enumerate(args):
            form = [1] * i + [-1] + [1] * (count - i - 1)
            outputs.append(reshape(stack(x), form))
        sizes = [size(x) for x in args]
        dtype = convert(args[0]).dtype
        if indexing == "xy" and count > 1:
            outputs[0] = reshape(outputs[0], [1, -1] + [1] * (count - 2))
            outputs[1] = reshape(outputs[1], [-1, 1] + [1] * (count - 2))
            sizes[0], sizes[1] = sizes[1], sizes[0]
        ones = build("Fill", stack(sizes), constant(1, dtype))
        return [x * ones for x in outputs]


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The static shape of two broadcast together. Raises ValueError."""
    x, y = as_shape(shape_x), as_shape(shape_y)
    if x.sizes is None or y.sizes is None:
        return TensorShape(None)
    length = max(len(x.sizes), len(y.sizes))
    rows = [(1,) * (length - len(s)) + s for s in (x.sizes, y.sizes)]
    return TensorShape([_broadcast_size(a, b, x, y) for a, b in zip(*rows, strict=True)])


def _broadcast_size(a: int | None, b: int | None, x: TensorShape, y: TensorShape) -> int | None:
    if a == 1 or b == 1:
        return b if a == 1 else a
    if a is None or b is None:
        return a if b is None else b
    if a != b:
        raise ValueError(f"Incompatible shapes for broadcasting: {x} and {y}")
    return a


def repeat(
    input: TensorLike, repeats: TensorLike, axis: int | None = None, name: Name = None
) -> Any:
    """Each element of `input` repeated along `axis`, a fixed number of times."""
    with name_scope(name, "Repeat", [input]):
        data = convert(input)
        if axis is None:
            data, axis = reshape(data, [-1]), 0
        rank = len(data.shape)  # raises ValueError where it is unknown
        axis = axis if axis >= 0 else axis + rank
        counts = convert(repeats, None, "repeats")
        if counts.shape.ndims == 0:
            spread = build(
                "Tile",
                expand_dims(data, axis + 1),
                [1] * (axis + 1) + [repeats] + [1] * (rank - axis - 1),
            )
            old = shape(data)
            return reshape(spread, concat([old[:axis], [-1], old[axis + 1 :]], 0))
        mask = sequence_mask(counts)
        expanded = build(
            "Tile",
            expand_dims(data, axis + 1),
            concat(
                [
                    [1] * (axis + 1),
                    [build("Max", counts, [0])],
                    [1] * (rank - axis - 1),
                ],
                0,
            ),
        )
        from flowc.frontend.slicing import boolean_mask

        return boolean_mask(expanded, mask, axis=axis)


def sequence_mask(
    lengths: TensorLike, maxlen: Any = None, dtype: DTypeLike = dtypes.bool_, name: Name = None
) -> Any:
    """For each length, a row whose first `length` of `maxlen` elements are true."""
    with name_scope(name, "SequenceMask", [lengths, maxlen]):
        lengths = convert(lengths)
        if maxlen is None:
            maxlen = build("Max", lengths, list(range(lengths.shape.ndims or 1)))
            maxlen = build("Maximum", constant(0, maxlen.dtype), maxlen)
        else:
            maxlen = convert(maxlen)
        if maxlen.shape.ndims not in (None, 0):
            raise ValueError("maxlen must be scalar for sequence_mask")
        row = build("Range", constant(0, maxlen.dtype), maxlen, constant(1, maxlen.dtype))
        matrix = build("Cast", expand_dims(lengths, -1), DstT=maxlen.dtype)
        result = row < matrix
        wanted = as_dtype(dtype)
        return result if wanted is dtypes.bool_ else build("Cast", result, DstT=wanted)


tile = derive("Tile", "tile")
broadcast_to = derive("BroadcastTo", "broadcast_to")
broadcast_dynamic_shape = derive(
    "BroadcastArgs", "broadcast_dynamic_shape", s0="shape_x", s1="shape_y"
)
reverse = derive("ReverseV2", "reverse")
bitcast = derive("Bitcast", "bitcast")
invert_permutation = derive("InvertPermutation", "invert_permutation")
roll = derive("Roll", "roll")
