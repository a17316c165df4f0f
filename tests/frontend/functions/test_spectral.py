"""`tf.signal` against SciPy and by inversion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf

scipy_fft = pytest.importorskip("scipy.fft")
RNG = np.random.default_rng(0)
X = RNG.standard_normal((2, 16))


def run(tensor: Any) -> Any:
    with tf.Session() as session:
        return session.run(tensor)


@pytest.mark.parametrize("norm", [None, "ortho"])
@pytest.mark.parametrize("kind", [1, 2, 3])
def test_cosine_transforms(kind: int, norm: str | None) -> None:
    if kind == 1 and norm:
        with pytest.raises(ValueError, match="not supported for the Type-I"):
            tf.signal.dct(X, 1, norm=norm)
        return
    expected = scipy_fft.dct(X, kind, norm=norm)
    np.testing.assert_allclose(run(tf.signal.dct(X, kind, norm=norm)), expected, atol=1e-12)
    if norm:
        back = tf.signal.idct(tf.signal.dct(X, kind, norm=norm), kind, norm=norm)
        np.testing.assert_allclose(run(back), X, atol=1e-13)


@pytest.mark.parametrize("length", [None, 12, 20])
def test_real_transforms(length: int | None) -> None:
    given = None if length is None else [length]
    found = run(tf.signal.rfft(X.astype(np.float32), given))
    np.testing.assert_allclose(found, np.fft.rfft(X, length), atol=1e-5)
    back = run(tf.signal.irfft(found, given))
    np.testing.assert_allclose(back, np.fft.irfft(found, length), atol=1e-6)
    square = run(tf.signal.irfft2d(tf.signal.rfft2d(X.astype(np.float32))))
    np.testing.assert_allclose(square, X, atol=1e-6)


def test_shifts() -> None:
    np.testing.assert_array_equal(run(tf.signal.fftshift(X)), np.fft.fftshift(X))
    odd = X[:, :5]
    np.testing.assert_array_equal(run(tf.signal.ifftshift(odd, 1)), np.fft.ifftshift(odd, 1))


def test_frames() -> None:
    x = tf.range(7)
    assert run(tf.signal.frame(x, 3, 2)).tolist() == [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    assert run(tf.signal.frame(x, 3, 2, pad_end=True)).tolist()[-1] == [6, 0, 0]
    assert run(tf.signal.frame(x, 8, 1)).shape == (0, 8)
    added = run(tf.signal.overlap_and_add(tf.constant([[1, 2, 3], [4, 5, 6]]), 2))
    assert added.tolist() == [1, 2, 7, 5, 6]


def test_spectra_are_inverted_by_their_window() -> None:
    signal = RNG.standard_normal((3, 400)).astype(np.float32)
    spectra = tf.signal.stft(signal, 64, 16)
    window = tf.signal.inverse_stft_window_fn(16)
    back = run(tf.signal.inverse_stft(spectra, 64, 16, window_fn=window))
    inner = slice(64, 336)  # away from the ends, where fewer frames overlap
    np.testing.assert_allclose(back[:, inner], signal[:, inner], atol=2e-6)
    expected = np.fft.rfft(signal[0, :64] * run(tf.signal.hann_window(64)))
    np.testing.assert_allclose(run(spectra)[0, 0], expected, atol=1e-5)


@pytest.mark.parametrize(("name", "mean"), [("hann_window", 0.5), ("hamming_window", 0.54)])
@pytest.mark.parametrize("length", [1, 7, 8])
def test_windows(name: str, mean: float, length: int) -> None:
    for periodic in (True, False):
        period = length if periodic and length % 2 == 0 else length - 1
        angles = 2 * np.pi * np.arange(length) / max(period, 1)
        expected = mean - (1 - mean) * np.cos(angles) if length > 1 else np.ones(1)
        found = run(getattr(tf.signal, name)(length, periodic=periodic))
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_mel_weights_and_coefficients() -> None:
    weights = run(tf.signal.linear_to_mel_weight_matrix(10, 129))
    assert weights.shape == (129, 10)
    assert (weights[0] == 0).all()
    inside = weights[20:100].sum(1)  # between the first and the last center
    np.testing.assert_allclose(inside, np.ones_like(inside), atol=1e-4)
    with pytest.raises(ValueError, match="Edges must satisfy"):
        tf.signal.linear_to_mel_weight_matrix(upper_edge_hertz=9000.0)
    found = run(tf.signal.mfccs_from_log_mel_spectrograms(X))
    np.testing.assert_allclose(found, scipy_fft.dct(X, 2) / np.sqrt(32.0), atol=1e-12)


def test_bits() -> None:
    a, b = np.array([5, 12], np.int32), np.array([3, 2], np.int32)
    found = run(
        [
            tf.bitwise.bitwise_and(a, b),
            tf.bitwise.bitwise_or(a, b),
            tf.bitwise.bitwise_xor(a, b),
            tf.bitwise.invert(a),
            tf.bitwise.left_shift(a, b),
            tf.bitwise.right_shift(a, b),
        ]
    )
    for value, expected in zip(found, (a & b, a | b, a ^ b, ~a, a << b, a >> b), strict=True):
        np.testing.assert_array_equal(value, expected)
