"""Fourier transforms of real numbers, cosine transforms, and spectra of short frames.

The last ones are Allen and Rabiner's (1977); mel frequencies are HTK's, `1127 ln(1 + f / 700)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from flowc.frontend.aliases import DTypeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.filling import linspace, ones, range_
from flowc.frontend.functions.mathematics import cast, complex_, floordiv, maximum, minimum
from flowc.frontend.functions.reductions import reduce_sum
from flowc.frontend.functions.selection import gather
from flowc.frontend.functions.shaping import (
    concat,
    expand_dims,
    pad,
    reshape,
    roll,
    shape,
    tile,
    transpose,
)
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype

Name = str | None
Window = Callable[..., Any]

# Transforms of real numbers


def _real(op_type: str, rank: int, name: str, inverse: bool) -> Callable[..., Any]:
    def transform(input_tensor: TensorLike, fft_length: Any = None, name: Name = None) -> Any:
        with name_scope(name, op_type.lower(), [input_tensor, fft_length]):
            wanted = dtypes.complex64 if inverse else dtypes.float32
            x = convert(input_tensor, None, "input", wanted)
            lengths = _lengths(x, fft_length, rank, inverse)
            x = _padded(x, lengths, rank, inverse)
            single = x.dtype in (dtypes.float32, dtypes.complex64)
            kinds: Any = {
                "Treal": dtypes.float32 if single else dtypes.float64,
                "Tcomplex": dtypes.complex64 if single else dtypes.complex128,
            }
            return build(op_type, x, lengths, **kinds)

    transform.__name__ = name
    transform.__doc__ = (
        f"The {'inverse ' if inverse else ''}transform over the last {rank} dimension(s), which "
        "are cut or filled with zeros to `fft_length`; "
        + ("real numbers from the half spectrum." if inverse else "half of the spectrum.")
    )
    return transform


def _lengths(x: TensorLike, fft_length: Any, rank: int, inverse: bool) -> Any:
    if fft_length is not None:
        return convert(fft_length, dtypes.int32)
    sizes = shape(x)[-rank:]
    if not inverse:
        return sizes
    last = maximum(0, 2 * (sizes[-1:] - 1))
    return last if rank == 1 else concat([sizes[:-1], last], 0)


def _padded(x: Any, lengths: Any, rank: int, inverse: bool) -> Any:
    """`x` with zeros behind it where it is shorter than the transform."""
    known = lengths.constant_value()
    sizes = x.shape.as_list() if x.shape.ndims is not None else None
    if known is None or sizes is None or None in sizes[-rank:]:
        return x
    wanted = [int(n) for n in known]
    if inverse:
        wanted[-1] = wanted[-1] // 2 + 1
    missing = [max(0, n - size) for n, size in zip(wanted, sizes[-rank:], strict=True)]
    if not any(missing):
        return x
    return pad(x, [[0, 0]] * (len(sizes) - rank) + [[0, n] for n in missing])


rfft = _real("RFFT", 1, "rfft", False)
rfft2d = _real("RFFT2D", 2, "rfft2d", False)
rfft3d = _real("RFFT3D", 3, "rfft3d", False)
irfft = _real("IRFFT", 1, "irfft", True)
irfft2d = _real("IRFFT2D", 2, "irfft2d", True)
irfft3d = _real("IRFFT3D", 3, "irfft3d", True)


def fftshift(x: TensorLike, axes: Any = None, name: Name = None) -> Any:
    """The zero frequency moved to the middle of `axes` (all by default)."""
    return _shifted(x, axes, name, "fftshift", lambda size: floordiv(size, 2))


def ifftshift(x: TensorLike, axes: Any = None, name: Name = None) -> Any:
    """The inverse of `fftshift`."""
    return _shifted(x, axes, name, "ifftshift", lambda size: -floordiv(size, 2))


def _shifted(x: Any, axes: Any, name: Name, default: str, by: Callable[[Any], Any]) -> Any:
    with name_scope(name, default, [x]):
        x = convert(x)
        chosen = list(range(x.shape.ndims)) if axes is None else axes
        chosen = [chosen] if isinstance(chosen, int) else list(chosen)
        chosen = [axis % x.shape.ndims for axis in chosen]
        return roll(x, by(gather(shape(x), chosen)), chosen)


# Cosine transforms


def dct(
    input: TensorLike,
    type: int = 2,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    name: Name = None,
) -> Any:
    """The discrete cosine transform of type 1, 2 or 3 over the last dimension.

    `n` cuts it or fills it with zeros. `norm="ortho"` makes the transform orthogonal. Raises
    ValueError for other types and norms, NotImplementedError for another axis.
    """
    _check_dct(type, n, axis, norm)
    with name_scope(name, "dct", [input]):
        x = convert(input, None, "input")
        if n is not None:
            x = _resized(x, n)
        size = x.shape.as_list()[-1]
        count = shape(x)[-1] if size is None else size
        return {1: _dct1, 2: _dct2, 3: _dct3}[type](x, count, norm)


def _check_dct(kind: int, n: int | None, axis: int, norm: str | None) -> None:
    if axis != -1:
        raise NotImplementedError(f"axis must be -1. Got: {axis}")
    if n is not None and n < 1:
        raise ValueError("n should be a positive integer or None")
    if kind not in (1, 2, 3):
        raise ValueError("Only Types I, II and III (I)DCT are supported.")
    if norm not in (None, "ortho"):
        raise ValueError(f"Unknown normalization. Expected None or 'ortho', got: {norm}")
    if kind == 1 and norm == "ortho":
        raise ValueError("Normalization is not supported for the Type-I DCT.")


def _resized(x: Any, n: int) -> Any:
    size = x.shape.as_list()[-1]
    if size is not None and size >= n:
        return x[..., :n]
    missing = n - (shape(x)[-1] if size is None else size)
    front = [[0, 0]] * (x.shape.ndims - 1)
    return pad(x, [*front, [0, maximum(0, missing) if size is None else missing]])[..., :n]


def _dct1(x: Any, count: Any, norm: str | None) -> Any:
    mirrored = concat([x, x[..., -2:0:-1]], -1)
    return build("Real", rfft(mirrored), Tout=x.dtype)


def _phases(x: Any, count: Any, sign: float) -> Any:
    """exp(sign * i * pi * k / (2 n)) for k below n."""
    k = cast(range_(count), x.dtype)
    angles = k * (sign * math.pi * 0.5) / cast(count, x.dtype)
    return build("Exp", complex_(constant(0.0, x.dtype) * angles, angles))


def _weights(x: Any, count: Any, first: Any, rest: Any) -> Any:
    """A vector of one weight for the first coefficient and another for the others."""
    others = rest * ones([convert(count) - 1], x.dtype)
    return concat([reshape(first, [1]), others], 0)


def _dct2(x: Any, count: Any, norm: str | None) -> Any:
    spectrum = rfft(x, reshape(2 * convert(count), [1]))[..., :count]
    result = build("Real", spectrum * (2.0 * _phases(x, count, -1.0)), Tout=x.dtype)
    if norm is None:
        return result
    first = 0.5 * build("Rsqrt", cast(count, x.dtype))
    return result * _weights(x, count, first, first * math.sqrt(2.0))


def _dct3(x: Any, count: Any, norm: str | None) -> Any:
    size = cast(count, x.dtype)
    if norm == "ortho":
        first = build("Sqrt", size)
        x = x * _weights(x, count, first, first * math.sqrt(0.5))
    else:
        x = x * size
    spectrum = 2.0 * _phases(x, count, 1.0) * complex_(x, build("ZerosLike", x))
    front = [[0, 0]] * (x.shape.ndims - 1)
    filled = pad(spectrum, [*front, [0, 1]])  # n + 1 of the 2 n frequencies
    return irfft(filled, reshape(2 * convert(count), [1]))[..., :count]


def idct(
    input: TensorLike,
    type: int = 2,
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    name: Name = None,
) -> Any:
    """The inverse of `dct`, up to its scale: type 3 for 2, 2 for 3, 1 for 1."""
    _check_dct(type, n, axis, norm)
    return dct(input, {1: 1, 2: 3, 3: 2}[type], n, axis, norm, name)


# Windows and frames


def hann_window(
    window_length: Any, periodic: bool = True, dtype: DTypeLike = dtypes.float32, name: Name = None
) -> Any:
    """Hann's raised cosine."""
    return _raised_cosine(name, "hann_window", window_length, periodic, dtype, 0.5)


