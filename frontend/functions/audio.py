"""Sound: `tf.audio`, and what programs take from `audio_ops` besides."""

from __future__ import annotations

from flowc.frontend.functions.derived import derive

decode_wav = derive("DecodeWav", "decode_wav")
encode_wav = derive("EncodeWav", "encode_wav")
audio_spectrogram = derive("AudioSpectrogram", "audio_spectrogram")
mfcc = derive("Mfcc", "mfcc")
