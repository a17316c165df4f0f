"""WAV files, spectra and cepstra; the expected numbers are TensorFlow 2.21's."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.functions.audio import audio_spectrogram, mfcc

Array = np.ndarray[Any, Any]
SAMPLES = [0, 100, -100, 32767, -32768, 5]


@pytest.fixture(autouse=True)
def graph() -> Iterator[Any]:
    """A graph of its own for every test."""
    with tf.Graph().as_default() as made:
        yield made


def run(tensors: Any, feeds: Any = None) -> Any:
    with tf.Session() as session:
        return session.run(tensors, feeds)


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content


def wav(
    channels: int = 1,
    rate: int = 16000,
    before: bytes = b"",
    after: bytes = b"",
    form: dict[int, int] | None = None,
    extra: bytes = b"",
) -> bytes:
    """A file of SAMPLES; `form` replaces fields of the format chunk."""
    fields = [1, channels, rate, 2 * channels * rate, 2 * channels, 16]
    for place, value in (form or {}).items():
        fields[place] = value
    form_chunk = chunk(b"fmt ", struct.pack("<HHIIHH", *fields) + extra)
    data = chunk(b"data", struct.pack("<6h", *SAMPLES))
    return chunk(b"RIFF", b"WAVE" + before + form_chunk + data + after)


@pytest.mark.parametrize(
    ("content", "options", "shape"),
    [
        (wav(), {}, (6, 1)),
        (wav(2), {}, (3, 2)),
        (wav(2), {"desired_channels": 3}, (3, 3)),
        (wav(2), {"desired_channels": 1}, (3, 1)),
        (wav(), {"desired_samples": 9}, (9, 1)),
        (wav(), {"desired_samples": 2}, (2, 1)),
        (wav(extra=b"\0\0"), {}, (6, 1)),
        (wav(before=chunk(b"JUNK", b"123")), {}, (6, 1)),
        (wav(after=b"LIST" + struct.pack("<I", 1000)), {}, (6, 1)),
    ],
)
def test_decoding(content: bytes, options: dict[str, int], shape: tuple[int, int]) -> None:
    contents = tf.placeholder(tf.string, [])
    decoded = tf.audio.decode_wav(contents, **options)
    audio, rate = run(list(decoded), {contents: content})
    assert (rate, audio.shape) == (16000, shape)
    channels = 2 if content[22] == 2 else 1
    expected = np.zeros(shape, np.float32)
    source = np.array(SAMPLES, np.float32).reshape(-1, channels)[: shape[0]] / 32768
    places = np.minimum(range(shape[1]), channels - 1)
    expected[: len(source)] = source[:, places]
    np.testing.assert_array_equal(audio, expected)


@pytest.mark.parametrize(
    "content",
    [
        wav(form={0: 3}),
        wav(form={1: 0}),
        wav(form={3: 7}),
        wav(form={4: 3}),
        wav(form={5: 8}),
        wav(extra=b"\0" * 4),
        wav(after=b"xy"),
        wav(after=chunk(b"data", b"ab")),
        wav().replace(b"RIFF", b"RIFX"),
        wav().replace(b"WAVE", b"WAVX"),
        wav().replace(b"fmt ", b"form"),
        wav().replace(b"data", b"date"),
        wav(before=b"JUNK" + struct.pack("<I", 1 << 31)),
        *(wav()[:n] for n in (0, 11, 20, 43, 45)),
    ],
)
def test_what_is_no_wav_file(content: bytes) -> None:
    contents = tf.placeholder(tf.string, [])
    decoded = tf.audio.decode_wav(contents)
    with pytest.raises(tf.errors.InvalidArgumentError, match="DecodeWav"):
        run(decoded.audio, {contents: content})


def test_static_shapes() -> None:
    decoded = tf.audio.decode_wav(tf.placeholder(tf.string, []), desired_samples=9)
    assert decoded.audio.shape.as_list() == [9, None]
    with pytest.raises(ValueError, match="channels must be non-negative, got -2"):
        tf.audio.decode_wav("", desired_channels=-2)


def test_encoding() -> None:
    half = 0.5 / 32768
    audio = [[1, -1], [half, -half], [3 * half, 0.99999], [np.nan, np.inf]]
    content = run(tf.audio.encode_wav(np.array(audio, np.float32), 44100))
    assert content[44:] == struct.pack("<8h", 32767, -32768, 1, -1, 2, 32767, 0, 32767)
    assert content[:44] == b"RIFF" + struct.pack("<I", 52) + b"WAVEfmt " + struct.pack(
        "<IHHIIHH", 16, 1, 2, 44100, 176400, 4, 16
    ) + b"data" + struct.pack("<I", 16)
    back = run(tf.audio.decode_wav(content).audio)
    assert back[0].tolist() == [32767 / 32768, -1]


@pytest.mark.parametrize(("shape", "rate"), [((1, 0), 8000), ((1, 1), 0), ((1, 1), -5)])
def test_what_is_not_encoded(shape: tuple[int, int], rate: int) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="EncodeWav"):
        run(tf.audio.encode_wav(np.zeros(shape, np.float32), rate))


def spectrogram(audio: Array, window: int, stride: int) -> Array:
    """Squared magnitudes, window by window."""
    length = 1 << (window - 1).bit_length()
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    starts = range(0, len(audio) - window + 1, stride)
    frames = [np.fft.rfft(audio[s : s + window].T * taper, length) for s in starts]
    empty = np.zeros((0, audio.shape[1], length // 2 + 1))
    return np.abs(np.array(frames) if frames else empty).swapaxes(0, 1) ** 2


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(
    ("samples", "channels", "window", "stride"),
    [(100, 2, 20, 7), (50, 1, 50, 10), (49, 1, 50, 10), (0, 1, 4, 1), (30, 1, 2, 1)],
)
def test_spectrogram(samples: int, channels: int, window: int, stride: int, known: bool) -> None:
    audio = np.random.default_rng(0).uniform(-1, 1, (samples, channels)).astype(np.float32)
    x = tf.placeholder(tf.float32, audio.shape if known else [None, None])
    spectra = [audio_spectrogram(x, window, stride, squared) for squared in (True, False)]
    found = run(spectra, {x: audio})
    expected = spectrogram(audio, window, stride)
    for values, reference in zip(found, (expected, np.sqrt(expected)), strict=True):
        np.testing.assert_allclose(values, reference, 1e-6, 1e-6 * window)
        assert spectra[0].shape.is_compatible_with(values.shape)


def test_spectrogram_of_bad_windows() -> None:
    x = tf.placeholder(tf.float32, [None, 1])
    with pytest.raises(ValueError, match="window size must be > 1, got 1"):
        audio_spectrogram(x, 1, 1)
    with pytest.raises(ValueError, match="stride must be strictly positive, got 0"):
        audio_spectrogram(x, 4, 0)


SPECTRUM = (np.arange(129, dtype=np.float32) % 7 / 7).reshape(1, 1, 129)


def cepstrum(rate: int, **options: Any) -> Any:
    x, hertz = tf.placeholder(tf.float32, [None] * 3), tf.placeholder(tf.int32, [])
    return run(mfcc(x, hertz, **options), {x: SPECTRUM, hertz: rate})[0, 0]


@pytest.mark.parametrize(
    ("rate", "options", "expected"),
    [
        (
            16000,
            {},
            [-8.470096588134766, -7.729459285736084, -0.3793887794017792, 3.112316131591797],
        ),
        (
            8000,
            {
                "filterbank_channel_count": 10,
                "upper_frequency_limit": 3000.0,
                "lower_frequency_limit": 100.0,
            },
            [6.684632301330566, -1.2869728803634644, -0.0278028454631567, -0.16730815172195435],
        ),
        (4000, {}, [0, 0, 0, 0]),  # the spectrum does not reach up to 4000 Hz
    ],
)
def test_cepstrum(rate: int, options: dict[str, Any], expected: list[float]) -> None:
    found = cepstrum(rate, dct_coefficient_count=4, **options)
    np.testing.assert_allclose(found, expected, 1e-6)  # float64, rounded once


@pytest.mark.parametrize(
    "options",
    [
        {"dct_coefficient_count": 41},
        {"dct_coefficient_count": 0},
        {"lower_frequency_limit": -1.0},
        {"upper_frequency_limit": 10.0},
    ],
)
def test_cepstra_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Mfcc initialization failed"):
        cepstrum(16000, **options)


def test_a_rate_that_is_none() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="sample rate must be positive"):
        cepstrum(0)
