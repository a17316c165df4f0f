"""Image files decoded and encoded on the host; JPEG, PNG, GIF and WebP through Pillow.

Pillow is an optional dependency, imported when an image is first decoded. Every decoding op reads
every format, as in TensorFlow, but for `DecodeBmp` and `DecodeAndCropJpeg`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dtypes import DType
from flowc.ir.errors import InvalidArgumentError, OpError, UnimplementedError
from flowc.ir.tensor.builder import Builder, UnknownShape, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract, fail, show
from flowc.ops.images.formats import is_deep_png, read_bmp, read_deep_png
from flowc.ops.images.jpeg import JpegOptions, read_jpeg, rows_before_end
from flowc.ops.images.png import PNG_START, write_png
from flowc.ops.images.sizes import require_sane_size, require_size
from flowc.ops.registry import OpDefinition, host_op

_STARTS = {b"\xff\xd8\xff": "JPEG", PNG_START: "PNG", b"GIF8": "GIF", b"BM": "BMP"}
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        message = "decoding and encoding images needs Pillow: pip install pillow"
        raise UnimplementedError(None, None, message) from error
    return Image


def _format(content: bytes) -> str:
    """The file's format. Raises InvalidArgumentError for others."""
    require(bool(content), "Input is empty.")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    for start, name in _STARTS.items():
        if content.startswith(start):
            return name
    raise fail("Unknown image file format. One of JPEG, PNG, GIF, BMP, WebP required.")


@contextmanager
def _decoding(what: str) -> Iterator[None]:
    """InvalidArgumentError for whatever Pillow trips over in a file that is none."""
    try:
        yield
    except (OpError, MemoryError, UnknownShape):
        raise
    except Exception as error:
        raise fail(f"{what}: {error}") from error


def _open(content: bytes, name: str) -> Any:
    """The file's image, of which no pixel is decoded yet.

    It is not opened by `Image.open`, which warns of large images and refuses those that TensorFlow
    still decodes.
    """
    require_sane_size(content, name)
    pillow = _pillow()
    pillow.init()
    with _decoding(f"Invalid {name} data, size {len(content)}"):
        reader, _ = pillow.OPEN[name]
        return reader(io.BytesIO(content), "")


def _pixels(image: Any, channels: int, name: str) -> Array:
    """Pixels [height, width, channels] of the frame; 0 channels for its own number."""
    count = channels or _channels(image)
    with _decoding(f"Invalid {name} data or crop window"):
        if channels == 1 and image.mode in ("P", "LA", "RGBA"):
            image = image.convert("RGB" if image.mode != "LA" else "L")
        if image.mode == "LA" and count == 3:
            image = image.convert("L")
        array = np.asarray(image if image.mode == _MODES[count] else image.convert(_MODES[count]))
    return np.array(array.reshape(*array.shape[:2], count))


def _channels(image: Any) -> int:
    if image.mode == "P":
        return 4 if "transparency" in image.info else 3
    return {"1": 1, "L": 1, "I": 1, "I;16": 1, "F": 1, "LA": 2, "RGBA": 4}.get(image.mode, 3)


_BAD_JPEG = "jpeg::Uncompress failed. Invalid JPEG data or crop window"
_END_OF_JPEG = b"\xff\xd9"


def _jpeg_pixels(
    content: bytes, channels: int, options: JpegOptions, columns: tuple[int, int] | None = None
) -> Array:
    """Pixels [height, width, channels]."""
    image = _open(content, "JPEG")
    require(channels in (0, 1, 3), "JPEG does not support 4 channels")
    require(channels != 1 or image.mode != "CMYK", "JPEG of inks cannot be decoded to grey")
    try:
        with _decoding(_BAD_JPEG):
            return read_jpeg(image, channels, options, columns)
    except InvalidArgumentError:
        if content.endswith(_END_OF_JPEG) or not (options.recover or options.least < 1):
            raise
    pixels = _jpeg_pixels(content + _END_OF_JPEG, channels, options, columns)
    if options.recover:
        return pixels
    rows = rows_before_end(_open(content, "JPEG"), options)
    require(rows > 0 and rows / len(pixels) >= options.least, f"{_BAD_JPEG}: it ends too early")
    pixels[rows:] = 0
    return pixels


