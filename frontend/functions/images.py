"""`tf.image`: resizing, cropping, flipping, colours of one image or of a batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowc.frontend.aliases import DTypeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.control_flow.conditionals import cond
from flowc.frontend.conversion import constant, convert
from flowc.frontend.functions.derived import derive
from flowc.frontend.functions.mathematics import cast, saturate_cast, tensordot
from flowc.frontend.functions.random import random_uniform
from flowc.frontend.functions.reductions import reduce_mean, reduce_min
from flowc.frontend.functions.shaping import Name, expand_dims, one_of, size, squeeze
from flowc.frontend.scopes import name_scope
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype


class ResizeMethod:
    """How `resize_images` interpolates."""

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


_RESIZE = ("ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "ResizeArea")

resize_bilinear = derive("ResizeBilinear", "resize_bilinear")
resize_nearest_neighbor = derive("ResizeNearestNeighbor", "resize_nearest_neighbor")
resize_bicubic = derive("ResizeBicubic", "resize_bicubic")
resize_area = derive("ResizeArea", "resize_area")
rgb_to_hsv = derive("RGBToHSV", "rgb_to_hsv")
hsv_to_rgb = derive("HSVToRGB", "hsv_to_rgb")
decode_png = derive("DecodePng", "decode_png")
decode_jpeg = derive("DecodeJpeg", "decode_jpeg")
decode_gif = derive("DecodeGif", "decode_gif")
decode_bmp = derive("DecodeBmp", "decode_bmp")
decode_image = derive("DecodeImage", "decode_image")
encode_png = derive("EncodePng", "encode_png")
encode_jpeg = derive("EncodeJpeg", "encode_jpeg")


def crop_and_resize(
    image: TensorLike,
    boxes: TensorLike,
    box_ind: TensorLike | None = None,
    crop_size: TensorLike | None = None,
    method: str = "bilinear",
    extrapolation_value: float = 0,
    name: Name = None,
    box_indices: TensorLike | None = None,
) -> Any:
    """Boxes cut out of images [batch, height, width, channels] and resized: float32.

    `boxes` are rows of corners [y1, x1, y2, x2] in parts of the height and width, `box_ind` (or
    `box_indices`) says of which image each is, `crop_size` is height and width of the crops. Raises
    ValueError for shapes that do not fit, InvalidArgumentError for an image that is not there.
    """
    which = one_of("box_ind", box_ind, "box_indices", box_indices)
    return build(
        "CropAndResize",
        image,
        boxes,
        which,
        crop_size,
        method=method,
        extrapolation_value=extrapolation_value,
        name=name,
    )


def extract_image_patches(
    images: TensorLike,
    ksizes: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: str | None = None,
    name: Name = None,
    sizes: Any = None,
) -> Any:
    """Windows of images [batch, height, width, channels], each laid out along the channels.

    `ksizes` (or `sizes`), `strides` and `rates`, the distance between a window's pixels, are four
    numbers of which the first and last are 1; `padding` is "SAME" or "VALID".
    """
    return build(
        "ExtractImagePatches",
        images,
        ksizes=one_of("ksizes", ksizes, "sizes", sizes),
        strides=strides,
        rates=rates,
        padding=padding,
        name=name,
    )


def _as_batch(images: Any) -> tuple[Any, bool]:
    """Images as a batch, and whether there was one image. Raises ValueError for other ranks."""
    rank = images.shape.ndims
    if rank == 3:
        return expand_dims(images, 0), True
    if rank not in (4, None):
        raise ValueError("'images' must have either 3 or 4 dimensions.")
    return images, False


def resize_images(
    images: TensorLike,
    size: TensorLike,
    method: int = ResizeMethod.BILINEAR,
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
    name: Name = None,
) -> Any:
    """Images of another height and width; float32 but for nearest neighbours.

    Raises ValueError for an unknown method, a bad rank, or a size that is not two numbers.
    """
    if method not in range(len(_RESIZE)):
        raise ValueError("Resize method is not implemented.")
    with name_scope(name, "resize", [images, size]):
        images, single = _as_batch(convert(images, None, "images"))
        wanted = convert(size, dtypes.int32, "size")
        if not wanted.shape.is_compatible_with([2]):
            raise ValueError("'size' must be a 1-D Tensor of 2 elements: new_height, new_width")
        if preserve_aspect_ratio:
            wanted = _in_proportion(images, wanted)
        resized = build(_RESIZE[method], images, wanted, align_corners=align_corners)
        return squeeze(resized, [0]) if single else resized


def _in_proportion(images: Any, wanted: Any) -> Any:
    """The greatest size within the one wanted that has the images' proportions: int32 [2]."""
    old = cast(build("Shape", images)[1:3], dtypes.float32)
    scale = reduce_min(cast(wanted, dtypes.float32) / old)
    return cast(build("Round", scale * old), dtypes.int32)


