"""`tf.metrics` of the k classes that are predicted most: recall, precision, average precision.

Labels are int64, [..., number of labels], dense or a SparseTensor, or [...] where each example has
one; they are sets, in which a class counts once. Predictions are float [..., classes], or for the
functions `..._at_top_k` the numbers of classes [..., k] themselves. The leading dimensions agree.
All results are float64 scalars: the value over all batches so far, and the operation that adds one.
"""

from __future__ import annotations

from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.composites import SparseTensor, convert_to_tensor_or_sparse_tensor
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.mathematics import cast, cumsum, div_no_nan
from flowc.frontend.functions.metrics import Names, Pair, collect, mean, metric_variable
from flowc.frontend.functions.reductions import reduce_sum
from flowc.frontend.functions.selection import top_k
from flowc.frontend.functions.sets import set_difference, set_intersection, set_size
from flowc.frontend.functions.shaping import expand_dims, stack
from flowc.frontend.functions.sparse import sparse_retain
from flowc.frontend.functions.sparse_structure import sparse_concat, sparse_reshape
from flowc.frontend.variables.scope import variable_scope
from flowc.ir import dtypes

# The counts


def _prepared(labels: Any, ids: Any) -> Any:
    """Labels as sets of each example: with a last dimension, int64."""
    labels = convert_to_tensor_or_sparse_tensor(labels)
    if labels.dtype is not dtypes.int64:
        labels = cast(labels, dtypes.int64)
    rank, wanted = labels.shape.ndims, ids.shape.ndims
    if rank is None or wanted is None or rank == wanted:
        return labels
    if rank != wanted - 1:
        raise ValueError(f"labels of rank {rank} do not fit predictions of rank {wanted}.")
    if not isinstance(labels, SparseTensor):
        return expand_dims(labels, -1)
    one = constant([1], dtypes.int64)
    return sparse_reshape(labels, build("ConcatV2", [labels.dense_shape, one], 0))


def _of_class(ids: Any, class_id: int | None) -> Any:
    """The sets without all other classes."""
    if class_id is None:
        return ids
    wanted = constant(class_id, dtypes.int64)
    if isinstance(ids, SparseTensor):
        return sparse_retain(ids, build("Equal", ids.values, wanted))
    sizes = build("Shape", ids, out_type=dtypes.int64)
    alone = build("Fill", build("ConcatV2", [sizes[:-1], [1]], 0), wanted)
    found = set_intersection(alone, ids)
    return SparseTensor(found.indices, found.values, sizes)


def _weighted(sizes: Any, weights: Any) -> Any:
    counts = cast(sizes, dtypes.float64)
    return counts if weights is None else counts * cast(convert(weights), dtypes.float64)


def _count(found: SparseTensor, weights: Any, name: str) -> Pair:
    """How many elements sets have in all: so far, and with this batch."""
    variable = metric_variable([], dtypes.float64, name)
    update = variable.assign_add(reduce_sum(_weighted(set_size(found), weights)))
    return convert(variable), convert(update)


def _label(name: str, k: int | None, class_id: int | None) -> str:
    at = f"{name}_at_k" if k is None else f"{name}_at_{k}"
    return at if class_id is None else f"{at}_class{class_id}"


def _rate(
    what: str,
    labels: Any,
    ids: Any,
    k: int | None,
    class_id: int | None,
    weights: Any,
    collections: tuple[Names, Names],
    name: str | None,
) -> Pair:
    """Hits among all labels (recall) or among all predictions (precision)."""
    with variable_scope(name, _label(what, k, class_id), (ids, labels, weights)):
        ids = cast(convert(ids), dtypes.int64)
        truth = _of_class(_prepared(labels, ids), class_id)
        guesses = _of_class(ids, class_id)
        recall = what == "recall"
        other = set_difference(guesses, truth, aminusb=not recall)
        hits, hits_update = _count(
            set_intersection(guesses, truth), weights, _label("true_positive", k, class_id)
        )
        kind = "false_negative" if recall else "false_positive"
        misses, misses_update = _count(other, weights, _label(kind, k, class_id))
        value = build("RealDiv", hits, hits + misses, name="value")
        update = build("RealDiv", hits_update, hits_update + misses_update, name="update")
        return collect(value, update, *collections)


# The metrics


