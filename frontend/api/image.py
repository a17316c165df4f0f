"""`tf.image`: resizing, cropping, flipping, colours."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.functions.images import (
    ResizeMethod, adjust_brightness, adjust_contrast, adjust_hue, adjust_saturation,
    convert_image_dtype, crop_and_resize, crop_to_bounding_box, decode_bmp, decode_gif,
    decode_image, decode_jpeg, decode_png, encode_jpeg, encode_png, extract_image_patches,
    flip_left_right, flip_up_down, grayscale_to_rgb, hsv_to_rgb, pad_to_bounding_box,
    per_image_standardization, random_brightness, random_contrast, random_flip_left_right,
    random_flip_up_down, random_hue, random_saturation, resize, resize_area, resize_bicubic,
    resize_bilinear, resize_image_with_crop_or_pad, resize_images, resize_nearest_neighbor,
    resize_with_crop_or_pad, rgb_to_grayscale, rgb_to_hsv, transpose_image,
)

__all__ = [
    "ResizeMethod", "adjust_brightness", "adjust_contrast", "adjust_hue", "adjust_saturation",
    "convert_image_dtype", "crop_and_resize", "crop_to_bounding_box", "decode_bmp", "decode_gif",
    "decode_image", "decode_jpeg", "decode_png", "encode_jpeg", "encode_png",
    "extract_image_patches", "flip_left_right", "flip_up_down", "grayscale_to_rgb", "hsv_to_rgb",
    "pad_to_bounding_box", "per_image_standardization", "random_brightness", "random_contrast",
    "random_flip_left_right", "random_flip_up_down", "random_hue", "random_saturation", "resize",
    "resize_area", "resize_bicubic", "resize_bilinear", "resize_image_with_crop_or_pad",
    "resize_images", "resize_nearest_neighbor", "resize_with_crop_or_pad", "rgb_to_grayscale",
    "rgb_to_hsv", "transpose_image",
]