def hamming_window(
    window_length: Any, periodic: bool = True, dtype: DTypeLike = dtypes.float32, name: Name = None
) -> Any:
    """Hamming's raised cosine."""
    return _raised_cosine(name, "hamming_window", window_length, periodic, dtype, 0.54)


def _raised_cosine(
    name: Name, default: str, window_length: Any, periodic: bool, dtype: DTypeLike, mean: float
) -> Any:
    kind = as_dtype(dtype)
    if not kind.is_floating:
        raise ValueError(f"dtype must be a floating point type. Found {kind}")
    with name_scope(name, default, [window_length]):
        if window_length == 1:
            return ones([1], kind)
        length = convert(window_length, dtypes.int32)
        is_even = 1 - length % 2
        period = length + (is_even if periodic else 0) - 1
        angles = 2 * math.pi * cast(range_(length), kind) / cast(period, kind)
        return mean - (1 - mean) * build("Cos", angles)


def frame(
    signal: Any,
    frame_length: int,
    frame_step: int,
    pad_end: bool = False,
    pad_value: TensorLike = 0,
    axis: int = -1,
    name: Name = None,
) -> Any:
    """Windows of `frame_length` along an axis, each `frame_step` after the last.

    The axis becomes two: the number of frames, and `frame_length`. With `pad_end`, every step
    begins a frame, which `pad_value` fills.
    """
    with name_scope(name, "frame", [signal]):
        signal = convert(signal)
        axis %= signal.shape.ndims
        count = shape(signal)[axis]
        if pad_end:
            frames = -floordiv(-count, frame_step)
            missing = maximum(0, frame_length + frame_step * (frames - 1) - count)
            paddings = [[0, missing if a == axis else 0] for a in range(signal.shape.ndims)]
            signal = pad(signal, paddings, constant_values=pad_value)
        else:
            frames = maximum(0, 1 + floordiv(count - frame_length, frame_step))
        starts = expand_dims(range_(frames) * frame_step, 1)
        return gather(signal, starts + expand_dims(range_(frame_length), 0), axis=axis)


