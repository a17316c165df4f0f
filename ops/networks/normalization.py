"""Batch normalisation (fused) and local response normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowc.ir import dims, dtypes
from flowc.ir.tensor.builder import Builder, accumulator, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ops.common import Tensors, number, or_zeros, require_rank, show
from flowc.ops.networks.windows import layout
from flowc.ops.registry import GraphBuilder, OpDefinition, Operation, Tensor, op
from flowc.ops.terms import Term, rsqrt, squared


@dataclass(frozen=True)
class _Batch:
    """x in float32 as a formula's term, with sums and repetition over all but the features."""

    b: Builder
    shape: Shape
    feature: int

    def term(self, x: Value) -> Term:
        """x as float32 (or wider)."""
        return Term(self.b, self.b.convert(x, accumulator(x.type.dtype)))

    def total(self, x: Term) -> Term:
        """The sum per feature."""
        axes = [axis for axis in range(len(self.shape)) if axis != self.feature]
        return Term(self.b, self.b.reduce_sum(x.value, axes))

    def spread(self, x: Term) -> Term:
        """One number per feature at every element of the feature."""
        return Term(self.b, self.b.broadcast_in_dim(x.value, self.shape, (self.feature,)))

    def count(self, x: Term) -> Term:
        """The number of elements of a feature."""
        others = [d for axis, d in enumerate(self.shape) if axis != self.feature]
        return Term(self.b, number(self.b, dims.product(others), x.value.type.dtype))


def _batch(b: Builder, x: Value, data_format: str, *vectors: Value) -> _Batch:
    shape = b.shape(x)
    require(len(shape) in (4, 5), f"input must be 4 or 5-dimensional, got shape {show(shape)}")
    feature = layout(data_format if len(shape) == 4 else _VOLUME.get(data_format, data_format))
    for vector in vectors:
        (size,) = require_rank(b, vector, 1, "scale, offset, mean and variance")
        require(
            b.assumptions.equal(size, shape[feature.feature]),
            f"scale must have the same number of elements as the channels of x, got {size} and "
            f"{shape[feature.feature]}",
        )
    return _Batch(b, b.shape(x), feature.feature)


_VOLUME = {"NHWC": "NDHWC", "NCHW": "NCDHW"}


def _normalize(
    b: Builder,
    x: Value,
    scale: Value,
    offset: Value,
    mean: Value,
    variance: Value,
    epsilon: float,
    factor: float,
    data_format: str,
    is_training: bool,
) -> tuple[Value, ...]:
    """y, running mean, running variance, and for the gradient: mean and variance used."""
    vectors = (scale, offset) if is_training and factor == 1 else (scale, offset, mean, variance)
    batch = _batch(b, x, data_format, *vectors)
    whole = batch.term(x)
    scale_, offset_, old_mean, old_variance = (Term(b, v) for v in (scale, offset, mean, variance))
    if is_training:
        count = batch.count(whole)
        used_mean = batch.total(whole) / count
        centred = whole - batch.spread(used_mean)
        used = batch.total(squared(centred)) / count
        # Bessel's correction for the running estimate only, as TensorFlow's kernel does.
        rest = Term(b, b.maximum((count - 1.0).value, 1))
        new_mean, new_variance = used_mean, used * (count / rest)
        if factor != 1:
            new_mean = old_mean * (1.0 - factor) + new_mean * factor
            new_variance = old_variance * (1.0 - factor) + new_variance * factor
    else:
        used_mean, used = old_mean, old_variance
        centred = whole - batch.spread(used_mean)
        new_mean, new_variance = old_mean, old_variance
    slope = batch.spread(rsqrt(used + epsilon) * scale_)
    y = centred * slope + batch.spread(offset_)
    return (
        b.convert(y.value, x.type.dtype),
        new_mean.value,
        new_variance.value,
        used_mean.value,
        used.value,
    )


