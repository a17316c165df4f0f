"""Image files, drawing and transforms, where the corpus has no case."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import flowc as tf
from flowc.frontend.apply import build
from flowc.ir.errors import InvalidArgumentError
from flowc.ops.images.formats import read_deep_png
from flowc.ops.images.png import write_png
from tests.corpus import Pack

Array = np.ndarray[Any, Any]


@pytest.fixture(autouse=True)
def graph() -> Any:
    """A graph of its own for every test."""
    with tf.Graph().as_default() as made:
        yield made


def run(tensors: Any) -> Any:
    with tf.Session() as session:
        return session.run(tensors)


def noise(*shape: int, dtype: type = np.uint8) -> Array:
    top = np.iinfo(dtype).max
    return np.random.default_rng(7).integers(0, top, shape, dtype, endpoint=True)


def smooth(height: int, width: int) -> Array:
    """A colour image without sharp edges."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows * 3, columns * 3, 255 - rows - columns], -1).astype(np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_comes_back(channels: int, dtype: type) -> None:
    pixels = noise(5, 7, channels, dtype=dtype)
    encoded = build("EncodePng", tf.constant(pixels))
    decoded = build("DecodePng", encoded, dtype=tf.as_dtype(dtype))
    np.testing.assert_array_equal(run(decoded), pixels)


def test_png_of_a_batch() -> None:
    pixels = noise(3, 5, 7, 1)
    files = run(build("EncodePng", pixels))
    assert files.shape == (3,)
    for file, image in zip(files, pixels, strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(file))), image[..., 0])


