"""Fourier transforms expanded into contractions give what NumPy gives."""

import numpy as np
import pytest

import flowc as tf
from flowc.ir import dtypes
from flowc.ir.tensor import interpreter
from flowc.ir.tensor.assumptions import Specialising
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Module, Parameter, TensorType
from flowc.ir.tensor.verifier import verify
from flowc.passes.expand_fourier import ExpandFourier

RANDOM = np.random.default_rng(0)


def expanded(x: np.ndarray, kind: str, lengths: tuple[int, ...]) -> np.ndarray:
    b = Builder(Specialising({}))
    parameter = Parameter(TensorType(dtypes.as_dtype(x.dtype), x.shape))
    module = Module("fft", b.computation([parameter], [b.fft(parameter, kind, lengths)]))
    result = ExpandFourier().run(module)
    verify(result)
    assert all(i.primitive != "fft" for i in result.main.instructions)
    (value,) = interpreter.run(result, [x])
    return value


@pytest.mark.parametrize("size", [1, 2, 3, 8, 15, 16, 17, 34, 60, 127, 128])
@pytest.mark.parametrize("kind", ["FFT", "IFFT"])
def test_complex_transforms(kind: str, size: int) -> None:
    x = RANDOM.standard_normal((3, size)) + 1j * RANDOM.standard_normal((3, size))
    wanted = np.fft.fft(x) if kind == "FFT" else np.fft.ifft(x)
    np.testing.assert_allclose(expanded(x, kind, (size,)), wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 15, 34])
def test_real_transforms(size: int) -> None:
    x = RANDOM.standard_normal((2, size))
    half = np.fft.rfft(x)
    np.testing.assert_allclose(expanded(x, "RFFT", (size,)), half, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(expanded(half, "IRFFT", (size,)), x, rtol=1e-12, atol=1e-12)


def test_several_axes() -> None:
    x = RANDOM.standard_normal((2, 6, 20))
    half = np.fft.rfft2(x)
    np.testing.assert_allclose(expanded(x, "RFFT", (6, 20)), half, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(expanded(half, "IRFFT", (6, 20)), x, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("length", [[0], [0, 2], [2, 0]])
@pytest.mark.parametrize("inverse", [False, True])
def test_a_length_of_zero(length: list[int], inverse: bool) -> None:
    """A sum of nothing is 0; it is compiled, and interpreted, without a complaint."""
    functions = (tf.signal.rfft, tf.signal.rfft2d), (tf.signal.irfft, tf.signal.irfft2d)
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.complex64 if inverse else tf.float32, [3, 3])
        result = functions[inverse][len(length) - 1](x, length)
        value = session.run(result, {x: np.ones((3, 3))})
    last = length[-1] if inverse else length[-1] // 2 + 1
    assert value.shape == (*([3] if len(length) == 1 else []), *length[:-1], last)
    assert not value.any()