def overlap_and_add(signal: Any, frame_step: int, name: Name = None) -> Any:
    """Frames of shape `[..., frames, length]` added up where they overlap, a step apart."""
    with name_scope(name, "overlap_and_add", [signal]):
        signal = convert(signal)
        sizes = shape(signal)
        frames, length = sizes[-2], sizes[-1]
        total = length + frame_step * (frames - 1)
        places = expand_dims(range_(frames) * frame_step, 1) + expand_dims(range_(length), 0)
        rows = transpose(reshape(signal, [-1, frames * length]))
        summed = build("UnsortedSegmentSum", rows, reshape(places, [-1]), total)
        return reshape(transpose(summed), concat([sizes[:-2], [total]], 0))


def _next_power(length: int) -> int:
    return 1 << max(0, int(length) - 1).bit_length()


def stft(
    signals: TensorLike,
    frame_length: int,
    frame_step: int,
    fft_length: int | None = None,
    window_fn: Window | None = hann_window,
    pad_end: bool = False,
    name: Name = None,
) -> Any:
    """The spectra of windowed frames: complex `[..., frames, fft_length / 2 + 1]`.

    `fft_length` is the next power of two by default.
    """
    with name_scope(name, "stft", [signals]):
        frames = frame(convert(signals), frame_length, frame_step, pad_end)
        if window_fn is not None:
            frames = frames * window_fn(frame_length, dtype=frames.dtype)
        length = _next_power(frame_length) if fft_length is None else fft_length
        return rfft(_resized(frames, length), [length])


