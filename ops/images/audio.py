"""Sound: WAV files, and the spectra and cepstra of keyword spotters.

Files are 16-bit PCM, decoded and encoded on the host; samples are floats in [-1, 1). The rest is
computed in float64, as by TensorFlow's kernels.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.primitives.contraction import DotDimensionNumbers
from flowc.ops.checks import check_all
from flowc.ops.common import abstract, fail, number, require_rank
from flowc.ops.registry import host_op, op
from flowc.ops.terms import Term, log1p
from flowc.ops.text.texts import scalar_text

_FULL = 1 << 15  # the sample that stands for 1
_DOUBLE = dtypes.float64

# WAV files


@host_op(
    "DecodeWav(contents: string[]; desired_channels: int = -1, desired_samples: int = -1)"
    " -> audio: float32, sample_rate: int32"
)
def decode_wav(
    contents: Array, *, desired_channels: int, desired_samples: int
) -> tuple[Array, Array]:
    """Samples [samples, channels] and the rate in hertz.

    Missing samples are zero, missing channels copies of the last one.
    """
    channels, rate, content = _read(contents.item())
    count = len(content) // (2 * channels)
    samples = np.frombuffer(content, "<i2", count * channels).reshape(count, channels)
    wanted = channels if desired_channels < 0 else desired_channels
    samples = samples[:, np.minimum(np.arange(wanted), channels - 1)]
    length = count if desired_samples < 0 else desired_samples
    audio = np.zeros((length, wanted), np.float32)
    audio[:count] = samples[:length] / np.float32(_FULL)
    return audio, np.array(rate, np.int32)


@decode_wav.infer
def _(
    b: Builder, contents: Value, *, desired_channels: int, desired_samples: int
) -> tuple[Value, ...]:
    for name, size in (("channels", desired_channels), ("samples", desired_samples)):
        require(size >= -1, f"{name} must be non-negative, got {size}")
    sizes = [None if size < 0 else size for size in (desired_samples, desired_channels)]
    return abstract(b, dtypes.float32, *sizes), abstract(b, dtypes.int32)


def _read(content: bytes) -> tuple[int, int, bytes]:
    """Channels, rate and the bytes of the samples. Raises InvalidArgumentError."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise fail("Header mismatch: Expected RIFF and WAVE, not a WAV file")
    form: tuple[int, int] | None = None
    samples: bytes | None = None
    for name, start, size in _chunks(content):
        if form is None and name == b"fmt ":
            form = _format(content[start : start + size], size)
        elif form is not None and name == b"data":
            require(samples is None, "More than one data chunk found in WAV")
            require(start + size <= len(content), "Data too short when trying to read string")
            samples = content[start : start + size]
            require(size % (2 * form[0]) == 0, "WAV data chunk ends within a sample")
    if form is None:
        raise fail("No format chunk found in WAV")
    if samples is None:
        raise fail("No data chunk found in WAV")
    return (*form, samples)


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and size of each chunk."""
    at = 12
    while at < len(content):
        require(at + 8 <= len(content), "Data too short when trying to read string")
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        require(size < 2**31, f"WAV data chunk '{name!r}' is too large: {size} bytes")
        yield name, at + 8, size
        at += 8 + size


def _format(chunk: bytes, size: int) -> tuple[int, int]:
    """Channels and rate of a format chunk. Raises InvalidArgumentError unless it is 16-bit PCM."""
    require(size in (16, 18), f"Bad file size for WAV: Expected 16 or 18, but got {size}")
    require(len(chunk) == size, "Data too short when trying to read string")
    code, channels, rate, per_second, per_frame, bits = struct.unpack("<HHIIHH", chunk[:16])
    require(code == 1, f"Bad audio format for WAV: Expected 1 (PCM), but got {code}")
    require(channels > 0, "Bad number of channels for WAV: Expected at least 1, but got 0")
    require(bits == 16, f"Can only read 16-bit WAV files, but received {bits}")
    frame = 2 * channels
    require(
        per_frame == frame,
        f"Bad bytes per sample in WAV header: Expected {frame} but got {per_frame}",
    )
    require(
        per_second == frame * rate,
        f"Bad bytes per second in WAV header: Expected {frame * rate} but got {per_second}",
    )
    return channels, rate


@host_op("EncodeWav(audio: float32[:,:], sample_rate: int32[]) -> contents: string")
def encode_wav(audio: Array, sample_rate: Array) -> Array:
    """The file of samples [samples, channels] at a rate in hertz."""
    channels, rate = audio.shape[1], int(sample_rate)
    require(rate > 0, f"sample_rate must be in (0, 2^32), got: {rate}")
    require(0 < channels < 1 << 16, f"num_channels must be in (0, 2^16), got: {channels}")
    scaled = np.nan_to_num(audio * np.float32(_FULL), nan=0.0)
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))  # halves away from zero
    samples = np.clip(rounded, -_FULL, _FULL - 1).astype("<i2").tobytes()
    frame = 2 * channels
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * frame % 2**32, frame, 16)
    sizes = (36 + len(samples)).to_bytes(4, "little"), len(samples).to_bytes(4, "little")
    return scalar_text(b"".join((b"RIFF", sizes[0], b"WAVEfmt ", form, b"data", sizes[1], samples)))


@encode_wav.infer
def _(b: Builder, audio: Value, sample_rate: Value) -> Value:
    return abstract(b, dtypes.string)


# Spectra


@op(
    "AudioSpectrogram(input: float32[:,:]; window_size: int, stride: int,"
    " magnitude_squared: bool = false) -> spectrogram: float32"
)
def audio_spectrogram(
    b: Builder, input: Value, *, window_size: int, stride: int, magnitude_squared: bool
) -> Value:
    """The magnitudes [channels, windows, frequencies] of samples [samples, channels].

    Each window is tapered by Hann's and filled up with zeros to a power of two.
    """
    require(window_size > 1, f"window size must be > 1, got {window_size}")
    require(stride > 0, f"stride must be strictly positive, got {stride}")
    samples, channels = require_rank(b, input, 2, "input")
    length = 1 << (window_size - 1).bit_length()
    if not b.assumptions.at_least(samples, window_size):
        return b.full(0, (channels, 0, length // 2 + 1), dtypes.float32)
    windows = dims.floordiv(samples - window_size, stride) + 1
    shape = (channels, windows, window_size)
    starts, steps = (b.iota(shape[1:], axis, dtypes.int32) for axis in (0, 1))
    places = b.add(b.multiply(starts, stride), steps)
    signal = b.convert(b.transpose(input, (1, 0)), _DOUBLE)
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window_size) / window_size)
    window = b.broadcast_in_dim(b.constant(taper), shape, (2,))
    tapered = b.multiply(b.take(signal, places, 1), window)
    filled = b.pad(tapered, 0, (0, 0, 0), (0, 0, length - window_size))
    spectrum = b.fft(filled, "RFFT", (length,))
    real, imaginary = b.real(spectrum), b.imag(spectrum)
    power = b.add(b.multiply(real, real), b.multiply(imaginary, imaginary))
    found = b.convert(power, dtypes.float32)
    return found if magnitude_squared else b.sqrt(found)


# Cepstra


@op(
    "Mfcc(spectrogram: float32[:,:,:], sample_rate: int32[]; upper_frequency_limit: float = 4000,"
    " lower_frequency_limit: float = 20, filterbank_channel_count: int = 40,"
    " dct_coefficient_count: int = 13) -> output: float32"
)
def mfcc(
    b: Builder,
    spectrogram: Value,
    sample_rate: Value,
    *,
    upper_frequency_limit: float,
    lower_frequency_limit: float,
    filterbank_channel_count: int,
    dct_coefficient_count: int,
) -> Value:
    """Mel-frequency cepstral coefficients [channels, windows, coefficients] of squared magnitudes.

    S. Davis and P. Mermelstein, "Comparison of parametric representations for monosyllabic word
    recognition in continuously spoken sentences", 1980. Frequencies are in hertz.
    """
    count, low, high = filterbank_channel_count, lower_frequency_limit, upper_frequency_limit
    shape = require_rank(b, spectrogram, 3, "spectrogram")
    _require_cepstrum(shape[2], count, dct_coefficient_count, low, high)
    rate = b.convert(sample_rate, _DOUBLE)
    check_all(b, b.gt(rate, 0), "Mfcc initialization failed: the sample rate must be positive")
    bank = _Bank(b, shape[2], rate, count, low, high)
    magnitudes = b.sqrt(b.convert(spectrogram, _DOUBLE))
    numbers = DotDimensionNumbers((), (), (2,), (0,))
    energies = b.dot_general(magnitudes, bank.weights(), numbers)
    logarithms = b.log(b.maximum(energies, 1e-12))
    result = b.dot_general(logarithms, b.constant(_cosines(count, dct_coefficient_count)), numbers)
    fits = b.broadcast_in_dim(bank.fits(), b.shape(result), ())
    return b.convert(b.select(fits, result, 0), dtypes.float32)


def _require_cepstrum(bins: Dim, count: int, coefficients: int, low: float, high: float) -> None:
    reason = ""
    if isinstance(bins, int) and bins < 2:
        reason = f"the spectrogram has {bins} frequencies"
    elif not 1 <= coefficients <= count:
        reason = f"{coefficients} coefficients of {count} filterbank channels"
    elif low < 0 or high <= low:
        reason = f"frequencies from {low} to {high}"
    require(not reason, f"Mfcc initialization failed: {reason}")


def _cosines(channels: int, coefficients: int) -> Array:
    """The discrete cosine transform [channels, coefficients]."""
    turns = np.pi / channels * np.arange(coefficients)
    return np.asarray(np.sqrt(2 / channels) * np.cos(turns * (np.arange(channels)[:, None] + 0.5)))


def _mel(hertz: float) -> float:
    return float(1127 * np.log1p(hertz / 700))


class _Bank:
    """Triangular filters whose centres lie evenly on the mel scale between two frequencies."""

    def __init__(
        self, b: Builder, bins: Dim, rate: Value, count: int, low: float, high: float
    ) -> None:
        self.b, self.shape = b, (bins, count)
        step = (_mel(high) - _mel(low)) / (count + 1)
        self.centers = _mel(low) + step * np.arange(count + 2)  # and both limits
        self.last = number(b, bins - 1, _DOUBLE)
        hertz = Term(b, rate) * 0.5 / Term(b, self.last)  # from one frequency to the next
        place = Term(b, b.iota((bins,), 0, _DOUBLE))
        self.mel = (log1p(place * hertz / 700.0) * 1127.0).value
        self.start, self.end = (b.floor(x.value) for x in (low / hertz + 1.5, high / hertz))

    def fits(self) -> Value:
        """Whether the frequencies reach as far as the filters."""
        return self.b.le(self.end, self.last)

    def weights(self) -> Value:
        """How much of each frequency each filter takes: [frequencies, filters]."""
        b, count = self.b, self.shape[1]
        mel = self._spread(self.mel, 0)
        before, center, after = (
            self._spread(b.constant(self.centers[i : i + count]), 1) for i in range(3)
        )
        rising = 1.0 - (center - mel) / (center - before)
        falling = (after - mel) / (after - center)
        passed = b.convert(b.lt(center.value, mel.value), dtypes.int32)
        passed = self._spread(b.reduce_sum(passed, [1]), 0).value  # filters whose centre is below
        filter_ = b.iota(self.shape, 1, dtypes.int32)
        total = b.add(
            b.select(b.eq(filter_, passed), rising.value, 0),
            b.select(b.eq(b.add(filter_, 1), passed), falling.value, 0),
        )
        return b.select(self._used(), total, 0)

    def _used(self) -> Value:
        """Which frequencies lie between the limits."""
        b = self.b
        place = b.iota(self.shape, 0, _DOUBLE)
        start, end = (b.broadcast_in_dim(x, self.shape, ()) for x in (self.start, self.end))
        return b.and_(b.ge(place, start), b.le(place, end))

    def _spread(self, value: Value, *axes: int) -> Term:
        return Term(self.b, self.b.broadcast_in_dim(value, self.shape, axes))