_PLAIN = JpegOptions()


def _decode(content: bytes, channels: int, jpeg: JpegOptions = _PLAIN) -> Array:
    """Pixels of the file, of all frames of an animation [frames, height, width, 3]."""
    name = _format(content)
    require_sane_size(content, name)
    if name == "BMP":
        return read_bmp(content, channels)
    if name == "PNG" and is_deep_png(content):
        return _with_channels(read_deep_png(content), channels)
    if name == "JPEG":
        return _jpeg_pixels(content, channels, jpeg)
    image = _open(content, name)
    if name == "GIF":
        return np.stack(list(_frames(image)))
    return _pixels(image, channels, name)


def _frames(image: Any) -> Any:
    with _decoding("Invalid GIF data"):
        count = getattr(image, "n_frames", 1)
    require_size(image.size, count, "GIF")
    for number in range(count):
        with _decoding("Invalid GIF data"):
            image.seek(number)
        yield _pixels(image, 3, "GIF")


def _with_channels(pixels: Array, channels: int) -> Array:
    """uint16 pixels with another number of channels: grey from colours, opaque alpha."""
    count = pixels.shape[2]
    if channels in (0, count):
        return pixels
    colors, alpha = (pixels[..., : count - 1 + count % 2], pixels[..., count - 1 :])
    if channels < 3 and count > 2:
        colors = np.round(colors @ np.array([0.299, 0.587, 0.114]))[..., None].astype(np.uint16)
    elif channels > 2 and count < 3:
        colors = np.repeat(colors, 3, axis=2)
    if channels % 2:
        return colors
    opaque = alpha if count % 2 == 0 else np.full_like(colors[..., :1], 65535)
    return np.concatenate([colors, opaque], axis=2)


def _as_type(pixels: Array, dtype: DType, content: bytes) -> Array:
    """Pixels of a type: of 16 bits the high byte, of a byte 16 bits; floats in [0, 1]."""
    deep = pixels.dtype == np.uint16
    if dtype == dtypes.float32:
        return (pixels.astype(np.float32) / (65535 if deep else 255)).astype(np.float32)
    if dtype == dtypes.uint16:
        scale = 1 if deep else 257 if content.startswith(PNG_START) else 256
        return pixels.astype(np.uint16) * np.uint16(scale)
    return (pixels >> 8).astype(np.uint8) if deep else pixels


def _still(pixels: Array) -> Array:
    """The image of a file that must have only one frame."""
    if pixels.ndim == 3:
        return pixels
    require(
        len(pixels) == 1, "Got more than one frame; use `decode_gif` or `decode_image` instead."
    )
    return np.asarray(pixels[0])


_JPEG = (
    "channels: int = 0, ratio: int = 1, fancy_upscaling: bool = true,"
    " try_recover_truncated: bool = false, acceptable_fraction: float = 1,"
    ' dct_method: string = ""'
)


def _check(channels: int) -> None:
    require(channels in (0, 1, 3, 4), f"`channels` must be 0, 1, 3 or 4 but got {channels}")


def _checked_jpeg(
    channels: int, ratio: int, smooth: bool, recover: bool, least: float, dct_method: str
) -> JpegOptions:
    _check(channels)
    require(ratio in (1, 2, 4, 8), f"ratio must be 1, 2, 4, or 8, got {ratio}")
    known = dct_method in ("", "INTEGER_FAST", "INTEGER_ACCURATE")
    require(known, "dct_method must be one of {'', 'INTEGER_FAST', 'INTEGER_ACCURATE'}")
    return JpegOptions(ratio, dct_method != "INTEGER_ACCURATE", smooth, recover, least)


