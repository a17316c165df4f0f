"""`tf.audio`: WAV files."""

from flowc.frontend.functions.audio import decode_wav, encode_wav

__all__ = ["decode_wav", "encode_wav"]
