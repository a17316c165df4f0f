"""Softmax and the cross entropies."""

from __future__ import annotations

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Evidence, Value
from flowc.ops.checks import check_all, culprit
from flowc.ops.common import Tensors, in_float32, is_zero, or_zeros, require_rank, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op
from flowc.ops.state.printing import summary


def _centred(b: Builder, logits: Value) -> Value:
    """Logits minus their row's greatest, so that no exponential overflows."""
    greatest = b.reduce_max(logits, [-1], keepdims=True)
    return b.subtract(logits, b.broadcast_to(greatest, b.shape(logits)))


def log_softmax(b: Builder, logits: Value) -> Value:
    """log(softmax) over the last dimension."""
    centred = _centred(b, logits)
    total = b.log(b.reduce_sum(b.exponential(centred), [-1], keepdims=True))
    return b.subtract(centred, b.broadcast_to(total, b.shape(logits)))


def _softmax(b: Builder, logits: Value) -> Value:
    powers = b.exponential(_centred(b, logits))
    total = b.reduce_sum(powers, [-1], keepdims=True)
    return b.divide(powers, b.broadcast_to(total, b.shape(logits)))


@op("Softmax(logits: T[...,:]; T: {float}) -> softmax: T")
def softmax(b: Builder, logits: Value) -> Value:
    """exp(x) over its sum along the last dimension."""
    require(len(b.shape(logits)) >= 1, f"logits must have >= 1 dimension, got {logits.type}")
    return in_float32(b, logits, lambda x: _softmax(b, x))


@softmax.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    y = op.outputs[0]
    total = g("Sum", grad * y, g.constant(-1), keep_dims=True)
    return ((grad - total) * y,)


@op("LogSoftmax(logits: T[...,:]; T: {float}) -> logsoftmax: T")
def log_softmax_op(b: Builder, logits: Value) -> Value:
    """The logarithm of the softmax along the last dimension."""
    require(len(b.shape(logits)) >= 1, f"logits must have >= 1 dimension, got {logits.type}")
    return in_float32(b, logits, lambda x: log_softmax(b, x))


@log_softmax_op.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    total = g("Sum", grad, g.constant(-1), keep_dims=True)
    return (grad - total * g("Exp", op.outputs[0]),)


@op("SoftmaxCrossEntropyWithLogits(features: T, labels: T; T: {float}) -> loss: T, backprop: T")
def cross_entropy(b: Builder, features: Value, labels: Value) -> tuple[Value, Value]:
    """Per row -sum(labels * log_softmax(features)), and its gradient."""
    features, labels = b.broadcast(features, labels)
    require(
        len(b.shape(features)) == 2,
        f"logits and labels must be either 2-dimensional, or broadcasted to be 2-dimensional: "
        f"{show(b.shape(features))}",
    )
    logs = log_softmax(b, features)
    # A label of 0 adds nothing, not even where the logarithm is infinite.
    terms = b.select(b.eq(labels, 0), b.zeros_like(labels), b.multiply(labels, logs))
    loss = b.negate(b.reduce_sum(terms, [1]))
    return loss, b.subtract(b.exponential(logs), labels)


@cross_entropy.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor | None, grad_of_grad: Tensor | None) -> Tensors:
    backprop, logits = op.outputs[1], op.inputs[0]
    grad = or_zeros(g, grad, op.outputs[0])
    column = g("ExpandDims", grad, g.constant(-1))
    result = column * backprop
    if grad_of_grad is not None and not _is_zero(g, grad_of_grad):
        soft = g("Softmax", logits)
        inner = g(
            "Squeeze",
            g(
                "BatchMatMulV2",
                g("ExpandDims", grad_of_grad, g.constant(1)),
                g("ExpandDims", soft, g.constant(2)),
            ),
            squeeze_dims=[1],
        )
        result = result + (grad_of_grad - inner) * soft
    return result, column * -g("LogSoftmax", logits)


def _is_zero(g: GraphBuilder, tensor: Tensor) -> bool:
    value = g.constant_value(tensor)
    return value is not None and not value.any()


def _bad_label(labels: Value, classes: Dim) -> Evidence:
    return culprit(
        (labels,),
        lambda array, count: (array < 0) | (array >= count),
        lambda place, array, count: (
            f"Received a label value of {array[place]} which is outside "
            f"the valid range of [0, {count}).  Label values: {summary(array, _LABELS_SHOWN)}"
        ),
        (classes,),
    )


_LABELS_SHOWN = 1000