@pytest.mark.parametrize("kind", range(5))
def test_filters_of_png(kind: int) -> None:
    pixels = noise(4, 6, 3, dtype=np.uint16)
    rows = pixels.astype(">u2").view(np.uint8).reshape(4, -1).astype(int)
    left = np.pad(rows, ((0, 0), (6, 0)))[:, :-6]
    above, corner = np.pad(rows, ((1, 0), (0, 0)))[:-1], np.pad(left, ((1, 0), (0, 0)))[:-1]
    guess = left + above - corner
    order = np.stack([left, above, corner])
    nearest = np.argmin(np.abs(order - guess), 0)
    paeth = np.take_along_axis(order, nearest[None], 0)[0]
    foretold = [0 * rows, left, above, (left + above) // 2, paeth][kind]
    filtered = np.pad((rows - foretold) % 256, ((0, 0), (1, 0)), constant_values=kind)
    content = _with_rows(write_png(pixels, 6), filtered.astype(np.uint8).tobytes())
    np.testing.assert_array_equal(read_deep_png(content), pixels)


def _with_rows(file: bytes, rows: bytes) -> bytes:
    """A PNG with other contents in its only IDAT chunk."""
    place = file.index(b"IDAT") - 4
    (size,) = struct.unpack_from(">I", file, place)
    data = zlib.compress(rows)
    check = struct.pack(">I", zlib.crc32(b"IDAT" + data))
    chunk = struct.pack(">I", len(data)) + b"IDAT" + data + check
    return file[:place] + chunk + file[place + size + 12 :]


def test_damaged_png_of_sixteen_bits() -> None:
    content = bytearray(write_png(noise(4, 4, 3, dtype=np.uint16), 6))
    content[-20] ^= 255
    with pytest.raises(InvalidArgumentError, match="Invalid PNG"):
        run(build("DecodePng", bytes(content)))


@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("size", [(16, 24), (17, 13)])
def test_jpeg_is_near_to_the_accurate_transform(sampling: str, size: tuple[int, int]) -> None:
    file = io.BytesIO()
    Image.fromarray(smooth(*size)).save(file, "JPEG", quality=90, subsampling=sampling)
    fast, accurate = run(
        [build("DecodeJpeg", file.getvalue(), dct_method=m) for m in ("", "INTEGER_ACCURATE")]
    )
    assert fast.shape == (*size, 3)
    assert np.abs(fast.astype(int) - accurate).max() <= 4


def test_jpeg_by_quality() -> None:
    files = [build("EncodeJpegVariableQuality", smooth(32, 32), quality) for quality in (10, 95)]
    small, large = (len(file) for file in run(files))
    assert small < large


@pytest.mark.parametrize("bits", [8, 24])
def test_bmp(bits: int) -> None:
    pixels = smooth(5, 7) if bits == 24 else smooth(5, 7)[..., :1]
    file = io.BytesIO()
    Image.fromarray(pixels if bits == 24 else pixels[..., 0]).save(file, "BMP")
    np.testing.assert_array_equal(run(build("DecodeBmp", file.getvalue())), pixels)


def test_every_frame_of_a_gif() -> None:
    frames = [Image.fromarray(np.full((4, 4), level, np.uint8)) for level in (10, 200)]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    decoded = run(build("DecodeGif", file.getvalue()))
    assert decoded.shape == (2, 4, 4, 3)
    assert [frame.flat[0] for frame in decoded] == [10, 200]


@pytest.mark.parametrize("name", ["DecodeJpeg", "DecodePng", "DecodeGif", "DecodeImage"])
def test_what_is_no_image(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="Unknown image file format"):
        run(build(name, b"no image"))


# Boxes


def test_boxes_in_given_colors() -> None:
    images = np.zeros((1, 5, 5, 3), np.float32)
    boxes = np.array([[[0.25, 0.25, 0.75, 0.75], [-1, -1, 2, 2]]], np.float32)
    colors = np.array([[0.5, 0.25, 1]], np.float32)
    drawn = run(build("DrawBoundingBoxesV2", images, boxes, colors))[0, :, :, 0] * 2
    expected = np.zeros((5, 5))
    expected[1:4, 1:4] = 1
    expected[2, 2] = 0
    np.testing.assert_array_equal(drawn, expected)


def test_suppression_by_a_matrix() -> None:
    overlaps = np.array([[1, 0.9, 0], [0.9, 1, 0.2], [0, 0.2, 1]], np.float32)
    scores = np.array([0.5, 0.9, 0.1], np.float32)
    chosen = build("NonMaxSuppressionWithOverlaps", overlaps, scores, 3, 0.5, 0.0)
    assert run(chosen).tolist() == [1, 2]


# Transforms

MODES = ["CONSTANT", "REFLECT", "WRAP", "NEAREST"]


def source(place: float, size: int, mode: str) -> float:
    """Where a mode reads for a position. TensorFlow's WRAP counts turns by size - 1, and clips."""
    if mode == "CONSTANT":
        return place
    if mode == "REFLECT":
        place %= 2 * size
        return 2 * size - 1 - place if place >= size else place
    if mode == "WRAP" and place < 0:
        place += size * (int(-place / (size - 1)) + 1)
    elif mode == "WRAP" and place > size - 1:
        place -= size * int(place / (size - 1))
    return min(max(place, 0), size - 1)


@pytest.mark.parametrize("mode", MODES)
def test_shifted_images(mode: str) -> None:
    images = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)
    shift = np.array([[1, 0, 5, 0, 1, -4, 0, 0]], np.float32)
    moved = run(
        build(
            "ImageProjectiveTransformV3",
            images,
            shift,
            [3, 4],
            -1.0,
            interpolation="NEAREST",
            fill_mode=mode,
        )
    )
    expected = np.full((3, 4), -1.0)
    for row, column in np.ndindex(3, 4):
        y, x = int(source(row - 4, 3, mode)), int(source(column + 5, 4, mode))
        if 0 <= y < 3 and 0 <= x < 4:
            expected[row, column] = images[0, y, x, 0]
    np.testing.assert_array_equal(moved[0, :, :, 0], expected)


def test_bilinear_transform_blends_neighbours() -> None:
    images = np.array([[0, 4], [8, 12]], np.float32).reshape(1, 2, 2, 1)
    half = np.array([[1, 0, 0.5, 0, 1, 0.25, 0, 0]], np.float32)
    blended = build("ImageProjectiveTransformV2", images, half, [1, 1], interpolation="BILINEAR")
    assert run(blended).item() == 4.0


# JPEG as TensorFlow 2.21 decodes it: checksums of its pixels


