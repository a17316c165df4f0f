"""Cross entropies: losses of logits against labels, one per example."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import AxisLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.shaping import Name, one_of, shape
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes


def _require_named(function: str, sentinel: Any, labels: Any, logits: Any) -> None:
    if sentinel is not None:
        raise ValueError(
            f"Only call `{function}` with named arguments (labels=..., logits=..., ...)"
        )
    if labels is None or logits is None:
        raise ValueError("Both labels and logits must be provided.")


def softmax_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: TensorLike | None = None,
    logits: Any = None,
    dim: int = -1,
    name: Name = None,
    axis: AxisLike | None = None,
) -> Any:
    """The cross entropy with softmax(logits); no gradient flows to the labels."""
    _require_named("softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    axis = (
        -1 if (found := one_of("axis", axis, "dim", None if dim == -1 else dim)) is None else found
    )
    with name_scope(name, "softmax_cross_entropy_with_logits_sg", [logits, labels]) as scope:
        labels = build("StopGradient", labels, name="labels_stop_gradient")
        return softmax_cross_entropy_with_logits_v2(labels, logits, axis, scope)


def softmax_cross_entropy_with_logits_v2(
    labels: TensorLike,
    logits: TensorLike,
    axis: Any = None,
    name: Name = None,
    dim: AxisLike | None = None,
) -> Any:
    """The cross entropy of softmax(logits) along `axis` with distributions `labels`."""
    axis = one_of("axis", axis, "dim", dim)
    axis = -1 if axis is None else axis
    with name_scope(name, "softmax_cross_entropy_with_logits", [logits, labels]) as scope:
        logits, labels = convert(logits, None, "logits"), convert(labels, None, "labels")
        narrow = logits.dtype in (dtypes.float16, dtypes.bfloat16)
        scores = cast(logits, dtypes.float32) if narrow else logits
        labels = cast(labels, scores.dtype)
        sizes = shape(logits)
        scores, labels = _axis_last(scores, axis), _axis_last(labels, axis)
        outer = shape(scores)
        costs, _ = build(
            "SoftmaxCrossEntropyWithLogits", _as_matrix(scores), _as_matrix(labels), name=scope
        )
        wanted = build("Slice", outer, [0], [build("Sub", build("Rank", scores), 1)])
        costs = build("Reshape", costs, wanted)
        static = logits.sizes
        if static is not None:
            costs.set_shape([s for i, s in enumerate(static) if i != axis % len(static)])
        del sizes
        return cast(costs, logits.dtype)


def _axis_last(tensor: Any, axis: int) -> Any:
    rank = tensor.shape.ndims
    if axis == -1 or rank is None or axis % rank == rank - 1:
        return tensor
    order = [*(a for a in range(rank) if a != axis % rank), axis % rank]
    return build("Transpose", tensor, order)


def _as_matrix(tensor: Any) -> Any:
    """All dimensions but the last flattened into one."""
    sizes = tensor.sizes
    if sizes is not None and len(sizes) == 2:
        return build("Reshape", tensor, [-1, sizes[1]]) if sizes[1] is not None else tensor
    last = build("Slice", build("Shape", tensor), [build("Sub", build("Rank", tensor), 1)], [1])
    result = build("Reshape", tensor, build("ConcatV2", [[-1], last], 0, name="concat"))
    if sizes is not None:
        result.set_shape([None, sizes[-1]])
    return result


def sparse_softmax_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: Name = None
) -> Any:
    """The cross entropy of softmax(logits) with class numbers `labels`.

    Raises ValueError where the ranks of labels and logits do not differ by one.
    """
    _require_named("sparse_softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "SparseSoftmaxCrossEntropyWithLogits", [labels, logits]):
        labels, logits = convert(labels), convert(logits)
        narrow = logits.dtype is dtypes.float16
        scores = cast(logits, dtypes.float32) if narrow else logits
        static = labels.shape
        sizes = shape(labels)
        _check_ranks(labels, logits)
        if logits.shape.ndims == 2:
            cost, _ = build("SparseSoftmaxCrossEntropyWithLogits", scores, labels)
            return cast(cost, logits.dtype)
        last = shape(logits)[build("Sub", build("Rank", logits), 1)]
        flat = build("Reshape", scores, [-1, last])
        cost, _ = build("SparseSoftmaxCrossEntropyWithLogits", flat, build("Reshape", labels, [-1]))
        cost = build("Reshape", cost, sizes)
        cost.set_shape(static)
        return cast(cost, logits.dtype)


def _check_ranks(labels: Any, logits: Any) -> None:
    if logits.shape.ndims == 0:
        raise ValueError(f"Logits cannot be scalars - received shape {logits.shape}.")
    ranks = labels.shape.ndims, logits.shape.ndims
    if None not in ranks and ranks[0] != ranks[1] - 1:
        raise ValueError(
            "Rank mismatch: Rank of labels (received {}) should equal rank of logits "
            "minus 1 (received {}).".format(*ranks)
        )


def sigmoid_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: Name = None
) -> Any:
    """The cross entropy of sigmoid(logits) with probabilities `labels`, without overflow."""
    _require_named("sigmoid_cross_entropy_with_logits", _sentinel, labels, logits)
    with name_scope(name, "logistic_loss", [logits, labels]) as scope:
        logits, labels = convert(logits, None, "logits"), convert(labels, None, "labels")
        _check_same_shape(labels, logits, "labels")
        zeros = (
            build("ZerosLike", logits) if not logits.shape.is_fully_defined() else _zeros(logits)
        )
        positive = logits >= zeros
        clipped = build("Select", positive, logits, zeros)
        negative = build("Select", positive, -logits, logits)
        return build(
            "Add", clipped - logits * labels, build("Log1p", build("Exp", negative)), name=scope
        )


def _zeros(tensor: Any) -> Any:
    from flowc.frontend.functions.filling import zeros_like

    return zeros_like(tensor, dtype=tensor.dtype)


def _check_same_shape(labels: Any, logits: Any, what: str) -> None:
    try:
        labels.shape.merge_with(logits.shape)
    except ValueError:
        raise ValueError(
            f"logits and {what} must have the same shape ({logits.shape} vs {labels.shape})"
        ) from None


def weighted_cross_entropy_with_logits(
    labels: TensorLike | None = None,
    logits: Any = None,
    pos_weight: Any = None,
    name: Name = None,
    targets: TensorLike | None = None,
) -> Any:
    """`sigmoid_cross_entropy_with_logits` with a weight on positive examples."""
    labels = one_of("labels", labels, "targets", targets)
    with name_scope(name, "logistic_loss", [logits, labels]) as scope:
        logits, labels = convert(logits, None, "logits"), convert(labels, None, "labels")
        _check_same_shape(labels, logits, "targets")
        weight = 1 + (pos_weight - 1) * labels
        tail = build("Log1p", build("Exp", -build("Abs", logits))) + build("Relu", -logits)
        return build("Add", (1 - labels) * logits, weight * tail, name=scope)


def log_poisson_loss(
    targets: TensorLike, log_input: TensorLike, compute_full_loss: bool = False, name: Name = None
) -> Any:
    """exp(c) - z * c, with Stirling's approximation of log z! added in full."""
    with name_scope(name, "log_poisson_loss", [log_input, targets]):
        log_input, targets = (
            convert(log_input, None, "log_input"),
            convert(targets, None, "targets"),
        )
        result = build("Exp", log_input) - log_input * targets
        if not compute_full_loss:
            return result
        stirling = (
            targets * build("Log", targets)
            - targets
            + 0.5 * build("Log", 6.283185307179586 * targets)
        )
        zeros, ones = build("ZerosLike", targets), build("OnesLike", targets)
        inside = build("LogicalAnd", targets >= zeros, targets <= ones)
        return result + build("Select", inside, zeros, stirling)