resize = resize_images


def _flip(name: str, axis: int) -> Callable[[Any], Any]:
    def flip(image: TensorLike) -> Any:
        with name_scope(None, name, [image]):
            image = convert(image, None, "image")
            return build("ReverseV2", image, [axis if image.shape.ndims == 3 else axis + 1])

    flip.__doc__ = f"Images mirrored along axis {axis}."
    return flip


flip_up_down = _flip("flip_up_down", 0)
flip_left_right = _flip("flip_left_right", 1)


def _each_flipped(images: Any, axis: int, seed: int | None) -> Any:
    """A batch of images, of which each is mirrored in one of two cases."""
    count = build("Shape", images)[0]
    drawn = random_uniform([count], 0, 1.0, seed=seed)
    flips = cast(build("Round", build("Reshape", drawn, [count, 1, 1, 1])), images.dtype)
    return flips * build("ReverseV2", images, [axis]) + (1 - flips) * images


def _random_flip(name: str, axis: int) -> Callable[..., Any]:
    def flip(image: TensorLike, seed: int | None = None) -> Any:
        with name_scope(None, name, [image]):
            image = convert(image, None, "image")
            if image.shape.ndims == 4:
                return _each_flipped(image, axis + 1, seed)
            if image.shape.ndims not in (3, None):
                raise ValueError("'image' must have either 3 or 4 dimensions.")
            chosen = build("Less", random_uniform([], 0, 1.0, seed=seed), 0.5)
            flipped = cond(chosen, lambda: build("ReverseV2", image, [axis]), lambda: image)
            flipped.set_shape(image.shape)
            return flipped

    flip.__doc__ = f"""An image, or each of a batch, mirrored along axis {axis} in one of two cases.

    Raises ValueError for a tensor of other than 3 or 4 dimensions.
    """
    return flip


random_flip_up_down = _random_flip("random_flip_up_down", 0)
random_flip_left_right = _random_flip("random_flip_left_right", 1)


def transpose_image(image: TensorLike, name: Name = None) -> Any:
    """Images with rows and columns exchanged."""
    image = convert(image, None, "image")
    order = [1, 0, 2] if image.shape.ndims == 3 else [0, 2, 1, 3]
    return build("Transpose", image, order, name=name or "transpose_image")


def convert_image_dtype(
    image: TensorLike, dtype: DTypeLike, saturate: bool = False, name: Name = None
) -> Any:
    """Pixels of another dtype; floats are in [0, 1], integers in their whole range."""
    image, wanted = convert(image, None, "image"), as_dtype(dtype)
    if image.dtype is wanted:
        return build("Identity", image, name=name)
    with name_scope(name, "convert_image", [image]) as scope:
        if image.dtype.is_integer and wanted.is_integer:
            return _between_integers(image, wanted, saturate, scope)
        if image.dtype.is_floating and wanted.is_floating:
            return cast(image, wanted, scope)
        if image.dtype.is_integer:
            return build("Mul", cast(image, wanted), 1.0 / int(image.dtype.max), name=scope)
        scaled = build("Mul", image, int(wanted.max) + 0.5)
        return saturate_cast(scaled, wanted, scope) if saturate else cast(scaled, wanted, scope)