def recall_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    class_id: int | None = None,
    weights: Any = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """Which part of the labels is among the k classes of greatest prediction.

    With a `class_id`, of this class alone. NaN before there is a label.
    """
    return recall_at_top_k(
        labels,
        top_k(predictions, k)[1],
        k,
        class_id,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


def recall_at_top_k(
    labels: Any,
    predictions_idx: Any,
    k: int | None = None,
    class_id: int | None = None,
    weights: Any = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """`recall_at_k` of the numbers of classes; `k` is used for names only."""
    return _rate(
        "recall",
        labels,
        predictions_idx,
        k,
        class_id,
        weights,
        (metrics_collections, updates_collections),
        name,
    )


def precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    class_id: int | None = None,
    weights: Any = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """Which part of the k classes of greatest prediction is among the labels.

    With a `class_id`, of this class alone. NaN before the class is predicted.
    """
    return precision_at_top_k(
        labels,
        top_k(predictions, k)[1],
        k,
        class_id,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


def precision_at_top_k(
    labels: Any,
    predictions_idx: Any,
    k: int | None = None,
    class_id: int | None = None,
    weights: Any = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """`precision_at_k` of the numbers of classes; `k` is used for names only."""
    return _rate(
        "precision",
        labels,
        predictions_idx,
        k,
        class_id,
        weights,
        (metrics_collections, updates_collections),
        name,
    )


def average_precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    weights: Any = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """The mean over examples of the average precision of the k classes of greatest prediction.

    An example's is the mean, over its labels but k at most, of the precision down to where the
    label is found. Raises ValueError for a k below 1.
    """
    if k < 1:
        raise ValueError(f"Invalid k={k}.")
    with variable_scope(name, _label("average_precision", k, None), (predictions, labels, weights)):
        ids = cast(top_k(predictions, k)[1], dtypes.int64)
        each = _average_precision(_prepared(labels, ids), ids, k)
        if weights is None:
            share = build("OnesLike", each)
        else:
            share = cast(convert(weights), dtypes.float64) * build("OnesLike", each)
        count, total = (metric_variable([], dtypes.float64, n) for n in ("max", "total"))
        counted = convert(count.assign_add(reduce_sum(share)))
        summed = convert(total.assign_add(reduce_sum(each * share)))
        value = div_no_nan(convert(total), convert(count), name="mean")
        update = div_no_nan(summed, counted, name="update")
        return collect(value, update, metrics_collections, updates_collections)


def _average_precision(labels: Any, ids: Any, k: int) -> Any:
    """Of each example; NaN for one without labels."""
    relevant = cast(
        set_size(set_intersection(expand_dims(ids, -1), _repeated(labels, k))), dtypes.float64
    )
    found = cumsum(relevant, axis=-1)
    place = cumsum(build("OnesLike", relevant), axis=-1)
    precision = reduce_sum(relevant * found / place, -1)
    if isinstance(labels, SparseTensor):
        wanted: Any = set_size(labels)
    else:
        wanted = reduce_sum(
            cast(build("GreaterEqual", labels, constant(0, labels.dtype)), dtypes.int32), -1
        )
    return precision / cast(build("Minimum", wanted, k), dtypes.float64)


def _repeated(labels: Any, k: int) -> Any:
    """The labels of each example k times: [..., k, number of labels]."""
    if not isinstance(labels, SparseTensor):
        return stack([labels] * k, -2)
    sizes = labels.dense_shape
    one = constant([1], dtypes.int64)
    wide = sparse_reshape(labels, build("ConcatV2", [sizes[:-1], one, sizes[-1:]], 0))
    rank = labels.shape.ndims
    if rank is None:
        raise ValueError("labels must have a known rank.")
    return wide if k == 1 else sparse_concat(rank - 1, [wide] * k)


def mean_cosine_distance(
    labels: Any,
    predictions: Any,
    dim: int,
    weights: Any = None,
    metrics_collections: Names = None,
    updates_collections: Names = None,
    name: str | None = None,
) -> Pair:
    """The mean of 1 minus the products along `dim` of labels and predictions of unit length."""
    labels, predictions = convert(labels), convert(predictions)
    labels.shape.assert_is_compatible_with(predictions.shape)
    products = reduce_sum(predictions * labels, [dim], keepdims=True)
    value, update = mean(products, weights, None, None, name or "mean_cosine_distance")
    return collect(1.0 - value, 1.0 - update, metrics_collections, updates_collections)


sparse_average_precision_at_k = average_precision_at_k
sparse_precision_at_k = precision_at_k
