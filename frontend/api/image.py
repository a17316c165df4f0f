"""`tf.image`: resizing, cropping, flipping, colours."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.functions.image_bounds import (
    central_crop, crop_to_bounding_box, pad_to_bounding_box, resize_image_with_crop_or_pad,
)
from flowc.frontend.functions.image_bounds import (
    resize_image_with_crop_or_pad as resize_with_crop_or_pad,
)
from flowc.frontend.functions.image_boxes import (
    decode_and_crop_jpeg, draw_bounding_boxes, extract_jpeg_shape, extract_patches, is_jpeg,
    non_max_suppression, non_max_suppression_overlaps, non_max_suppression_padded,
    non_max_suppression_with_scores, sample_distorted_bounding_box,
)
from flowc.frontend.functions.image_measures import (
    adjust_gamma, image_gradients, psnr, rgb_to_yiq, rgb_to_yuv, rot90,
    total_variation, yiq_to_rgb, yuv_to_rgb,
)
from flowc.frontend.functions.image_quality import (
    adjust_jpeg_quality, random_jpeg_quality, resize_image_with_pad, sobel_edges, ssim,
    ssim_multiscale,
)
from flowc.frontend.functions.image_quality import resize_image_with_pad as resize_with_pad
from flowc.frontend.functions.images import (
    ResizeMethod, adjust_brightness, adjust_contrast, adjust_hue, adjust_saturation,
    convert_image_dtype, crop_and_resize, decode_bmp, decode_gif, decode_image, decode_jpeg,
    decode_png, encode_jpeg, encode_png, extract_image_patches, flip_left_right, flip_up_down,
    grayscale_to_rgb, hsv_to_rgb, per_image_standardization, random_brightness, random_contrast,
    random_flip_left_right, random_flip_up_down, random_hue, random_saturation, resize,
    resize_area, resize_bicubic, resize_bilinear, resize_images, resize_nearest_neighbor,
    rgb_to_grayscale, rgb_to_hsv, transpose_image,
)
from flowc.frontend.functions.images import transpose_image as transpose
from flowc.frontend.functions.random import random_crop

__all__ = [
    "ResizeMethod", "adjust_brightness", "adjust_contrast", "adjust_gamma", "adjust_hue",
    "adjust_jpeg_quality", "adjust_saturation", "central_crop", "convert_image_dtype",
    "crop_and_resize", "crop_to_bounding_box", "decode_and_crop_jpeg", "decode_bmp", "decode_gif",
    "decode_image", "decode_jpeg", "decode_png", "draw_bounding_boxes", "encode_jpeg", "encode_png",
    "extract_image_patches", "extract_jpeg_shape", "extract_patches", "flip_left_right",
    "flip_up_down", "grayscale_to_rgb", "hsv_to_rgb", "image_gradients", "is_jpeg",
    "non_max_suppression", "non_max_suppression_overlaps", "non_max_suppression_padded",
    "non_max_suppression_with_scores", "pad_to_bounding_box", "per_image_standardization", "psnr",
    "random_brightness", "random_contrast", "random_crop", "random_flip_left_right",
    "random_flip_up_down", "random_hue", "random_jpeg_quality", "random_saturation", "resize",
    "resize_area", "resize_bicubic", "resize_bilinear", "resize_image_with_crop_or_pad",
    "resize_image_with_pad", "resize_images", "resize_nearest_neighbor", "resize_with_crop_or_pad",
    "resize_with_pad", "rgb_to_grayscale", "rgb_to_hsv", "rgb_to_yiq", "rgb_to_yuv", "rot90",
    "sample_distorted_bounding_box", "sobel_edges", "ssim", "ssim_multiscale", "total_variation",
    "transpose", "transpose_image", "yiq_to_rgb", "yuv_to_rgb",
]
