"""`tf.signal`: Fourier and cosine transforms, spectra of short frames."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.functions.linear_algebra import fft, fft2d, fft3d, ifft, ifft2d, ifft3d
from flowc.frontend.functions.spectral import (
    dct, fftshift, frame, hamming_window, hann_window, idct, ifftshift, inverse_stft,
    inverse_stft_window_fn, irfft, irfft2d, irfft3d, linear_to_mel_weight_matrix,
    mfccs_from_log_mel_spectrograms, overlap_and_add, rfft, rfft2d, rfft3d, stft,
)

__all__ = [
    "dct", "fft", "fft2d", "fft3d", "fftshift", "frame", "hamming_window", "hann_window", "idct",
    "ifft", "ifft2d", "ifft3d", "ifftshift", "inverse_stft", "inverse_stft_window_fn", "irfft",
    "irfft2d", "irfft3d", "linear_to_mel_weight_matrix", "mfccs_from_log_mel_spectrograms",
    "overlap_and_add", "rfft", "rfft2d", "rfft3d", "stft",
]
