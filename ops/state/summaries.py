"""Summaries: scalars, histograms, pictures, sounds and tensors as serialized `Summary` messages."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from google.protobuf.message import DecodeError

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.proto import Summary, TensorProto
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor_values import shape_to_proto
from flowc.ops.common import abstract, fail, show
from flowc.ops.images.png import write_png
from flowc.ops.registry import OpDefinition, host_op
from flowc.ops.state.summary_values import histogram, pixels, wave
from flowc.ops.text.texts import decode, elements, scalar_text, the_text

_DEFAULT_BAD_COLOR = (255, 0, 0, 255)
_COLOR_CHANNELS = (1, 3, 4)
_DEFAULT_LEVEL = -1  # of zlib


class Context(Protocol):
    """What the ops here use of a session."""

    @property
    def node(self) -> str: ...


def _content(summary: Summary) -> Array:
    return scalar_text(summary.SerializeToString())


@host_op("ScalarSummary(tags: string, values: T; T: {real}) -> summary: string")
def scalar_summary(tags: Array, values: Array) -> Array:
    """A value for each tag."""
    require(
        np.shape(tags) == np.shape(values),
        f"tags and values are not the same shape: {show(np.shape(tags))} != "
        f"{show(np.shape(values))}{_single_tag(tags)}",
    )
    pairs = zip(elements(tags), np.ravel(values), strict=True)
    found = [Summary.Value(tag=decode(tag), simple_value=float(value)) for tag, value in pairs]
    return _content(Summary(value=found))


def _single_tag(tags: Array) -> str:
    return f" (tag '{decode(elements(tags)[0])}')" if np.size(tags) == 1 else ""


@host_op("HistogramSummary(tag: string, values: T; T: {real} = float32) -> summary: string")
def histogram_summary(tag: Array, values: Array, *, context: Context) -> Array:
    """The distribution of the values, which must be finite."""
    flat = np.ravel(values).astype(np.float64)
    broken = flat[~np.isfinite(flat)]
    if broken.size:
        what = "Nan" if np.isnan(broken[0]) else "Infinity"
        raise fail(f"{what} in summary histogram for: {context.node}")
    value = Summary.Value(tag=decode(the_text(tag, "tag")), histo=histogram(flat))
    return _content(Summary(value=[value]))


@host_op(
    "ImageSummary(tag: string, tensor: T; max_images: int >= 1 = 3,"
    " T: {uint8, float32, float16, float64} = float32,"
    f" bad_color: tensor = {list(_DEFAULT_BAD_COLOR)}) -> summary: string"
)
def image_summary(tag: Array, tensor: Array, *, max_images: int, bad_color: Any) -> Array:
    """Pictures [batch, height, width, channels] as PNG files."""
    color = np.asarray(bad_color, np.uint8)
    _check_images(np.shape(tensor), color)
    base = decode(the_text(tag, "tag"))
    summary = Summary()
    for number, image in enumerate(tensor[:max_images]):
        name = f"{base}/image/{number}" if max_images > 1 else f"{base}/image"
        shown = image if image.dtype == np.uint8 else pixels(image, color)
        height, width, depth = shown.shape
        picture = Summary.Image(
            height=height,
            width=width,
            colorspace=depth,
            encoded_image_string=write_png(shown, _DEFAULT_LEVEL),
        )
        summary.value.add(tag=name, image=picture)
    return _content(summary)


def _check_images(shape: tuple[int, ...], color: Array) -> None:
    require(
        len(shape) == 4 and shape[3] in _COLOR_CHANNELS,
        f"Tensor must be 4-D with last dim 1, 3, or 4, not {show(shape)}",
    )
    require(
        color.ndim == 1 and color.size >= shape[3],
        f"expected bad_color to be a vector of at least {shape[3]} values, got {show(color.shape)}",
    )


def _sounds(tag: Array, tensor: Array, rate: float, max_outputs: int) -> Array:
    base = decode(the_text(tag, "tag"))
    require(
        np.ndim(tensor) in (2, 3),
        f"Tensor must be 3-D or 2-D, got: {show(np.shape(tensor))}",
    )
    require(rate > 0, f"sample_rate must be positive, got: {rate}")
    summary = Summary()
    for number, sound in enumerate(tensor[:max_outputs]):
        samples = sound if sound.ndim == 2 else sound[:, None]
        frames, channels = samples.shape
        audio = Summary.Audio(
            sample_rate=rate,
            num_channels=channels,
            length_frames=frames,
            encoded_audio_string=wave(samples, rate),
            content_type="audio/wav",
        )
        name = f"{base}/audio/{number}" if max_outputs > 1 else f"{base}/audio"
        summary.value.add(tag=name, audio=audio)
    return _content(summary)


@host_op(
    "AudioSummary(tag: string, tensor: float32; sample_rate: float, max_outputs: int >= 1 = 3)"
    " -> summary: string"
)
def audio_summary(tag: Array, tensor: Array, *, sample_rate: float, max_outputs: int) -> Array:
    """Sounds [batch, frames] or [batch, frames, channels] as WAV files."""
    return _sounds(tag, tensor, sample_rate, max_outputs)


@host_op(
    "AudioSummaryV2(tag: string, tensor: float32, sample_rate: float32;"
    " max_outputs: int >= 1 = 3) -> summary: string"
)
def audio_summary_v2(tag: Array, tensor: Array, sample_rate: Array, *, max_outputs: int) -> Array:
    """The same with a rate that is computed."""
    require(np.ndim(sample_rate) == 0, "sample_rate must be a scalar")
    return _sounds(tag, tensor, float(sample_rate), max_outputs)


def _as_proto(tensor: Any, dtype: DType) -> TensorProto:
    """The tensor with its elements as raw bytes; strings as a list."""
    found = TensorProto(dtype=dtype.number, tensor_shape=shape_to_proto(np.shape(tensor)))
    if dtype is dtypes.string:
        found.string_val.extend(elements(tensor))
    else:
        found.tensor_content = np.ascontiguousarray(tensor).tobytes()
    return found


@host_op(
    'TensorSummary(tensor: T; T: type, description: string = "", labels: list(string) = [],'
    ' display_name: string = "") -> summary: string'
)
def tensor_summary(tensor: Any, *, T: DType, context: Context) -> Array:
    """A tensor under the name of the node."""
    value = Summary.Value(node_name=context.node, tensor=_as_proto(tensor, T))
    return _content(Summary(value=[value]))


@host_op(
    "TensorSummaryV2(tag: string, tensor: T, serialized_summary_metadata: string; T: type)"
    " -> summary: string"
)
def tensor_summary_v2(
    tag: Array, tensor: Any, serialized_summary_metadata: Array, *, T: DType
) -> Array:
    """A tensor under a tag, with what tells TensorBoard how to show it."""
    value = Summary.Value(tag=decode(the_text(tag, "tag")), tensor=_as_proto(tensor, T))
    try:
        value.metadata.ParseFromString(
            the_text(serialized_summary_metadata, "serialized_summary_metadata")
        )
    except DecodeError:
        raise fail("serialized_summary_metadata is no SummaryMetadata") from None
    return _content(Summary(value=[value]))


@host_op("MergeSummary(inputs: N*string; N: int >= 1) -> summary: string")
def merge_summary(inputs: list[Array]) -> Array:
    """All values of all inputs, whose tags must differ."""
    merged, tags = Summary(), set[str]()
    for content in (content for tensor in inputs for content in elements(tensor)):
        try:
            summary = Summary.FromString(content)
        except DecodeError:
            raise fail("Could not parse one of the summary inputs") from None
        for value in summary.value:
            require(
                value.tag not in tags or not value.tag,
                f"Duplicate tag {value.tag} found in summary inputs",
            )
            tags.add(value.tag)
            merged.value.append(value)
    return _content(merged)


def _infer_text(definition: OpDefinition) -> None:
    @definition.infer
    def _(b: Builder, *_: Any) -> Value:
        return abstract(b, dtypes.string)

    definition.not_differentiable()


for _definition in (
    scalar_summary,
    histogram_summary,
    image_summary,
    audio_summary,
    audio_summary_v2,
    tensor_summary,
    tensor_summary_v2,
    merge_summary,
):
    _infer_text(_definition)