def golden_jpeg(shared: Path) -> bytes:
    """A file of 16 rows and 24 columns whose chroma is halved along both."""
    with Pack(shared / "golden/io/DecodeJpeg.npz") as pack:
        content: bytes = pack.value(pack.cases[0]["steps"][0]["feeds"][0]["value"]).item()
    return content


def checksum(pixels: Array) -> int:
    return zlib.crc32(pixels.tobytes())


@pytest.mark.parametrize(
    ("options", "shape", "expected"),
    [
        ({}, (16, 24, 3), 3582431975),
        ({"channels": 1}, (16, 24, 1), 736116530),
        ({"fancy_upscaling": False}, (16, 24, 3), 1733268363),
        ({"dct_method": "INTEGER_ACCURATE"}, (16, 24, 3), 1909180496),
        ({"dct_method": "INTEGER_ACCURATE", "channels": 1}, (16, 24, 1), 3265807323),
        ({"ratio": 2}, (8, 12, 3), 3387744453),
        ({"ratio": 4}, (4, 6, 3), 1495747216),
        ({"ratio": 8, "channels": 1}, (2, 3, 1), 1424573755),
        ({"ratio": 2, "dct_method": "INTEGER_ACCURATE"}, (8, 12, 3), 1434356348),
    ],
)
def test_jpeg_pixels(
    shared: Path, options: dict[str, Any], shape: tuple[int, ...], expected: int
) -> None:
    pixels = run(tf.image.decode_jpeg(golden_jpeg(shared), **options))
    assert (pixels.shape, checksum(pixels)) == (shape, expected)


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ((0, 0, 16, 24), 3582431975),
        ((2, 3, 9, 5), 707688534),
        ((1, 16, 4, 8), 2187133579),
        ((0, 5, 16, 2), 14010131),
    ],
)
def test_parts_of_a_jpeg(shared: Path, window: tuple[int, ...], expected: int) -> None:
    assert checksum(run(tf.image.decode_and_crop_jpeg(golden_jpeg(shared), window))) == expected


@pytest.mark.parametrize("ratio", [2, 4, 8])
def test_small_jpegs_get_smaller(ratio: int) -> None:
    file = io.BytesIO()
    Image.fromarray(smooth(9, 3)).save(file, "JPEG")
    pixels = run(tf.image.decode_jpeg(file.getvalue(), ratio=ratio))
    assert pixels.shape == (-(-9 // ratio), -(-3 // ratio), 3)


def test_a_jpeg_of_inks() -> None:
    file = io.BytesIO()
    inks = np.full((8, 8, 4), (0, 100, 200, 55), np.uint8)
    Image.fromarray(inks, "CMYK").save(file, "JPEG", quality=100)
    pixels = run(tf.image.decode_jpeg(file.getvalue()))
    np.testing.assert_allclose(pixels[4, 4], [200, 155 * 200 // 255, 55 * 200 // 255], atol=2)
    with pytest.raises(InvalidArgumentError, match="cannot be decoded to grey"):
        run(tf.image.decode_jpeg(file.getvalue(), channels=1))


@pytest.mark.parametrize("grey", [True, False])
def test_a_jpeg_that_ends_too_early(grey: bool) -> None:
    file = io.BytesIO()
    pixels = noise(33, 35, 3)
    Image.fromarray(pixels[..., 0] if grey else pixels).save(file, "JPEG", subsampling="4:2:0")
    content = file.getvalue()
    whole = run(tf.image.decode_jpeg(content))
    cut = content[:-3]
    rows = 32 if grey else 30  # two more wait for the next ones, whose chroma they take part of
    found = run(tf.image.decode_jpeg(cut, acceptable_fraction=0.5))
    np.testing.assert_array_equal(found[:rows], whole[:rows])
    assert not found[rows:].any()
    assert run(tf.image.decode_jpeg(cut, try_recover_truncated=True)).shape == whole.shape
    for options in ({}, {"acceptable_fraction": 0.99}):
        with pytest.raises(InvalidArgumentError, match="Invalid JPEG data"):
            run(tf.image.decode_jpeg(cut, **options))
    with pytest.raises(InvalidArgumentError, match="Invalid JPEG data"):
        run(tf.image.decode_jpeg(content[:30], try_recover_truncated=True))