_OPERANDS = "x: T[...,:,:,:,:], scale: {u}[:], offset: {u}[:], mean: {u}, variance: {u}"
_ATTRS = (
    'epsilon: float = 0.0001, exponential_avg_factor: float = 1.0, data_format: {formats} = "NHWC",'
    " is_training: bool = true"
)
_FORMATS = '{"NHWC", "NCHW", "NDHWC", "NCDHW"}'
_FORMATS_2D = '{"NHWC", "NCHW"}'


def _define_forward(
    version: str, statistics: str, types: str, formats: str, extra: int
) -> OpDefinition:
    outputs = ["y: T"] + [
        f"{name}: {statistics}"
        for name in ("batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2")
    ]
    outputs += [f"reserve_space_3: {statistics}"] * extra

    @op(
        f"FusedBatchNorm{version}({_OPERANDS.replace('{u}', statistics)}; {types},"
        f" {_ATTRS.replace('{formats}', formats)}) -> {', '.join(outputs)}"
    )
    def lower(
        b: Builder,
        x: Value,
        scale: Value,
        offset: Value,
        mean: Value,
        variance: Value,
        *,
        epsilon: float,
        exponential_avg_factor: float,
        data_format: str,
        is_training: bool,
    ) -> tuple[Value, ...]:
        results = _normalize(
            b,
            x,
            scale,
            offset,
            mean,
            variance,
            epsilon,
            exponential_avg_factor,
            data_format,
            is_training,
        )
        if not extra:
            return results
        return (*results, b.full(0, (), results[1].type.dtype))

    lower.gradient(_forward_gradient(version))
    return lower


def _forward_gradient(version: str) -> Any:
    def gradient(g: GraphBuilder, op: Operation, *grads: Tensor | None) -> Tensors:
        attrs = {n: op.get_attr(n) for n in ("epsilon", "data_format", "is_training")}
        x, scale, _, mean, variance = op.inputs
        training = op.get_attr("is_training")
        kept = op.outputs[3:5] if training else (mean, variance)
        more = [op.outputs[5]] if version == "V3" else []
        dy = or_zeros(g, grads[0], op.outputs[0])
        if version == "":
            x, dy = (g("Cast", t, DstT=dtypes.float32) for t in (x, dy))
        results = g(f"FusedBatchNormGrad{version}", dy, x, scale, *kept, *more, **attrs)
        return (*results[:3], None, None)

    return gradient


def _normalize_gradient(
    b: Builder,
    dy: Value,
    x: Value,
    scale: Value,
    mean: Value,
    variance: Value,
    epsilon: float,
    data_format: str,
    is_training: bool,
) -> tuple[Value, Value, Value]:
    """The gradients by x, scale and offset."""
    batch = _batch(b, x, data_format, scale, mean, variance)
    require(
        b.assumptions.equal_shapes(b.shape(dy), b.shape(x)),
        f"x and y_backprop must have same shape, but x has shape {show(b.shape(x))} and "
        f"y_backprop has shape {show(b.shape(dy))}",
    )
    slope, whole = batch.term(dy), batch.term(x)
    centred = whole - batch.spread(Term(b, mean))
    inverse = rsqrt(Term(b, variance) + epsilon)
    d_offset, d_product = batch.total(slope), batch.total(slope * centred)
    factor = batch.spread(Term(b, scale) * inverse)
    if is_training:
        count = batch.count(whole)
        rest = slope - batch.spread(d_offset / count)
        dx = factor * (rest - centred * batch.spread(squared(inverse) * d_product / count))
    else:
        dx = slope * factor
    d_scale = d_product * inverse
    return b.convert(dx.value, x.type.dtype), d_scale.value, d_offset.value


_GRAD_ATTRS = 'epsilon: float = 0.0001, data_format: {formats} = "NHWC", is_training: bool = true'


