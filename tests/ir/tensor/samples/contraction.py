"""Samples of contractions, random bits and linear algebra, against plain loops."""

from __future__ import annotations

import itertools
from typing import Any

import ml_dtypes
import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitives.contraction import ConvDimensionNumbers, DotDimensionNumbers
from tests.ir.tensor.samples.sample import Array, Sample, f32, grid, i32, sample

NHWC = ConvDimensionNumbers(0, 3, (1, 2), 2, 3, (0, 1), 0, 3, (1, 2))
NCW = ConvDimensionNumbers(0, 1, (2,), 1, 0, (2,), 0, 1, (2,))
CNW = ConvDimensionNumbers(1, 0, (2,), 2, 1, (0,), 2, 1, (0,))


def convolve(
    x: Array,
    kernel: Array,
    numbers: ConvDimensionNumbers,
    *,
    window_strides: Any = None,
    padding: Any = None,
    lhs_dilation: Any = None,
    rhs_dilation: Any = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
) -> Array:
    """Convolution from its definition, one product after the other."""
    x, kernel = x.transpose(numbers.input_axes), kernel.transpose(numbers.kernel_axes)
    rank = x.ndim - 2
    strides, dilation = window_strides or (1,) * rank, rhs_dilation or (1,) * rank
    padding, base = padding or ((0, 0),) * rank, lhs_dilation or (1,) * rank
    batch, outputs = x.shape[0] // batch_group_count, kernel.shape[0]
    sizes = [
        max(((n - 1) * b + 1 + low + high - ((k - 1) * d + 1)) // s + 1, 0)
        for n, k, b, (low, high), d, s in zip(
            x.shape[2:], kernel.shape[2:], base, padding, dilation, strides, strict=True
        )
    ]
    result = np.zeros((batch, outputs, *sizes))
    inputs = kernel.shape[1]
    for n, o, *place in itertools.product(*map(range, result.shape)):
        group = o // (outputs // feature_group_count)
        source = n + batch * (o // (outputs // batch_group_count))
        for i, *tap in itertools.product(range(inputs), *map(range, kernel.shape[2:])):
            at = [
                p * s + t * d - low
                for p, s, t, d, (low, _) in zip(place, strides, tap, dilation, padding, strict=True)
            ]
            inside = all(
                0 <= a < n_ * b and a % b == 0
                for a, n_, b in zip(at, x.shape[2:], base, strict=True)
            )
            if inside:
                where = (
                    source,
                    group * inputs + i,
                    *(a // b for a, b in zip(at, base, strict=True)),
                )
                result[(n, o, *place)] += x[where] * kernel[(o, i, *tap)]
    return result.transpose(np.argsort(numbers.output_axes)).astype(x.dtype)


def conv(x: Array, kernel: Array, numbers: ConvDimensionNumbers, **options: Any) -> Sample:
    def build(b: Builder, x: Value, k: Value) -> Value:
        return b.convolution(x, k, numbers, **options)

    return sample("convolution", build, [x, kernel], convolve(x, kernel, numbers, **options))


def dot(numbers: DotDimensionNumbers, x: Array, y: Array, subscripts: str) -> Sample:
    expected = np.einsum(subscripts, x, y).astype(x.dtype)
    return sample("dot_general", lambda b, x, y: b.dot_general(x, y, numbers), [x, y], expected)


def _bf16_into_f32(b: Builder, x: Value, y: Value) -> Value:
    return b.matmul(x, y, dtype=dtypes.float32)


X, W = grid(2, 5, 4, 3), grid(3, 2, 3, 4)
BF16 = np.array([[256, 1]], ml_dtypes.bfloat16)
# Random123's known answers for Philox4x32-10: counter and key of zeros, of ones, and digits of pi.
KEY = [0, 2**64 - 1, 0x299F31D0A4093822]
LOW = [0, 2**64 - 1, 0x85A308D3243F6A88]
HIGH = [0, 2**64 - 1, 0x0370734413198A2E]
WORDS = [
    [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8],
    [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD],
    [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
]
NEXT = [[0, 1, 0], [2**64 - 1, 0, 0], [KEY[2], LOW[2] + 1, HIGH[2]]]


def _philox() -> list[Sample]:
    return [
        sample(
            "rng_bit_generator",
            lambda b, state: b.rng_bit_generator(state, (2, 2)),
            [np.array([key, low, high], np.uint64)],
            after,
            np.array(words, np.uint32).reshape(2, 2),
        )
        for key, low, high, words, after in zip(KEY, LOW, HIGH, WORDS, NEXT, strict=True)
    ]


SPD = np.array([[4.0, 2.0], [2.0, 5.0]])
FACTOR = np.array([[2.0, 0.0], [1.0, 2.0]])
HERMITIAN = np.array([[2, 1j], [-1j, 2]])
SIGNAL = np.array([1.0, 2.0, 3.0, 4.0])
SPECTRUM = np.array([10, -2 + 2j, -2])


def _solve(**options: Any) -> Any:
    return lambda b, a, y: b.triangular_solve(a, y, **options)


SAMPLES = [
    dot(DotDimensionNumbers((), (), (1,), (0,)), grid(2, 3), grid(3, 4), "ij,jk->ik"),
    dot(DotDimensionNumbers((0,), (2,), (1,), (0,)), grid(2, 3, 4), grid(3, 5, 2), "bki,knb->bin"),
    dot(DotDimensionNumbers((), (), (0, 2), (1, 0)), grid(2, 3, 4), grid(4, 2), "aib,ba->i"),
    dot(DotDimensionNumbers((), (), (), ()), grid(2), grid(3), "i,j->ij"),
    dot(DotDimensionNumbers((), (), (1,), (0,)), grid(2, 0), grid(0, 3), "ij,jk->ik"),
    dot(
        DotDimensionNumbers((), (), (1,), (0,)),
        grid(2, 3, dtype=np.int8) * 20,
        grid(3, 2, dtype=np.int8) * 20,
        "ij,jk->ik",
    ),
    sample(
        "dot_general",
        lambda b, x, y: b.matmul(x, y, True, True),
        [grid(3, 2), grid(4, 3)],
        np.array(
            [
                [sum(grid(3, 2)[k, i] * grid(4, 3)[j, k] for k in range(3)) for j in range(4)]
                for i in range(2)
            ]
        ),
    ),
    sample("dot_general", _bf16_into_f32, [BF16, BF16.reshape(2, 1)], f32(65537).reshape(1, 1)),
    sample(
        "dot_general", lambda b, x, y: b.matmul(x, y), [np.array([[1j]]), np.array([[2j]])], [[-2]]
    ),
    conv(X, W, NHWC),
    conv(X, W, NHWC, window_strides=(2, 1), padding=((1, 0), (-1, 2)), rhs_dilation=(2, 1)),
    conv(X, W, NHWC, lhs_dilation=(2, 3), padding=((1, 1), (0, 1))),
    conv(X, grid(2, 2, 1, 6), NHWC, feature_group_count=3, window_strides=(1, 2)),
    conv(grid(2, 4, 5), grid(6, 2, 3), NCW, feature_group_count=2),
    conv(grid(4, 3, 5), grid(6, 3, 2), NCW, batch_group_count=2),
    conv(grid(2, 3, 5), grid(2, 4, 2), CNW),
    conv(grid(1, 1, 2), grid(1, 1, 3), NCW),
    conv(grid(1, 2, 5, dtype=np.int32), grid(1, 2, 3, dtype=np.int32), NCW),
    *_philox(),
    sample(
        "rng_bit_generator",
        lambda b, s: b.rng_bit_generator(s, (5,))[0],
        [np.array([7, 2**64 - 1, 3], np.uint64)],
        [7, 1, 4],
    ),
    sample(
        "fft",
        lambda b, x: b.fft(x, "FFT", (4,)),
        [SIGNAL.astype(np.complex128)],
        [10, -2 + 2j, -2, -2 - 2j],
    ),
    sample(
        "fft",
        lambda b, x: b.fft(x, "IFFT", (4,)),
        [np.array([10, -2 + 2j, -2, -2 - 2j])],
        SIGNAL.astype(np.complex128),
    ),
    sample("fft", lambda b, x: b.fft(x, "RFFT", (4,)), [SIGNAL], SPECTRUM),
    sample("fft", lambda b, x: b.fft(x, "IRFFT", (4,)), [SPECTRUM], SIGNAL),
    sample(
        "lu",
        lambda b, a: b.lu(a),
        [np.array([[1.0, 2.0], [4.0, 2.0]], np.float32)],
        np.array([[4.0, 2.0], [0.25, 1.5]], np.float32),
        np.array([1, 0], np.int32),
        np.array(1, np.int32),
    ),
    sample(
        "cholesky",
        lambda b, a: b.cholesky(a),
        [np.stack([SPD, -SPD])],
        np.stack([FACTOR, [[np.nan, 0], [np.nan, np.nan]]]),
    ),
    sample("cholesky", lambda b, a: b.cholesky(a, lower=False), [SPD], FACTOR.T),
    sample(
        "cholesky",
        lambda b, a: b.cholesky(a),
        [HERMITIAN],
        [[2**0.5, 0], [-1j / 2**0.5, 1.5**0.5]],
        ulps=4,
    ),
    sample(
        "triangular_solve",
        _solve(),
        [np.array([[2.0, 9.0], [1.0, 2.0]]), np.array([[2.0], [5.0]])],
        np.array([[1.0], [2.0]]),
    ),
    sample(
        "triangular_solve",
        _solve(lower=False, unit_diagonal=True),
        [FACTOR.T, np.array([[2.0], [5.0]])],
        np.array([[-3.0], [5.0]]),
    ),
    sample(
        "triangular_solve",
        _solve(transpose_a="TRANSPOSE"),
        [FACTOR, np.array([[4.0], [4.0]])],
        np.array([[1.0], [2.0]]),
    ),
    sample(
        "triangular_solve",
        _solve(left_side=False),
        [FACTOR, np.array([[4.0, 4.0]])],
        np.array([[1.0, 2.0]]),
    ),
    sample(
        "triangular_solve",
        _solve(transpose_a="ADJOINT"),
        [np.array([[1j]]), np.array([[2.0 + 0j]])],
        np.array([[2j]]),
    ),
    sample(
        "dot_general",
        lambda b, x, y: b.matmul(x, y),
        [i32(1, 2).reshape(1, 2), i32(3, 4).reshape(2, 1)],
        [[11]],
    ),
]
