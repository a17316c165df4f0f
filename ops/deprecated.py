"""Ops of old GraphDefs that have another name today, or another form.

TensorFlow still knows them. Most are one op of today with fewer dtypes: they share its lowering and
its gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import Tensors, abstract, require_rank, shape_vector, show
from flowc.ops.linear_algebra.factorizations import self_adjoint_eig
from flowc.ops.linear_algebra.solvers import square
from flowc.ops.networks.convolutions import conv3d_backprop_filter, conv3d_backprop_input
from flowc.ops.registry import (
    OPS,
    GraphBuilder,
    Operation,
    Tensor,
    host_op,
    op,
    register,
)
from flowc.ops.terms import Term, rsqrt

# Names that say that an op takes batches, which all of today's ops do.

_BATCHES = {
    "Cholesky": "(input: T[...,:,:]; T: {float64, float32}) -> output: T",
    "CholeskyGrad": "(l: T[...,:,:], grad: T[...,:,:]; T: {float32, float64}) -> output: T",
    "FFT": "(input: complex64[...,:]) -> output: complex64",
    "FFT2D": "(input: complex64[...,:,:]) -> output: complex64",
    "FFT3D": "(input: complex64[...,:,:,:]) -> output: complex64",
    "IFFT": "(input: complex64[...,:]) -> output: complex64",
    "IFFT2D": "(input: complex64[...,:,:]) -> output: complex64",
    "IFFT3D": "(input: complex64[...,:,:,:]) -> output: complex64",
    "MatrixBandPart": "(input: T, num_lower: int64[], num_upper: int64[]; T: type) -> band: T",
    "MatrixDeterminant": "(input: T[...,:,:]; T: {float32, float64, complex}) -> output: T",
    "MatrixDiag": "(diagonal: T[...,:]; T: type) -> output: T",
    "MatrixDiagPart": "(input: T[...,:,:]; T: type) -> diagonal: T",
    "MatrixInverse": "(input: T[...,:,:]; adjoint: bool = false, T: {float64, float32})"
    " -> output: T",
    "MatrixSetDiag": "(input: T[...,:,:], diagonal: T[...,:]; T: type) -> output: T",
    "MatrixSolve": "(matrix: T[...,:,:], rhs: T[...,:,:]; adjoint: bool = false,"
    " T: {float64, float32}) -> output: T",
    "MatrixSolveLs": "(matrix: T[...,:,:], rhs: T[...,:,:], l2_regularizer: float64[];"
    " T: {float64, float32}, fast: bool = true) -> output: T",
    "MatrixTriangularSolve": "(matrix: T[...,:,:], rhs: T[...,:,:]; lower: bool = true,"
    " adjoint: bool = false, T: {float64, float32}) -> output: T",
    "SelfAdjointEigV2": "(input: T[...,:,:]; compute_v: bool = true, T: {float64, float32})"
    " -> e: T, v: T",
    "Svd": "(input: T[...,:,:]; compute_uv: bool = true, full_matrices: bool = false,"
    " T: {float64, float32, complex}) -> s: T, u: T, v: T",
}

for _name, _form in _BATCHES.items():
    register(replace(OPS[_name], text=f"Batch{_name}{_form}", family="deprecated"))


# Eigenvalues and eigenvectors in one matrix


def _define_eigen(name: str, types: str) -> None:
    @host_op(f"{name}(input: T[...,:,:]; T: {types}) -> output: T")
    def kernel(input: Array) -> Array:
        """The eigenvalues as the first row, and below it the eigenvectors as columns."""
        assert self_adjoint_eig.host is not None
        e, v = self_adjoint_eig.host(input, compute_v=True)
        return np.concatenate([e[..., None, :], v], -2)

    @kernel.infer
    def _(b: Builder, input: Value) -> Value:
        *batch, size, _ = square(b, input)
        return abstract(b, input.type.dtype, *batch, size + 1, size)


_define_eigen("SelfAdjointEig", "{float64, float32, float16}")
_define_eigen("BatchSelfAdjointEig", "{float64, float32}")


# Batch normalisation with given statistics

_GLOBAL = "T: {float}, variance_epsilon: float, scale_after_normalization: bool"


def _per_feature(b: Builder, t: Value, *vectors: Value) -> list[Term]:
    """A number for each feature, the last of four dimensions, repeated over the others."""
    shape = require_rank(b, t, 4, "input")
    found = []
    for vector in vectors:
        (count,) = require_rank(b, vector, 1, "each of mean, variance, beta and gamma")
        same = b.assumptions.equal(count, shape[-1])
        require(same, f"{count} numbers do not fit the features of {show(shape)}")
        found.append(Term(b, b.broadcast_in_dim(vector, shape, (3,))))
    return found


@op(
    "BatchNormWithGlobalNormalization(t: T[:,:,:,:], m: T[:], v: T[:], beta: T[:], gamma: T[:];"
    f" {_GLOBAL}) -> result: T"
)
def global_normalization(
    b: Builder,
    t: Value,
    m: Value,
    v: Value,
    beta: Value,
    gamma: Value,
    *,
    variance_epsilon: float,
    scale_after_normalization: bool,
) -> Value:
    """(t - m) / sqrt(v + epsilon), scaled by gamma if that is asked for, plus beta."""
    mean, variance, shift, scale = _per_feature(b, t, m, v, beta, gamma)
    factor = rsqrt(variance + variance_epsilon)
    if scale_after_normalization:
        factor = factor * scale
    return ((Term(b, t) - mean) * factor + shift).value


@global_normalization.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    t, m, v, _, gamma = op.inputs
    attrs = {n: op.get_attr(n) for n in ("variance_epsilon", "scale_after_normalization")}
    found: Tensors = g("BatchNormWithGlobalNormalizationGrad", t, m, v, gamma, grad, **attrs)
    return found


@op(
    "BatchNormWithGlobalNormalizationGrad(t: T[:,:,:,:], m: T[:], v: T[:], gamma: T[:],"
    f" backprop: T[:,:,:,:]; {_GLOBAL}) -> dx: T, dm: T, dv: T, db: T, dg: T"
)
def global_normalization_grad(
    b: Builder,
    t: Value,
    m: Value,
    v: Value,
    gamma: Value,
    backprop: Value,
    *,
    variance_epsilon: float,
    scale_after_normalization: bool,
) -> tuple[Value, ...]:
    """The gradients by all inputs, in their order."""
    mean, variance, scale = _per_feature(b, t, m, v, gamma)
    dy, inverse = Term(b, backprop), rsqrt(variance + variance_epsilon)
    factor = inverse * scale if scale_after_normalization else inverse
    centred = dy * (Term(b, t) - mean)

    def total(x: Term) -> Value:
        return b.reduce_sum(x.value, [0, 1, 2])

    by_gamma = total(centred * inverse)
    return (
        (dy * factor).value,
        total(-dy * factor),
        total(centred * factor / (variance + variance_epsilon) * -0.5),
        total(dy),
        by_gamma if scale_after_normalization else b.zeros_like(by_gamma),
    )


# Others


@op("TileGrad(input: T, multiples: int32[:]; T: {numeric}) -> output: T")
def tile_grad(b: Builder, input: Value, multiples: Value) -> Value:
    """The sum of all copies that Tile made."""
    shape, times = b.shape(input), [int(n) for n in b.static(multiples)]
    require(len(times) == len(shape), f"multiples must have {len(shape)} elements, not {times}")
    split: list[Dim] = []
    for size, count in zip(shape, times, strict=True):
        require(count > 0, f"multiples must be positive: {times}")
        part = size // count
        require(b.assumptions.equal(part * count, size), f"{size} is no multiple of {count}")
        split += [count, part]
    copies = b.reshape(input, split)
    return b.reduce_sum(copies, list(range(0, 2 * len(shape), 2)))


tile_grad.not_differentiable()


@op(
    "AdjustContrast(images: T[...,:,:,:], contrast_factor: float32[], min_value: float32[],"
    " max_value: float32[]; T: {uint8, int8, int16, int32, int64, float32, float64})"
    " -> output: float32"
)
def adjust_contrast(
    b: Builder, images: Value, contrast_factor: Value, min_value: Value, max_value: Value
) -> Value:
    """Each channel's distance from its mean, scaled; all within a range."""
    today = OPS["AdjustContrastv2"].lower
    assert today is not None
    scaled: Value = today(b, b.convert(images, dtypes.float32), contrast_factor)
    low, high = (b.broadcast_to(v, b.shape(scaled)) for v in (min_value, max_value))
    return b.minimum(b.maximum(scaled, low), high)


def _define_volumes(which: str) -> None:
    today = conv3d_backprop_input if which == "Input" else conv3d_backprop_filter

    @op(
        f"Conv3DBackprop{which}(input: T[:,:,:,:,:], filter: T[:,:,:,:,:],"
        " out_backprop: T[:,:,:,:,:]; T: {float16, float32, float64}, strides: list(int) >= 5,"
        ' padding: {"SAME", "VALID"}, dilations: list(int) = [1, 1, 1, 1, 1]) -> output: T'
    )
    def lower(
        b: Builder,
        input: Value,
        filter: Value,
        out_backprop: Value,
        *,
        strides: Sequence[int],
        padding: str,
        dilations: Sequence[int],
    ) -> Value:
        assert today.lower is not None
        operands = [input, filter]
        wanted = 0 if which == "Input" else 1
        operands[wanted] = shape_vector(b, b.shape(operands[wanted]), dtypes.int32)
        found: Value = today.lower(
            b,
            *operands,
            out_backprop,
            strides=strides,
            padding=padding,
            dilations=dilations,
            data_format="NDHWC",
        )
        return found


_define_volumes("Input")
_define_volumes("Filter")