def _define_backward(version: str, statistics: str, types: str, formats: str, extra: int) -> None:
    more = f", reserve_space_3: {statistics}" if extra else ""
    u = statistics

    @op(
        f"FusedBatchNormGrad{version}(y_backprop: T[...,:,:,:,:], x: T[...,:,:,:,:],"
        f" scale: {_scale_type(version, u)}[:],"
        f" reserve_space_1: {u}[:], reserve_space_2: {u}[:]{more}; {types},"
        f" {_GRAD_ATTRS.replace('{formats}', formats)}) -> x_backprop: T, scale_backprop: {u},"
        f" offset_backprop: {u}, reserve_space_{3 + extra}: {u}, reserve_space_{4 + extra}: {u}"
    )
    def lower(
        b: Builder,
        y_backprop: Value,
        x: Value,
        scale: Value,
        mean: Value,
        variance: Value,
        *unused: Value,
        epsilon: float,
        data_format: str,
        is_training: bool,
    ) -> tuple[Value, ...]:
        results = _normalize_gradient(
            b, y_backprop, x, scale, mean, variance, epsilon, data_format, is_training
        )
        empty = b.full(0, (0,), results[1].type.dtype)
        return (*results, empty, empty)

    lower.gradient(_backward_gradient)


def _scale_type(version: str, statistics: str) -> str:
    return "float32" if version else statistics


def _backward_gradient(g: GraphBuilder, op: Operation, *grads: Tensor | None) -> Tensors:
    """The second derivative: the first one written out in ops, which are then differentiated."""
    names = ("epsilon", "data_format", "is_training")
    attrs = {name: op.get_attr(name) for name in names}
    dy, x, scale, mean, variance = op.inputs[:5]
    seeds = tuple(g("ZerosLike", op.outputs[i]) if grads[i] is None else grads[i] for i in range(3))
    results = _second_order(g, dy, x, scale, mean, variance, seeds, attrs)
    return (*results, *(None,) * (len(op.inputs) - 3))


def _second_order(
    g: GraphBuilder,
    dy: Tensor,
    x: Tensor,
    scale: Tensor,
    mean: Tensor,
    variance: Tensor,
    seeds: tuple[Any, ...],
    attrs: dict[str, Any],
) -> Tensors:
    shape = g.shape_of(x)
    rank = 4 if shape is None else len(shape)
    feature = 1 if attrs["data_format"] in ("NCHW", "NCDHW") else rank - 1
    axes = g.constant([axis for axis in range(rank) if axis != feature])
    column = g.constant([-1 if axis == feature else 1 for axis in range(rank)])

    def wide(t: Tensor) -> Any:
        return g("Cast", t, DstT=dtypes.float32) if t.dtype != dtypes.float32 else t

    def total(t: Tensor) -> Any:
        return g("Sum", t, axes, keep_dims=True)

    def spread(t: Tensor) -> Any:
        return g("Reshape", t, column)

    gx, gscale, goffset = (wide(t) for t in seeds)
    dy32, x32, scale_ = wide(dy), wide(x), spread(scale)
    gscale, goffset = spread(gscale), spread(goffset)
    if not attrs["is_training"]:
        inverse = g("Rsqrt", spread(variance) + attrs["epsilon"])
        centred = x32 - spread(mean)
        by_dy = gx * scale_ * inverse + gscale * centred * inverse + goffset
        by_x = gscale * dy32 * inverse
        by_scale = total(gx * dy32) * inverse
    else:
        count = g("Cast", g("FloorDiv", g("Size", x), g("Size", scale)), DstT=dtypes.float32)
        centre = total(x32) / count
        centred = x32 - centre
        inverse = g("Rsqrt", total(g("Square", centred)) / count + attrs["epsilon"])
        xhat = centred * inverse
        by_dy, by_x, by_scale = _training_second_order(
            total, gx, gscale, goffset, dy32, xhat, scale_, inverse, count
        )
    flat = g("Reshape", by_scale, g("Shape", scale))
    back = [
        t if s.dtype == dtypes.float32 else g("Cast", t, DstT=s.dtype)
        for t, s in ((by_dy, dy), (by_x, x))
    ]
    return (*back, flat)