def inverse_stft(
    stfts: TensorLike,
    frame_length: int,
    frame_step: int,
    fft_length: int | None = None,
    window_fn: Window | None = hann_window,
    name: Name = None,
) -> Any:
    """Signals of spectra of frames; exact with the window of `inverse_stft_window_fn`."""
    with name_scope(name, "inverse_stft", [stfts]):
        length = _next_power(frame_length) if fft_length is None else fft_length
        frames = _resized(irfft(stfts, [length]), frame_length)
        if window_fn is not None:
            frames = frames * window_fn(frame_length, dtype=frames.dtype)
        return overlap_and_add(frames, frame_step)


def inverse_stft_window_fn(
    frame_step: int, forward_window_fn: Window = hann_window, name: Name = None
) -> Window:
    """The window with which `inverse_stft` inverts `stft` (Griffin and Lim 1984)."""

    def window(frame_length: int, dtype: DTypeLike) -> Any:
        with name_scope(name, "inverse_stft_window_fn", [forward_window_fn]):
            forward = forward_window_fn(frame_length, dtype=dtype)
            overlaps = -(-frame_length // frame_step)
            squares = pad(build("Square", forward), [[0, overlaps * frame_step - frame_length]])
            sums = reduce_sum(reshape(squares, [overlaps, frame_step]), 0, keepdims=True)
            spread = reshape(tile(sums, [overlaps, 1]), [overlaps * frame_step])
            return forward / spread[:frame_length]

    return window


# Mel frequencies


def _mel(frequencies: Any) -> Any:
    return 1127.0 * build("Log1p", frequencies / 700.0)


def linear_to_mel_weight_matrix(
    num_mel_bins: int = 20,
    num_spectrogram_bins: int = 129,
    sample_rate: float = 8000,
    lower_edge_hertz: float = 125.0,
    upper_edge_hertz: float = 3800.0,
    dtype: DTypeLike = dtypes.float32,
    name: Name = None,
) -> Any:
    """The matrix `[num_spectrogram_bins, num_mel_bins]` of triangles over mel frequencies.

    Raises ValueError for bins and edges (hertz) that are none.
    """
    if num_mel_bins <= 0 or num_spectrogram_bins <= 0:
        raise ValueError("The numbers of bins must be positive.")
    if not 0 <= lower_edge_hertz < upper_edge_hertz <= sample_rate / 2:
        raise ValueError(
            f"Edges must satisfy 0 <= lower_edge_hertz ({lower_edge_hertz}) < upper_edge_hertz "
            f"({upper_edge_hertz}) <= sample_rate / 2 ({sample_rate / 2})."
        )
    with name_scope(name, "linear_to_mel_weight_matrix"):
        kind = as_dtype(dtype)

        def number(value: float) -> Any:
            return constant(float(value), kind)

        bins = linspace(number(0.0), number(sample_rate / 2), num_spectrogram_bins)[1:]
        bins = expand_dims(_mel(bins), 1)
        ends = _mel(number(lower_edge_hertz)), _mel(number(upper_edge_hertz))
        edges = linspace(*ends, num_mel_bins + 2)
        lower, center, upper = (edges[i : num_mel_bins + i] for i in range(3))
        rising = (bins - lower) / (center - lower)
        falling = (upper - bins) / (upper - center)
        weights = maximum(constant(0.0, kind), minimum(rising, falling))
        return pad(weights, [[1, 0], [0, 0]])


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: Any, name: Name = None) -> Any:
    """Mel cepstral coefficients, as HTK scales them, of `[..., num_mel_bins]`."""
    with name_scope(name, "mfccs_from_log_mel_spectrograms", [log_mel_spectrograms]):
        x = convert(log_mel_spectrograms)
        count = cast(shape(x)[-1], x.dtype)
        return dct(x, type=2) * build("Rsqrt", count * 2.0)