@host_op(f"DecodeJpeg(contents: string[]; {_JPEG}) -> image: uint8")
def decode_jpeg(
    contents: Array,
    *,
    channels: int,
    ratio: int,
    fancy_upscaling: bool,
    try_recover_truncated: bool,
    acceptable_fraction: float,
    dct_method: str,
) -> Array:
    """Pixels [height, width, channels], in 1 / ratio of the size."""
    jpeg = _checked_jpeg(
        channels, ratio, fancy_upscaling, try_recover_truncated, acceptable_fraction, dct_method
    )
    content = contents.item()
    return _as_type(_still(_decode(content, channels, jpeg)), dtypes.uint8, content)


@host_op(f"DecodeAndCropJpeg(contents: string[], crop_window: int32[:]; {_JPEG}) -> image: uint8")
def decode_and_crop_jpeg(
    contents: Array,
    crop: Array,
    *,
    channels: int,
    ratio: int,
    fancy_upscaling: bool,
    try_recover_truncated: bool,
    acceptable_fraction: float,
    dct_method: str,
) -> Array:
    """The part of the image that the window names: row, column, height, width."""
    jpeg = _checked_jpeg(
        channels, ratio, fancy_upscaling, try_recover_truncated, acceptable_fraction, dct_method
    )
    require(crop.shape == (4,), f"crop_size must have four elements {show(crop.shape)}")
    name = _format(contents.item())
    require(
        name == "JPEG", f"DecodeAndCropJpeg operation can run on JPEG only, but detected {name}."
    )
    top, left, height, width = crop.tolist()
    pixels = _jpeg_pixels(contents.item(), channels, jpeg, (left, left + width))
    fits = top + height <= pixels.shape[0] and left + width <= pixels.shape[1]
    require(
        fits and min(top, left) >= 0 and min(height, width) > 0,
        "jpeg::Uncompress failed. Invalid JPEG data or crop window.",
    )
    return np.array(pixels[top : top + height, left : left + width])


@host_op(
    "DecodePng(contents: string[]; channels: int = 0, dtype: {uint8, uint16} = uint8)"
    " -> image: dtype"
)
def decode_png(contents: Array, *, channels: int, dtype: DType) -> Array:
    """Pixels [height, width, channels]."""
    _check(channels)
    content = contents.item()
    return _as_type(_still(_decode(content, channels)), dtype, content)


@host_op("DecodeGif(contents: string[]) -> image: uint8")
def decode_gif(contents: Array) -> Array:
    """The frames [frames, height, width, 3]."""
    content = contents.item()
    pixels = _decode(content, 3)
    return _as_type(pixels if pixels.ndim == 4 else pixels[None], dtypes.uint8, content)


@host_op("DecodeBmp(contents: string[]; channels: int = 0) -> image: uint8")
def decode_bmp(contents: Array, *, channels: int) -> Array:
    """Pixels [height, width, channels]."""
    _check(channels)
    name = _format(contents.item())
    require(name == "BMP", f"Trying to decode {name} format using DecodeBmp op.")
    return read_bmp(contents.item(), channels)


@host_op(
    "DecodeImage(contents: string[]; channels: int = 0, dtype: {uint8, uint16, float32} = uint8,"
    " expand_animations: bool = true) -> image: dtype"
)
def decode_image(contents: Array, *, channels: int, dtype: DType, expand_animations: bool) -> Array:
    """Pixels of a file of any format; of animations all frames, or the first one."""
    _check(channels)
    content = contents.item()
    pixels = _decode(content, channels)
    if pixels.ndim == 4:
        require(channels in (0, 3), "channels must be 0 or 3 for GIF")
        pixels = pixels if expand_animations else pixels[0]
    return _as_type(pixels, dtype, content)


def _infer_pixels(definition: OpDefinition) -> None:
    @definition.infer
    def _(b: Builder, *_: Value, channels: int) -> Value:
        return abstract(b, dtypes.uint8, None, None, channels or None)


for _definition in (decode_jpeg, decode_and_crop_jpeg, decode_bmp):
    _infer_pixels(_definition)


@decode_png.infer
def _(b: Builder, contents: Value, *, channels: int, dtype: DType) -> Value:
    return abstract(b, dtype, None, None, channels or None)


@decode_gif.infer
def _(b: Builder, contents: Value) -> Value:
    return abstract(b, dtypes.uint8, None, None, None, 3)


