"""Reading MNIST's files."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.datasets import mnist

COUNT, TEST_COUNT = 10, 4


def write(folder: Path, kind: str, count: int) -> None:
    images = np.arange(count * 28 * 28).astype(np.uint8)
    labels = (np.arange(count) % 10).astype(np.uint8)
    header = struct.pack(">4I", 2051, count, 28, 28)
    content = gzip.compress(header + images.tobytes())
    (folder / f"{kind}-images-idx3-ubyte.gz").write_bytes(content)
    content = gzip.compress(struct.pack(">2I", 2049, count) + labels.tobytes())
    (folder / f"{kind}-labels-idx1-ubyte.gz").write_bytes(content)


@pytest.fixture
def folder(tmp_path: Path) -> str:
    write(tmp_path, "train", COUNT)
    write(tmp_path, "t10k", TEST_COUNT)
    return str(tmp_path)


def test_sets_and_shapes(folder: str) -> None:
    data = mnist.read_data_sets(folder, one_hot=True, validation_size=3)
    sizes = [data.train.num_examples, data.validation.num_examples, data.test.num_examples]
    assert sizes == [7, 3, TEST_COUNT]
    assert data.train.images.shape == (7, 784)
    assert data.train.images.dtype == np.float32
    assert 0 <= data.train.images.min() <= data.train.images.max() <= 1
    assert data.train.labels.argmax(1).tolist() == [3, 4, 5, 6, 7, 8, 9]
    plain = mnist.read_data_sets(folder, reshape=False, dtype=tf.uint8, validation_size=0)
    assert plain.test.images.shape == (TEST_COUNT, 28, 28, 1)
    assert plain.test.labels.tolist() == [0, 1, 2, 3]


def test_batches_go_through_all_images(folder: str) -> None:
    train = mnist.read_data_sets(folder, validation_size=0, seed=1).train
    labels = [train.next_batch(4)[1] for _ in range(5)]
    assert sorted(np.concatenate(labels).tolist()) == sorted(list(range(10)) * 2)
    assert train.epochs_completed == 1
    in_order = mnist.read_data_sets(folder, validation_size=0).train
    assert in_order.next_batch(3, shuffle=False)[1].tolist() == [0, 1, 2]


def test_what_cannot_be_read(folder: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Validation size should be between"):
        mnist.read_data_sets(folder, validation_size=11)
    with pytest.raises(ValueError, match="Invalid magic number"):
        mnist.extract_labels(f"{folder}/train-images-idx3-ubyte.gz")
    with pytest.raises(tf.errors.NotFoundError, match="Put the file there"):
        mnist.maybe_download("x.gz", str(tmp_path / "new"), f"file://{tmp_path}/missing")
