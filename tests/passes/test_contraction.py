"""Contractions as native code against NumPy: sizes, layouts, symbols, epilogues, convolutions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.codegen.cpu.host import host_target
from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType, bool_, float32, float64, int32, int64
from flowc.ir.loops.expressions import Binary, Compare, Constant, Index, Load, Scalar, Select
from flowc.ir.loops.kernel import Buffer, Store
from flowc.ir.loops.verifier import verify_kernel
from flowc.passes.contraction import Contraction, contraction_kernel
from flowc.passes.contraction.problem import Indices
from tests.codegen.native import avx2_target
from tests.passes.native import Array, Native

DTYPES = {"float32": float32, "float64": float64, "int32": int32, "int64": int64}


@dataclass(frozen=True)
class Layout:
    transpose_lhs: bool = False
    transpose_rhs: bool = False
    computed: bool = False  # the left operand is an expression, not a load
    relu: bool = False  # an epilogue that reads a bias
    lhs: str = "mk"  # the indices that the left operand depends on: a broadcast repeats elements
    rhs: str = "kn"


def matmul(
    m: Dim, n: Dim, k: Dim, layout: Layout, dtype: DType = float32, batch: Indices = ()
) -> Contraction:
    count = dims.product(batch)
    a, b = Buffer("a", dtype, count * m * k), Buffer("b", dtype, count * k * n)
    bias, result = Buffer("bias", dtype, n), Buffer("result", dtype, count * m * n)

    def place(index: Indices, size: Dim) -> Dim:
        return index[0] * size if index else 0

    def lhs(batch: Indices, rows: Indices, depth: Indices) -> Scalar:
        (i,), (j,) = rows, depth
        i, j = (x if name in layout.lhs else 0 for name, x in (("m", i), ("k", j)))
        load = Load(a, place(batch, m * k) + (j * m + i if layout.transpose_lhs else i * k + j))
        return Binary(dtype, "add", load, load) if layout.computed else load

    def rhs(batch: Indices, depth: Indices, columns: Indices) -> Scalar:
        (i,), (j,) = depth, columns
        i, j = (x if name in layout.rhs else 0 for name, x in (("k", i), ("n", j)))
        return Load(b, place(batch, k * n) + (j * k + i if layout.transpose_rhs else i * n + j))

    def epilogue(
        batch: Indices, rows: Indices, columns: Indices, value: Scalar
    ) -> tuple[Store, ...]:
        if layout.relu:
            value = Binary(dtype, "add", value, Load(bias, columns[0]))
            value = Binary(dtype, "maximum", value, Constant(dtype, 0))
        return (Store(result, place(batch, m * n) + rows[0] * n + columns[0], value),)

    return Contraction(
        "matmul", dtype, batch, (m,), (n,), (k,), lhs, rhs, epilogue, (a, b, bias, result)
    )


def compiled(c: Contraction, threads: int = 2, *, bounds_checks: bool = False) -> Native:
    target = host_target(threads)
    kernel, scratch = contraction_kernel(c, target)
    verify_kernel(kernel)
    return Native(kernel, target, scratch, bounds_checks=bounds_checks)


def numbers(seed: int, dtype: DType, *shape: int) -> Array:
    values: Array = np.random.default_rng(seed).integers(-9, 10, shape).astype(dtype.numpy)
    return values


def check(
    sizes: tuple[int, int, int],
    layout: Layout,
    dtype: DType = float32,
    symbols: str = "",
    batch: int = 0,
    *,
    bounds_checks: bool = False,
) -> None:
    """Small integers, so that floats are exact in any order of summation."""
    m, n, k = sizes
    named = dict(zip("mnk", sizes, strict=True))
    rows, columns, depth = (dims.symbol(x) if x in symbols else s for x, s in named.items())
    around: Indices = (batch,) if batch else ()
    native = compiled(
        matmul(rows, columns, depth, layout, dtype, around), bounds_checks=bounds_checks
    )
    leading = (batch,) if batch else ()
    a = numbers(1, dtype, *leading, *((k, m) if layout.transpose_lhs else (m, k)))
    b = numbers(2, dtype, *leading, *((n, k) if layout.transpose_rhs else (k, n)))
    bias, result = numbers(3, dtype, n), np.full((*leading, m, n), 77, dtype.numpy)
    native(a, b, bias, result, **{s: v for s, v in named.items() if s in symbols})
    left = repeated(a.swapaxes(-1, -2) if layout.transpose_lhs else a, "mk", layout.lhs)
    right = repeated(b.swapaxes(-1, -2) if layout.transpose_rhs else b, "kn", layout.rhs)
    expected = (left * 2 if layout.computed else left) @ right
    np.testing.assert_array_equal(
        result, np.maximum(expected + bias, 0) if layout.relu else expected
    )


def repeated(array: Array, axes: str, kept: str) -> Array:
    """The array with its first elements in place of all others along the axes not `kept`."""
    for axis, name in zip((-2, -1), axes, strict=True):
        if name not in kept:
            array = np.repeat(array.take([0], axis), array.shape[axis], axis)
    return array


LAYOUTS = st.builds(
    Layout,
    *(st.booleans(),) * 4,
    lhs=st.sampled_from(["mk", "mk", "m", "k", ""]),
    rhs=st.sampled_from(["kn", "kn", "k", "n", ""]),
)


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.tuples(*(st.integers(1, 70) for _ in range(3))),
    layout=LAYOUTS,
    dtype=st.sampled_from(sorted(DTYPES)),
    symbols=st.sampled_from(["", "m", "mn", "k", "mnk"]),
    batch=st.sampled_from([0, 0, 1, 3]),
    bounds_checks=st.booleans(),
)
def test_any_matmul(
    sizes: tuple[int, int, int],
    layout: Layout,
    dtype: str,
    symbols: str,
    batch: int,
    bounds_checks: bool,
) -> None:
    check(sizes, layout, DTYPES[dtype], symbols, batch, bounds_checks=bounds_checks)


@pytest.mark.parametrize("symbols", ["", "m", "mnk"])
@pytest.mark.parametrize(
    "sizes",
    [(200, 100, 1500), (1, 300, 1024), (3, 33, 1100), (30, 10, 2100), (300, 257, 1), (97, 512, 64)],
)
@pytest.mark.parametrize("layout", [Layout(), Layout(transpose_lhs=True, transpose_rhs=True)])
def test_large(sizes: tuple[int, int, int], layout: Layout, symbols: str) -> None:
    check(sizes, layout, symbols=symbols)


@pytest.mark.parametrize(("m", "k"), [(0, 5), (5, 0), (0, 0)])
def test_empty(m: int, k: int) -> None:
    check((m, 40, k), Layout(), symbols="mk")


@pytest.mark.parametrize("m", [1, 2, 3, 4, 15])
@pytest.mark.parametrize("symbols", ["", "m", "mnk"])
def test_few_rows_by_a_transposed_matrix(m: int, symbols: str) -> None:
    check((m, 41, 300), Layout(transpose_rhs=True, relu=True), symbols=symbols)
    check((m, 20, 30), Layout(transpose_rhs=True, computed=True), symbols=symbols, batch=2)


@pytest.mark.parametrize("layout", [Layout(), Layout(True, True, relu=True)])
def test_sixteen_registers_and_no_masks(layout: Layout) -> None:
    target = avx2_target(2)
    kernel, scratch = contraction_kernel(matmul(50, 37, 1100, layout), target)
    native = Native(kernel, target, scratch)
    a = numbers(1, float32, *((1100, 50) if layout.transpose_lhs else (50, 1100)))
    b = numbers(2, float32, *((37, 1100) if layout.transpose_rhs else (1100, 37)))
    bias, result = numbers(3, float32, 37), np.full((50, 37), 77, np.float32)
    native(a, b, bias, result)
    exact = (a.T if layout.transpose_lhs else a) @ (b.T if layout.transpose_rhs else b)
    np.testing.assert_array_equal(result, np.maximum(exact + bias, 0) if layout.relu else exact)


def test_a_page_between_rows() -> None:
    check((40, 64, 1024), Layout())
    check((40, 64, 2048), Layout(), symbols="m")


@dataclass(frozen=True)
class Convolution:
    """NHWC by HWIO; `dilation` spreads the kernel, `spread` the image (a gradient's form)."""

    image: tuple[int, int, int, int]
    kernel: tuple[int, int, int]  # height, width, output features
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    spread: int = 1

    @property
    def output(self) -> tuple[int, int]:
        _, *sizes, _ = self.image
        height, width = (
            ((s - 1) * self.spread + 1 + 2 * self.padding - (t - 1) * self.dilation - 1)
            // self.stride
            + 1
            for s, t in zip(sizes, self.kernel, strict=False)
        )
        return height, width


def index(value: Dim) -> Scalar:
    return Index(int64, value) if not isinstance(value, int) else Constant(int64, value)


def both(left: Scalar | None, direction: str, value: Dim, bound: Dim) -> Scalar:
    right = Compare(bool_, direction, index(value), index(bound))
    return right if left is None else Binary(bool_, "and", left, right)


def convolution(v: Convolution, images: Dim) -> Contraction:
    _, h, w, ci = v.image
    kh, kw, co = v.kernel
    oh, ow = v.output
    x, f = Buffer("x", float32, images * h * w * ci), Buffer("f", float32, kh * kw * ci * co)
    y = Buffer("y", float32, images * oh * ow * co)

    def lhs(_: Indices, rows: Indices, depth: Indices) -> Scalar:
        image, *place = rows
        *taps, feature = depth
        mask: Scalar | None = None
        at: list[Dim] = []
        for position, tap, size in zip(place, taps, (h, w), strict=True):
            p = position * v.stride + tap * v.dilation - v.padding
            if v.spread != 1:
                mask = both(mask, "EQ", p % v.spread, 0)
                p = p // v.spread
            if v.padding:
                mask = both(both(mask, "GE", p, 0), "LT", p, size)
            at.append(p)
        load = Load(x, ((image * h + at[0]) * w + at[1]) * ci + feature, mask)
        return load if mask is None else Select(float32, mask, load, Constant(float32, 0.0))

    def rhs(_: Indices, depth: Indices, columns: Indices) -> Scalar:
        a, b, c = depth
        return Load(f, ((a * kw + b) * ci + c) * co + columns[0])

    def epilogue(_: Indices, rows: Indices, columns: Indices, value: Scalar) -> tuple[Store, ...]:
        n, i, j = rows
        return (Store(y, ((n * oh + i) * ow + j) * co + columns[0], value),)

    return Contraction(
        "conv", float32, (), (images, oh, ow), (co,), (kh, kw, ci), lhs, rhs, epilogue, (x, f, y)
    )


def filter_gradient(v: Convolution, images: Dim) -> Contraction:
    """df[a, b, c, o] = sum over (n, i, j) of x[n, i+a-p, j+b-p, c] * dy[n, i, j, o]."""
    forward = convolution(v, images)
    x, f, y = forward.parameters
    kh, kw, co = v.kernel
    oh, ow = v.output
    ci = v.image[-1]

    def rhs(_: Indices, depth: Indices, columns: Indices) -> Scalar:
        n, i, j = depth
        return Load(y, ((n * oh + i) * ow + j) * co + columns[0])

    def epilogue(_: Indices, rows: Indices, columns: Indices, value: Scalar) -> tuple[Store, ...]:
        a, b, c = rows
        return (Store(f, ((a * kw + b) * ci + c) * co + columns[0], value),)

    return Contraction(
        "df",
        float32,
        (),
        (kh, kw, ci),
        (co,),
        (images, oh, ow),
        lambda batch, rows, depth: forward.lhs(batch, depth, rows),
        rhs,
        epilogue,
        (x, y, f),
    )


def patches(v: Convolution, x: Array) -> Array:
    """The (n, i, j, a, b, c) windows of an image."""
    n, h, w, c = x.shape
    s, p = v.spread, v.padding
    wide = np.zeros((n, (h - 1) * s + 1 + 2 * p, (w - 1) * s + 1 + 2 * p, c), x.dtype)
    wide[:, p : p + (h - 1) * s + 1 : s, p : p + (w - 1) * s + 1 : s] = x
    (oh, ow), (kh, kw, _) = v.output, v.kernel
    i = np.arange(oh)[:, None] * v.stride + np.arange(kh) * v.dilation
    j = np.arange(ow)[:, None] * v.stride + np.arange(kw) * v.dilation
    found: Array = wide[:, i[:, None, :, None], j[None, :, None, :]]
    return found


CONVOLUTIONS = [
    Convolution((2, 8, 8, 3), (3, 3, 5), padding=1),
    Convolution((1, 9, 28, 1), (5, 5, 32), padding=2),
    Convolution((3, 12, 11, 16), (3, 3, 20), stride=2, padding=1),
    Convolution((2, 10, 10, 4), (3, 2, 7), dilation=2),
    Convolution((2, 7, 6, 8), (3, 3, 6), padding=2, spread=2),
    Convolution((1, 14, 14, 64), (1, 1, 40)),
    Convolution((2, 6, 5, 600), (2, 2, 33), padding=1),
]


@pytest.mark.parametrize("bounds_checks", [False, True])
@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("v", CONVOLUTIONS, ids=str)
def test_convolution(v: Convolution, symbolic: bool, bounds_checks: bool) -> None:
    n, *_ = v.image
    kh, kw, co = v.kernel
    x, f = numbers(1, float32, *v.image), numbers(2, float32, kh, kw, v.image[-1], co)
    y = np.full((n, *v.output, co), 77, np.float32)
    images: Dim = dims.symbol("images") if symbolic else n
    sizes: dict[str, Any] = {"images": n} if symbolic else {}
    compiled(convolution(v, images), bounds_checks=bounds_checks)(x, f, y, **sizes)
    np.testing.assert_array_equal(y, np.einsum("nijabc,abco->nijo", patches(v, x), f))


@pytest.mark.parametrize("symbolic", [False, True])
@pytest.mark.parametrize("v", CONVOLUTIONS, ids=str)
def test_filter_gradient(v: Convolution, symbolic: bool) -> None:
    n, *_ = v.image
    kh, kw, co = v.kernel
    x, dy = numbers(1, float32, *v.image), numbers(2, float32, n, *v.output, co)
    df = np.full((kh, kw, v.image[-1], co), 77, np.float32)
    images: Dim = dims.symbol("images") if symbolic else n
    sizes: dict[str, Any] = {"images": n} if symbolic else {}
    compiled(filter_gradient(v, images))(x, dy, df, **sizes)
    np.testing.assert_array_equal(df, np.einsum("nijabc,nijo->abco", patches(v, x), dy))