def _between_integers(image: Any, wanted: Any, saturate: bool, scope: str) -> Any:
    old, new = int(image.dtype.max), int(wanted.max)
    if old > new:
        scaled = build("FloorDiv", image, (old + 1) // (new + 1))
        return saturate_cast(scaled, wanted, scope) if saturate else cast(scaled, wanted, scope)
    return build("Mul", cast(image, wanted), (new + 1) // (old + 1), name=scope)


def _in_floats(image: TensorLike, function: Callable[[Any], Any]) -> Any:
    """`function` of the image as float32, in its own dtype again."""
    image = convert(image, None, "image")
    result = function(convert_image_dtype(image, dtypes.float32))
    return convert_image_dtype(result, image.dtype, saturate=True)


def adjust_brightness(image: TensorLike, delta: TensorLike) -> Any:
    """Pixels plus `delta`."""
    with name_scope(None, "adjust_brightness", [image, delta]):
        return _in_floats(image, lambda x: build("Add", x, cast(delta, dtypes.float32)))


def adjust_contrast(images: TensorLike, contrast_factor: TensorLike) -> Any:
    """Each channel's distance from its mean times a factor."""
    with name_scope(None, "adjust_contrast", [images, contrast_factor]):
        return _in_floats(images, lambda x: build("AdjustContrastv2", x, contrast_factor))


def adjust_hue(image: TensorLike, delta: TensorLike, name: Name = None) -> Any:
    """RGB images with `delta` added to the hue."""
    with name_scope(name, "adjust_hue", [image]):
        return _in_floats(image, lambda x: build("AdjustHue", x, delta))


def adjust_saturation(image: TensorLike, saturation_factor: TensorLike, name: Name = None) -> Any:
    """RGB images with the saturation times a factor."""
    with name_scope(name, "adjust_saturation", [image]):
        return _in_floats(image, lambda x: build("AdjustSaturation", x, saturation_factor))


def random_brightness(image: TensorLike, max_delta: float, seed: int | None = None) -> Any:
    """`adjust_brightness` by a number in [-max_delta, max_delta)."""
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    return adjust_brightness(image, random_uniform([], -max_delta, max_delta, seed=seed))


def random_contrast(image: TensorLike, lower: float, upper: float, seed: int | None = None) -> Any:
    """`adjust_contrast` by a factor in [lower, upper)."""
    _check_range(lower, upper)
    return adjust_contrast(image, random_uniform([], lower, upper, seed=seed))


def random_hue(image: TensorLike, max_delta: float, seed: int | None = None) -> Any:
    """`adjust_hue` by a number in [-max_delta, max_delta)."""
    if not 0 <= max_delta <= 0.5:
        raise ValueError("max_delta must be in [0, 0.5].")
    return adjust_hue(image, random_uniform([], -max_delta, max_delta, seed=seed))


def random_saturation(
    image: TensorLike, lower: float, upper: float, seed: int | None = None
) -> Any:
    """`adjust_saturation` by a factor in [lower, upper)."""
    _check_range(lower, upper)
    return adjust_saturation(image, random_uniform([], lower, upper, seed=seed))


def _check_range(lower: float, upper: float) -> None:
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")


def rgb_to_grayscale(images: TensorLike, name: Name = None) -> Any:
    """Images of one channel, weighted as the eye sees."""
    with name_scope(name, "rgb_to_grayscale", [images]):
        images = convert(images, None, "images")
        pixels = convert_image_dtype(images, dtypes.float32)
        gray = expand_dims(tensordot(pixels, constant([0.2989, 0.5870, 0.1140]), [[-1], [-1]]), -1)
        return convert_image_dtype(gray, images.dtype)


def grayscale_to_rgb(images: Any, name: Name = None) -> Any:
    """Images of three equal channels."""
    with name_scope(name, "grayscale_to_rgb", [images]) as scope:
        images = convert(images, None, "images")
        return build("Tile", images, [1] * (images.shape.ndims - 1) + [3], name=scope)


def per_image_standardization(image: TensorLike) -> Any:
    """Each image with mean 0 and variance 1; nearly uniform images are not blown up."""
    with name_scope(None, "per_image_standardization", [image]) as scope:
        image = convert(image, None, "image")
        count = size(image[0] if image.shape.ndims == 4 else image)
        image = cast(image, dtypes.float32)
        mean = reduce_mean(image, [-1, -2, -3], keepdims=True)
        squares = reduce_mean(build("Square", image), [-1, -2, -3], keepdims=True)
        deviation = build("Sqrt", build("Relu", squares - build("Square", mean)))
        least = build("Rsqrt", cast(count, dtypes.float32))
        return build("RealDiv", image - mean, build("Maximum", deviation, least), name=scope)