@decode_image.infer
def _(
    b: Builder, contents: Value, *, channels: int, dtype: DType, expand_animations: bool
) -> Value:
    if expand_animations:
        raise UnknownShape
    return abstract(b, dtype, None, None, channels or None)


@host_op(
    "ExtractJpegShape(contents: string[]; output_type: {index} = int32) -> image_shape: output_type"
)
def extract_jpeg_shape(contents: Array, *, output_type: DType) -> Array:
    """Height, width and channels, without decoding."""
    image = _open(contents.item(), "JPEG")
    return np.array([image.height, image.width, len(image.getbands())], output_type.numpy)


@extract_jpeg_shape.infer
def _(b: Builder, contents: Value, *, output_type: DType) -> Value:
    return abstract(b, output_type, 3)


# Encoding


def _jpeg(image: Array, allowed: Sequence[int], quality: int, **options: Any) -> bytes:
    require(image.ndim == 3, f"image must be 3-dimensional{show(image.shape)}")
    depth = image.shape[2]
    require(depth in allowed, f"image must have {allowed} channels{show(image.shape)}")
    require(0 <= quality <= 100, f"quality must be in [0,100], got {quality}")
    file = io.BytesIO()
    pixels = image[:, :, 0] if depth == 1 else image
    _pillow().fromarray(pixels).save(file, "JPEG", quality=quality, **options)
    return file.getvalue()


def _text(content: bytes) -> Array:
    result = np.empty((), object)
    result[()] = content
    return result


@host_op(
    'EncodeJpeg(image: uint8[:,:,:]; format: {"", "grayscale", "rgb"} = "", quality: int = 95,'
    " progressive: bool = false, optimize_size: bool = false, chroma_downsampling: bool = true,"
    ' density_unit: {"in", "cm"} = "in", x_density: int = 300, y_density: int = 300,'
    ' xmp_metadata: string = "") -> contents: string'
)
def encode_jpeg(
    image: Array,
    *,
    format: str,
    quality: int,
    progressive: bool,
    optimize_size: bool,
    chroma_downsampling: bool,
    density_unit: str,
    x_density: int,
    y_density: int,
) -> Array:
    """A JPEG file of pixels [height, width, channels]."""
    allowed = {"": (1, 3), "grayscale": (1,), "rgb": (3,)}[format]
    scale = 1 if density_unit == "in" else 2.54
    content = _jpeg(
        image,
        allowed,
        quality,
        progressive=progressive,
        optimize=optimize_size,
        subsampling="4:2:0" if chroma_downsampling else "4:4:4",
        dpi=(x_density * scale, y_density * scale),
    )
    return _text(content)


@host_op("EncodeJpegVariableQuality(images: uint8[:,:,:], quality: int32[]) -> contents: string")
def encode_jpeg_variable_quality(images: Array, quality: Array) -> Array:
    """A JPEG file; the quality is a tensor."""
    return _text(_jpeg(images, (1, 3), int(quality), subsampling="4:2:0"))


@host_op(
    "EncodePng(image: T[...,:,:,:]; compression: int = -1, T: {uint8, uint16} = uint8)"
    " -> contents: string"
)
def encode_png(image: Array, *, compression: int) -> Array:
    """A PNG file for each image [height, width, channels] of a batch of any rank."""
    require(image.ndim >= 3, f"images must be at least rank 3, got {show(image.shape)}")
    depth = image.shape[-1]
    require(1 <= depth <= 4, f"image must have 1, 2, 3, or 4 channels, got {depth}")
    require(image.size > 0, f"image cannot be empty: {show(image.shape)}")
    files = np.empty(image.shape[:-3], object)
    for place in np.ndindex(files.shape):
        files[place] = write_png(image[place], compression)
    return files


def _infer_files(definition: OpDefinition) -> None:
    @definition.infer
    def _(b: Builder, image: Value, *_: Value) -> Value:
        return abstract(b, dtypes.string, *b.shape(image)[:-3])


for _definition in (encode_jpeg, encode_jpeg_variable_quality, encode_png):
    _infer_files(_definition)
