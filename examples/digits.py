"""Train two classifiers on the 1,797 real handwritten digits that scikit-learn carries.

    python examples/digits.py [--epochs N] [--folder DIR]

A multilayer perceptron and a small convolutional network, written against the TensorFlow 1 API, are
compiled to native code, trained, tested, saved and restored; a picture of some digits with the
restored network's predictions is written at the end.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from sklearn.datasets import load_digits
from tqdm import tqdm

import flowc as tf

Array = np.ndarray[Any, Any]
BATCH = 64


@dataclass(frozen=True)
class Digits:
    """Images [n, 8, 8, 1] with values from 0 to 1, and labels [n], for training and for testing."""

    train_images: Array
    train_labels: Array
    test_images: Array
    test_labels: Array


def read_digits() -> Digits:
    """The data set, shuffled with a fixed seed; a quarter is kept for testing."""
    data = load_digits()
    order = np.random.default_rng(0).permutation(len(data.target))
    images = (data.images[order, :, :, None] / 16).astype(np.float32)
    labels = data.target[order].astype(np.int32)
    return Digits(images[450:], labels[450:], images[:450], labels[:450])


def perceptron(images: Any, training: Any) -> Any:
    """Logits of a network with two hidden layers."""
    hidden = tf.layers.flatten(images)
    for units in (256, 128):
        hidden = tf.layers.dense(hidden, units, activation=tf.nn.relu)
        hidden = tf.nn.dropout(hidden, rate=0.25 * training)
    return tf.layers.dense(hidden, 10)


def convolutional(images: Any, training: Any) -> Any:
    """Logits of a network with two convolutions, each followed by pooling."""
    hidden = images
    for filters in (32, 64):
        hidden = tf.layers.conv2d(hidden, filters, 3, padding="same", activation=tf.nn.relu)
        hidden = tf.layers.max_pooling2d(hidden, 2, 2)
    hidden = tf.layers.dense(tf.layers.flatten(hidden), 128, activation=tf.nn.relu)
    return tf.layers.dense(tf.nn.dropout(hidden, rate=0.4 * training), 10)


@dataclass(frozen=True)
class Model:
    """A graph: its inputs, the training step, and what is measured."""

    graph: Any
    images: Any
    labels: Any
    training: Any
    loss: Any
    step: Any
    predictions: Any
    accuracy: Any
    saver: Any
    initialize: Any


def build(network: Callable[[Any, Any], Any]) -> Model:
    """The graph of one network, with Adam and a decaying learning rate."""
    graph = tf.Graph()
    with graph.as_default():
        tf.set_random_seed(1)
        images = tf.placeholder(tf.float32, [None, 8, 8, 1], "images")
        labels = tf.placeholder(tf.int32, [None], "labels")
        training = tf.placeholder_with_default(0.0, [], "training")
        logits = network(images, training)
        loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
        steps = tf.train.get_or_create_global_step()
        rate = tf.train.exponential_decay(2e-3, steps, 200, 0.8)
        step = tf.train.AdamOptimizer(rate).minimize(loss, global_step=steps)
        predictions = tf.argmax(logits, axis=1, output_type=tf.int32)
        accuracy = tf.reduce_mean(tf.cast(tf.equal(predictions, labels), tf.float32))
        return Model(
            graph,
            images,
            labels,
            training,
            loss,
            step,
            predictions,
            accuracy,
            tf.train.Saver(),
            tf.global_variables_initializer(),
        )


def batches(digits: Digits, epoch: int) -> Iterator[tuple[Array, Array]]:
    """One pass over the training data in random order; the last batch may be short."""
    order = np.random.default_rng(epoch).permutation(len(digits.train_labels))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        yield shifted(digits.train_images[chosen], epoch + start), digits.train_labels[chosen]


def shifted(images: Array, seed: int) -> Array:
    """The images moved by up to one pixel: eight times as much data for nothing."""
    down, right = np.random.default_rng(seed).integers(-1, 2, 2)
    return np.roll(images, (down, right), (1, 2)) if seed % 3 == 0 else images


def train(model: Model, session: Any, digits: Digits, epochs: int) -> None:
    """Train with a progress bar; prints what compiling and each step took."""
    session.run(model.initialize)
    first, step_times = 0.0, []
    progress = tqdm(range(epochs), unit="epoch")
    for epoch in progress:
        for images, labels in batches(digits, epoch):
            feeds = {model.images: images, model.labels: labels, model.training: 1.0}
            start = time.perf_counter()
            _, loss = session.run([model.step, model.loss], feeds)
            elapsed = time.perf_counter() - start
            first = first or elapsed
            step_times.append(elapsed)
        progress.set_postfix(loss=f"{loss:.4f}")
    print(f"  first step, with compilation: {first:.2f} s")
    print(f"  every further step:           {1e3 * np.median(step_times[1:]):.2f} ms")


def test(model: Model, session: Any, digits: Digits) -> float:
    """The part of the test digits that are recognised."""
    feeds = {model.images: digits.test_images, model.labels: digits.test_labels}
    return float(session.run(model.accuracy, feeds))


def run(name: str, model: Model, digits: Digits, epochs: int, folder: Path) -> Path:
    """Train, test and save one network; returns the checkpoint."""
    print(f"\n{name}")
    start = time.perf_counter()
    with tf.Session(graph=model.graph) as session:
        train(model, session, digits, epochs)
        print(f"  test accuracy:                {test(model, session, digits):.2%}")
        compiling = sum(compilation.seconds for compilation in session.compilations)
        print(f"  compiled programs:            {session.compile_count}, in {compiling:.2f} s")
        checkpoint = model.saver.save(session, str(folder / name.replace(" ", "_")))
    print(f"  seconds in all:               {time.perf_counter() - start:.1f}")
    return Path(checkpoint)


def draw(images: Array, predictions: Array, labels: Array, path: Path) -> None:
    """A picture of the digits, each with its prediction below: green if right, red if wrong."""
    scale, columns = 10, 10
    cell = 8 * scale
    rows = -(-len(images) // columns)
    picture = Image.new("RGB", (columns * (cell + 8), rows * (cell + 28)), "white")
    pen = ImageDraw.Draw(picture)
    for i, (image, found, label) in enumerate(zip(images, predictions, labels, strict=True)):
        x, y = i % columns * (cell + 8) + 4, i // columns * (cell + 28) + 4
        tile = Image.fromarray((255 - 255 * image[:, :, 0]).astype(np.uint8))
        picture.paste(tile.resize((cell, cell), Image.Resampling.NEAREST), (x, y))
        colour = "green" if found == label else "red"
        pen.text((x + cell // 2 - 4, y + cell + 2), str(found), fill=colour, font_size=18)
    picture.save(path)


def restore_and_draw(model: Model, checkpoint: Path, digits: Digits, path: Path) -> None:
    """Restore a network into a new session and write the picture."""
    with tf.Session(graph=model.graph) as session:
        model.saver.restore(session, str(checkpoint))
        print(f"\nrestored {checkpoint.name}: test accuracy {test(model, session, digits):.2%}")
        shown = digits.test_images[:50]
        predictions = session.run(model.predictions, {model.images: shown})
    draw(shown, predictions, digits.test_labels[:50], path)
    print(f"picture: {path}")


def main() -> None:
    """The whole demonstration."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40, help="passes over the training data")
    parser.add_argument("--folder", type=Path, default=Path("demo"), help="for what is written")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    digits = read_digits()
    run("perceptron", build(perceptron), digits, options.epochs, options.folder)
    model = build(convolutional)
    checkpoint = run("convolutional network", model, digits, options.epochs, options.folder)
    restore_and_draw(model, checkpoint, digits, options.folder / "predictions.png")


if __name__ == "__main__":
    main()