@op(
    "SparseSoftmaxCrossEntropyWithLogits(features: T[:,:], labels: Tlabels[:]; T: {float},"
    " Tlabels: {index} = int64) -> loss: T, backprop: T"
)
def sparse_cross_entropy(b: Builder, features: Value, labels: Value) -> tuple[Value, Value]:
    """Per row -log_softmax(features)[label], and its gradient."""
    shape = require_rank(b, features, 2, "logits")
    (rows,) = require_rank(b, labels, 1, "labels")
    require(
        not is_zero(b, shape[1]),
        "Must have at least one class, but got logits shape " + show(shape),
    )
    require(
        b.assumptions.equal(shape[0], rows),
        "logits and labels must have the same first dimension, got logits shape "
        f"{show(shape)} and labels shape {show((rows,))}",
    )
    wide = b.convert(labels, dtypes.int64)
    count = b.broadcast_to(b.size(shape[1], dtypes.int64), b.shape(wide))
    inside = b.and_(b.ge(wide, 0), b.lt(wide, count))
    message = f"Received a label value which is outside the valid range of [0, {shape[1]})."
    check_all(b, inside, message, _bad_label(labels, shape[1]))
    shape = b.shape(features)
    hot = b.eq(b.iota(shape, 1, dtypes.int64), b.broadcast_in_dim(wide, shape, (0,)))
    logs = log_softmax(b, features)
    loss = b.negate(b.reduce_sum(b.select(hot, logs, b.zeros_like(logs)), [1]))
    return loss, b.subtract(b.exponential(logs), b.convert(hot, features.type.dtype))


@sparse_cross_entropy.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor | None, grad_of_grad: Tensor | None) -> Tensors:
    backprop, logits = op.outputs[1], op.inputs[0]
    grad = or_zeros(g, grad, op.outputs[0])
    result = g("ExpandDims", grad, g.constant(-1)) * backprop
    if grad_of_grad is not None and not _is_zero(g, grad_of_grad):
        soft = g("Softmax", logits)
        inner = g(
            "Squeeze",
            g(
                "BatchMatMulV2",
                g("ExpandDims", grad_of_grad, g.constant(1)),
                g("ExpandDims", soft, g.constant(2)),
            ),
            squeeze_dims=[1],
        )
        result = result + (grad_of_grad - inner) * soft
    return result, None


# Bias


def _feature_axis(data_format: str, rank: int) -> int:
    return 1 if data_format == "NCHW" else rank - 1


_FORMAT = 'data_format: {"NHWC", "NCHW"} = "NHWC"'


def _add_bias(b: Builder, value: Value, bias: Value, data_format: str) -> Value:
    shape = b.shape(value)
    require(len(shape) >= 2, f"Input tensor must be at least 2D: {show(shape)}")
    (size,) = require_rank(b, bias, 1, "Biases")
    axis = _feature_axis(data_format, len(shape))
    require(
        b.assumptions.equal(shape[axis], size),
        f"Must provide as many biases as the last dimension of the input tensor: {show((size,))} "
        f"vs. {show(shape)}",
    )
    return b.add(value, b.broadcast_in_dim(bias, b.shape(value), (axis,)))


@op(f"BiasAdd(value: T[...,:,:], bias: T[:]; T: {{numeric}}, {_FORMAT}) -> output: T")
def bias_add(b: Builder, value: Value, bias: Value, *, data_format: str) -> Value:
    """A number per feature added to every element of the feature."""
    return _add_bias(b, value, bias, data_format)


@op("BiasAddV1(value: T[...,:,:], bias: T[:]; T: {numeric}) -> output: T")
def bias_add_v1(b: Builder, value: Value, bias: Value) -> Value:
    """A number per feature (last dimension) added to every element of the feature."""
    return _add_bias(b, value, bias, "NHWC")


@bias_add.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return grad, g("BiasAddGrad", grad, data_format=op.get_attr("data_format"))


@bias_add_v1.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    last = g("Rank", grad) - 1
    axes = g("Range", g.constant(0), last, g.constant(1))
    return grad, g("Sum", grad, axes)


@op(f"BiasAddGrad(out_backprop: T[...,:,:]; T: {{numeric}}, {_FORMAT}) -> output: T")
def bias_add_grad(b: Builder, out_backprop: Value, *, data_format: str) -> Value:
    """The sum over all but the feature dimension."""
    rank = len(b.shape(out_backprop))
    require(rank >= 2, f"Input tensor must be at least 2D: {show(b.shape(out_backprop))}")
    axis = _feature_axis(data_format, rank)
    return b.reduce_sum(out_backprop, [a for a in range(rank) if a != axis])


@bias_add_grad.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    size = g("Shape", op.inputs[0])
    if op.get_attr("data_format") == "NCHW":
        rank = g("Rank", op.inputs[0])
        tail = g("Fill", g("ExpandDims", rank - 2, g.constant(0)), g.constant(1))
        column = g("ConcatV2", [g.constant([1, -1]), tail], g.constant(0))
        grad = g("Reshape", grad, column)
    return (g("BroadcastTo", grad, size),)