def _training_second_order(
    total: Any,
    gx: Any,
    gscale: Any,
    goffset: Any,
    dy: Any,
    xhat: Any,
    scale: Any,
    inverse: Any,
    count: Any,
) -> tuple[Any, Any, Any]:
    """Derivatives of <gx, dx> + <gscale, dscale> + <goffset, doffset> by dy, x and scale.

    With n elements per feature, xhat = (x - mean) * inverse, and P the projection that takes out
    the components along 1 and xhat: dx = scale * inverse * P(dy).
    """

    def mean(t: Any) -> Any:
        return total(t) / count

    def project(t: Any) -> Any:
        return t - mean(t) - xhat * mean(t * xhat)

    by_dy = scale * inverse * project(gx) + gscale * xhat + goffset
    by_scale = inverse * total(gx * project(dy))
    # d xhat = inverse * P(d x); d inverse = -inverse**2 * mean(xhat * d x).
    by_xhat = gscale * dy - scale * inverse * (gx * mean(dy * xhat) + dy * mean(gx * xhat))
    by_inverse = scale * total(gx * project(dy))
    by_x = inverse * project(by_xhat) - inverse * inverse * by_inverse * xhat / count
    return by_dy, by_x, by_scale


_define_forward("", "T", "T: {float32}", _FORMATS_2D, 0)
_define_forward("V2", "U", "T: {float16, bfloat16, float32}, U: {float32}", _FORMATS_2D, 0)
fused_batch_norm_v3 = _define_forward(
    "V3", "U", "T: {float16, bfloat16, float32}, U: {bfloat16, float32}", _FORMATS, 1
)
_define_backward("", "T", "T: {float32}", _FORMATS_2D, 0)
_define_backward("V2", "U", "T: {float16, bfloat16, float32}, U: {float32}", _FORMATS_2D, 0)
_define_backward("V3", "U", "T: {float16, bfloat16, float32}, U: {float32}", _FORMATS, 1)


# Local response normalisation

_LRN = (
    "depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5,"
    " T: {float16, bfloat16, float32} = float32"
)


def _band(b: Builder, x: Term, radius: int) -> Term:
    """The sum over the features within `radius`."""
    (total,) = b.reduce_window(
        [x.value],
        [b.scalar(0, x.value.type.dtype)],
        b.add,
        window_dimensions=(1, 1, 1, 2 * radius + 1),
        padding=((0, 0), (0, 0), (0, 0), (radius, radius)),
    )
    return Term(b, total)


@op(f"LRN(input: T[:,:,:,:]; {_LRN}) -> output: T")
def lrn(
    b: Builder, input: Value, *, depth_radius: int, bias: float, alpha: float, beta: float
) -> Value:
    """input / (bias + alpha * sum of neighbours' squares) ** beta (Krizhevsky et al., 2012)."""
    require_rank(b, input, 4, "in")
    x = Term(b, b.convert(input, dtypes.float32))
    norm = _band(b, squared(x), depth_radius) * alpha + bias
    return b.convert((x * norm**-beta).value, input.type.dtype)


@op(
    "LRNGrad(input_grads: T[:,:,:,:], input_image: T[:,:,:,:], output_image: T[:,:,:,:];"
    " depth_radius: int = 5,"
    " bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5,"
    " T: {float16, bfloat16, float32} = float32) -> output: T"
)
def lrn_grad(
    b: Builder,
    input_grads: Value,
    input_image: Value,
    output_image: Value,
    *,
    depth_radius: int,
    bias: float,
    alpha: float,
    beta: float,
) -> Value:
    """The gradient of LRN."""
    dy, x, y = (
        Term(b, b.convert(v, dtypes.float32)) for v in (input_grads, input_image, output_image)
    )
    norm = _band(b, squared(x), depth_radius) * alpha + bias
    shared = _band(b, dy * y / norm, depth_radius)
    dx = dy * norm**-beta - x * shared * (2.0 * alpha * beta)
    return b.convert(dx.value, input_grads.type.dtype)


@lrn.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    names = ("depth_radius", "bias", "alpha", "beta")
    attrs = {name: op.get_attr(name) for name in names}
    return (g("LRNGrad", grad, op.inputs[0], op.outputs[0], **attrs),)
