"""`tf.image`: boxes, and what is left of the files."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.functions.derived import derive
from flowc.frontend.functions.shaping import Name
from flowc.frontend.scopes import name_scope

decode_and_crop_jpeg = derive("DecodeAndCropJpeg", "decode_and_crop_jpeg")
extract_jpeg_shape = derive("ExtractJpegShape", "extract_jpeg_shape")
_LOWEST = float("-inf")


def is_jpeg(contents: TensorLike, name: Name = None) -> Any:
    """Whether a file begins like JPEG."""
    return build("Equal", build("Substr", contents, 0, 3), b"\xff\xd8\xff", name=name)


def extract_patches(
    images: TensorLike,
    sizes: Any = None,
    strides: Any = None,
    rates: TensorLike | None = None,
    padding: str = "VALID",
    name: Name = None,
    ksizes: Any = None,
) -> Any:
    """The windows of images, each as one vector."""
    windows = sizes if sizes is not None else ksizes
    return build(
        "ExtractImagePatches",
        images,
        ksizes=windows,
        strides=strides,
        rates=rates,
        padding=padding,
        name=name,
    )


def draw_bounding_boxes(
    images: TensorLike, boxes: TensorLike, name: Name = None, colors: Any = None
) -> Any:
    """Images with the edges of boxes, whose ends are fractions of the image."""
    if colors is None:
        return build("DrawBoundingBoxes", images, boxes, name=name)
    return build("DrawBoundingBoxesV2", images, boxes, colors, name=name)


def non_max_suppression(
    boxes: TensorLike,
    scores: TensorLike,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = _LOWEST,
    name: Name = None,
) -> Any:
    """The boxes by score without those that overlap a better one."""
    return build(
        "NonMaxSuppressionV3",
        boxes,
        scores,
        max_output_size,
        iou_threshold,
        score_threshold,
        name=name,
    )


def non_max_suppression_with_scores(
    boxes: TensorLike,
    scores: TensorLike,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = _LOWEST,
    soft_nms_sigma: Any = 0.0,
    name: Name = None,
) -> Any:
    """The same with scores, which sink gradually by overlaps unless sigma is 0."""
    found = build(
        "NonMaxSuppressionV5",
        boxes,
        scores,
        max_output_size,
        iou_threshold,
        score_threshold,
        soft_nms_sigma,
        name=name,
    )
    return found[0], found[1]


def non_max_suppression_padded(
    boxes: TensorLike,
    scores: TensorLike,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = _LOWEST,
    pad_to_max_output_size: bool = False,
    name: Name = None,
) -> Any:
    """The same, filled up with zeros, and how many there are."""
    return build(
        "NonMaxSuppressionV4",
        boxes,
        scores,
        max_output_size,
        iou_threshold,
        score_threshold,
        pad_to_max_output_size=pad_to_max_output_size,
        name=name,
    )


def non_max_suppression_overlaps(
    overlaps: Any,
    scores: TensorLike,
    max_output_size: Any,
    overlap_threshold: Any = 0.5,
    score_threshold: Any = _LOWEST,
    name: Name = None,
) -> Any:
    """The same with a matrix of how much boxes overlap."""
    return build(
        "NonMaxSuppressionWithOverlaps",
        overlaps,
        scores,
        max_output_size,
        overlap_threshold,
        score_threshold,
        name=name,
    )


def sample_distorted_bounding_box(
    image_size: Any,
    bounding_boxes: Any,
    seed: int | None = None,
    seed2: int | None = None,
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = None,
    area_range: Any = None,
    max_attempts: int | None = None,
    use_image_if_no_bounding_boxes: bool | None = None,
    name: Name = None,
) -> Any:
    """A random box that covers a part of one of the given boxes, as `(begin, size, bboxes)`.

    `begin` and `size` are those of `tf.slice`; `bboxes` [1, 1, 4] is for `draw_bounding_boxes`. A
    run raises InvalidArgumentError for no boxes, unless the whole image shall do then.
    """
    given = {
        "seed": seed,
        "seed2": seed2,
        "aspect_ratio_range": aspect_ratio_range,
        "area_range": area_range,
        "max_attempts": max_attempts,
        "use_image_if_no_bounding_boxes": use_image_if_no_bounding_boxes,
    }
    attributes: dict[str, Any] = {n: value for n, value in given.items() if value is not None}
    with name_scope(name, "sample_distorted_bounding_box") as scope:
        return build(
            "SampleDistortedBoundingBoxV2",
            image_size,
            bounding_boxes,
            min_object_covered,
            name=scope,
            **attributes,
        )
