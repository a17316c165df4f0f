"""Files that ask for more memory than they are worth, and files that are none."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from typing import Any

import numpy as np
import pytest

import flowc as tf

pillow = pytest.importorskip("PIL.Image")


def png(width: int, height: int, bits: int = 8, color: int = 2, rows: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def image(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    pillow.new("RGB", (8, 6), (1, 2, 3)).save(file, kind, **options)
    return file.getvalue()


def patched(content: bytes, place: int, form: str, *values: int) -> bytes:
    changed = bytearray(content)
    struct.pack_into(form, changed, place, *values)
    return bytes(changed)


def decoded(content: bytes) -> Any:
    with tf.Graph().as_default(), tf.Session() as session:
        return session.run(tf.image.decode_image(content))


JPEG, WEBP = image("JPEG"), image("WEBP", lossless=True)
BOMBS = {
    "png of many pixels": (png(30000, 30000), "PNG size too large for int: 30000 by 30000"),
    "png of little data": (png(20000, 20000), "takes at least 1162810 bytes"),
    "png of 16 bits": (png(20000, 20000, 16), "takes at least 2325600 bytes"),
    "gif": (patched(image("GIF"), 6, "<HH", 65535, 65535), "GIF size too large for int"),
    "bmp": (patched(image("BMP"), 18, "<ii", 100000, -100000), "BMP size too large for int"),
    "jpeg": (
        patched(JPEG, JPEG.index(b"\xff\xc0") + 5, ">HH", 65535, 65535),
        "JPEG size too large for int: 65535 by 65535",
    ),
    "webp": (patched(WEBP, 21, "<I", 0x0FFFFFFF), "Invalid WEBP data"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_before_they_are_decoded(name: str) -> None:
    content, words = BOMBS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            decoded(content)


def test_a_large_image_is_no_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow's own limit says nothing of what TensorFlow decodes."""
    monkeypatch.setattr(pillow, "MAX_IMAGE_PIXELS", 10)
    for kind in ("PNG", "GIF", "BMP", "JPEG"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert decoded(image(kind)).shape[-3:] == (6, 8, 3)


def test_whatever_is_wrong_with_a_file_is_an_invalid_argument() -> None:
    random = np.random.default_rng(0)
    sources = [
        image("PNG"),
        png(2, 2, 16, 2, b"\0" * 26),
        image("GIF"),
        image("BMP"),
        JPEG,
        image("JPEG", progressive=True),
        image("WEBP"),
        WEBP,
    ]
    errors = 0
    with tf.Graph().as_default(), tf.Session() as session:
        content = tf.placeholder(tf.string, [])
        pixels = tf.image.decode_image(content)
        for number in range(400):
            damaged = bytearray(sources[number % len(sources)])
            for place in random.integers(0, len(damaged), 3):
                damaged[place] = random.integers(0, 256)
            try:
                session.run(pixels, {content: bytes(damaged)})
            except tf.errors.InvalidArgumentError:
                errors += 1
    assert 100 < errors < 400
    with pytest.raises(tf.errors.InvalidArgumentError, match="color type 3 with 16 bits"):
        decoded(png(2, 2, 16, 3))
    with pytest.raises(tf.errors.InvalidArgumentError, match="rows are missing"):
        decoded(png(2, 2, 16, 2, b"\0"))
