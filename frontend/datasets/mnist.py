"""The handwritten digits of MNIST, as `tensorflow.examples.tutorials.mnist.input_data` gives them.

Format of the files: http://yann.lecun.com/exdb/mnist/ (IDX, big-endian, gzipped).
"""

from __future__ import annotations

import gzip
import struct
import urllib.error
import urllib.request
from collections import namedtuple
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from flowc.frontend.seeds import get_seed
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype
from flowc.ir.errors import NotFoundError

Array: TypeAlias = np.ndarray[Any, Any]
Datasets = namedtuple("Datasets", ["train", "validation", "test"])

DEFAULT_SOURCE_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/"
_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
_CLASSES = 10


def maybe_download(filename: str, work_directory: str, source_url: str) -> str:
    """The path of a file in a directory, fetched from `source_url` if it is not there.

    Raises NotFoundError where it cannot be fetched.
    """
    path = Path(work_directory) / filename
    if path.exists():
        return str(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        urllib.request.urlretrieve(source_url, part)
    except (urllib.error.URLError, OSError) as error:
        raise NotFoundError(
            None,
            None,
            f"{path} does not exist and {source_url} cannot be read ({error}). Put the file there.",
        ) from error
    part.rename(path)
    return str(path)


def _read(path: str, magic: int, rank: int) -> Array:
    """The bytes of an IDX file as an array. Raises ValueError for another kind of file."""
    with gzip.open(path) as file:
        content = file.read()
    header = struct.unpack_from(f">{1 + rank}I", content)
    if header[0] != magic:
        raise ValueError(f"Invalid magic number {header[0]} in MNIST file: {path}")
    return np.frombuffer(content, np.uint8, offset=4 * (1 + rank)).reshape(header[1:])


def extract_images(path: str) -> Array:
    """Images as uint8 `[count, rows, columns, 1]`."""
    return _read(path, 2051, 3)[..., None]


def extract_labels(path: str, one_hot: bool = False, num_classes: int = _CLASSES) -> Array:
    """Labels as uint8 `[count]`, or float64 rows with a single one."""
    labels = _read(path, 2049, 1)
    return np.eye(num_classes)[labels] if one_hot else labels


class DataSet:
    """Images in [0, 1] and their labels, given out in batches."""

    def __init__(
        self,
        images: Array,
        labels: Array,
        fake_data: bool = False,
        one_hot: bool = False,
        dtype: Any = dtypes.float32,
        reshape: bool = True,
        seed: int | None = None,
    ) -> None:
        kind = as_dtype(dtype)
        if kind not in (dtypes.uint8, dtypes.float32):
            raise TypeError(f"Invalid image dtype {kind!r}, expected uint8 or float32")
        graph_seed, op_seed = get_seed(seed)
        self._random = np.random.RandomState(graph_seed if seed is None else op_seed)
        self._fake, self._one_hot = fake_data, one_hot
        self._count = 10000 if fake_data else len(images)
        if not fake_data:
            if len(images) != len(labels):
                raise ValueError(f"images.shape: {images.shape} labels.shape: {labels.shape}")
            if reshape:
                images = images.reshape(len(images), int(np.prod(images.shape[1:])))
            if kind is dtypes.float32:
                images = images.astype(np.float32) * np.float32(1 / 255)
        self._images, self._labels = images, labels
        self._epochs = self._next = 0

    @property
    def images(self) -> Array:
        """All images."""
        return self._images

    @property
    def labels(self) -> Array:
        """All labels."""
        return self._labels

    @property
    def num_examples(self) -> int:
        """How many there are."""
        return self._count

    @property
    def epochs_completed(self) -> int:
        """How often all have been given out."""
        return self._epochs

    def next_batch(
        self, batch_size: int, fake_data: bool = False, shuffle: bool = True
    ) -> tuple[Any, Any]:
        """The next images and labels; an epoch begins anew, in another order, when one ends."""
        if fake_data or self._fake:
            label: Any = [1] + [0] * (_CLASSES - 1) if self._one_hot else 0
            return [[1] * 784] * batch_size, [label] * batch_size
        if self._epochs == 0 and self._next == 0 and shuffle:
            self._shuffle()
        start, end = self._next, self._next + batch_size
        if end <= self._count:
            self._next = end
            return self._images[start:end], self._labels[start:end]
        images, labels = self._images[start:], self._labels[start:]
        self._epochs += 1
        if shuffle:
            self._shuffle()
        self._next = end - self._count
        return (
            np.concatenate([images, self._images[: self._next]]),
            np.concatenate([labels, self._labels[: self._next]]),
        )

    def _shuffle(self) -> None:
        order = np.arange(self._count)
        self._random.shuffle(order)
        self._images, self._labels = self._images[order], self._labels[order]


def read_data_sets(
    train_dir: str,
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = dtypes.float32,
    reshape: bool = True,
    validation_size: int = 5000,
    seed: int | None = None,
    source_url: str = DEFAULT_SOURCE_URL,
) -> Datasets:
    """Training, validation and test data from the files in a directory, fetched if need be.

    Images are `[count, 784]`, or `[count, 28, 28, 1]` without `reshape`. Raises ValueError for a
    validation set larger than the training data, NotFoundError where a file cannot be fetched.
    """
    options = {"dtype": dtype, "reshape": reshape, "seed": seed}
    if fake_data:
        nothing = np.zeros(0)
        fake = [DataSet(nothing, nothing, True, one_hot, dtype, seed=seed) for _ in range(3)]
        return Datasets(*fake)
    url = source_url or DEFAULT_SOURCE_URL
    paths = [maybe_download(name, train_dir, url + name) for name in _FILES]
    images, labels = extract_images(paths[0]), extract_labels(paths[1], one_hot)
    test = extract_images(paths[2]), extract_labels(paths[3], one_hot)
    if not 0 <= validation_size <= len(images):
        raise ValueError(
            f"Validation size should be between 0 and {len(images)}. Received: {validation_size}."
        )
    split = validation_size
    return Datasets(
        train=DataSet(images[split:], labels[split:], **options),
        validation=DataSet(images[:split], labels[:split], **options),
        test=DataSet(*test, **options),
    )


def load_mnist(train_dir: str = "MNIST-data") -> Datasets:
    """`read_data_sets` with labels as numbers."""
    return read_data_sets(train_dir)
