"""SavedModels that one of flowc and TensorFlow writes and the other reads and runs.

    python -m tests.frontend.saved_model.exchange MODULE write|read FOLDER

One program text serves both: `tf` is `flowc` or `tensorflow.compat.v1`. Beside each model lies
`NAME.npz`, what it was fed with and what its writer answered, before and after a training step.
It needs nothing but NumPy beside the module.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_RNG = np.random.default_rng(7)
X = _RNG.standard_normal((5, 4)).astype(np.float32)
IMAGES = _RNG.standard_normal((2, 8, 8, 3)).astype(np.float32)
TOLERANCE = 2e-5  # of sums of some dozens of products in another order


@dataclass
class Program:
    """What a program's graph takes and gives, and how it is trained and initialized."""

    inputs: dict[str, Any]
    outputs: dict[str, Any]
    feeds: dict[str, Any]
    train: Any = None
    main_op: Any = None
    options: dict[str, Any] = field(default_factory=dict)


def _weights(*shape: int) -> Array:
    """Fixed numbers that are exact in float32."""
    size = int(np.prod(shape))
    return ((np.arange(size) * 37 % 64 - 32) / 64).astype(np.float32).reshape(shape)


def dense(tf: Any, use_resource: bool = False) -> Program:
    """Two layers, trained by Adam."""
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    y = x
    for layer, shape in enumerate(((4, 8), (8, 3))):
        with tf.variable_scope(f"layer{layer}", use_resource=use_resource):
            w = tf.get_variable("w", initializer=_weights(*shape))
            b = tf.get_variable("b", initializer=np.zeros(shape[1], np.float32))
            y = tf.nn.tanh(tf.matmul(y, w) + b)
    loss = tf.reduce_mean(tf.square(y - 0.5))
    train = tf.train.AdamOptimizer(0.1).minimize(loss)
    return Program({"x": x}, {"y": y, "loss": loss}, {"x": X}, train)


def resources(tf: Any) -> Program:
    """The same with resource variables."""
    return dense(tf, use_resource=True)


def convolution(tf: Any) -> Program:
    """Convolution, fused batch norm with moments that move, pooling; trained with momentum."""
    x = tf.placeholder(tf.float32, [None, 8, 8, 3], name="x")
    w = tf.get_variable("w", initializer=_weights(3, 3, 3, 4))
    scale, offset = (
        tf.get_variable(n, initializer=np.full(4, v, np.float32))
        for n, v in (("scale", 1.5), ("offset", 0.25))
    )
    h = tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME")
    h, mean, _ = tf.nn.fused_batch_norm(h, scale, offset)
    moving = tf.get_variable("moving", initializer=np.zeros(4, np.float32), trainable=False)
    h = tf.nn.max_pool(tf.nn.relu(h), [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    loss = tf.reduce_mean(h)
    steps = [
        tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss),
        tf.assign(moving, 0.9 * moving + 0.1 * mean).op,
    ]
    outputs = {"h": h, "loss": loss, "moving": tf.identity(moving)}
    return Program({"x": x}, outputs, {"x": IMAGES}, tf.group(*steps))


def loops(tf: Any) -> Program:
    """A while loop in a branch, an array of rows, and the gradient through both."""
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    w = tf.get_variable("w", initializer=_weights(4, 4))
    n = tf.placeholder(tf.int32, [], name="n")
    looped = tf.while_loop(
        lambda i, a: i < n, lambda i, a: (i + 1, tf.tanh(tf.matmul(a, w))), (tf.constant(0), x)
    )[1]
    y = tf.cond(tf.reduce_sum(x) > -1e6, lambda: looped, lambda: x)
    rows = tf.map_fn(lambda row: row * tf.reduce_sum(row), y)
    (slope,) = tf.gradients(tf.reduce_sum(rows), [w])
    return Program({"x": x, "n": n}, {"rows": rows, "slope": slope}, {"x": X, "n": np.int32(3)})


def table(tf: Any) -> Program:
    """A vocabulary in a file, which becomes an asset."""
    words = tf.placeholder(tf.string, [None], name="words")
    init = tf.lookup.TextFileInitializer(
        _vocabulary,
        tf.string,
        tf.lookup.TextFileIndex.WHOLE_LINE,
        tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER,
    )
    ids = tf.lookup.StaticHashTable(init, -1).lookup(words)
    rows = tf.gather(tf.get_variable("rows", initializer=_weights(4, 2)), tf.maximum(ids, 0))
    feeds = {"words": np.array([b"second", b"none", b"first"])}
    assets = tf.get_collection(tf.GraphKeys.ASSET_FILEPATHS)
    options = {"assets_collection": assets}
    return Program(
        {"words": words}, {"ids": ids, "rows": rows}, feeds, None, tf.tables_initializer(), options
    )


_vocabulary = ""


def strings(tf: Any) -> Program:
    """Serialized examples, parsed and written out again."""
    text = tf.placeholder(tf.string, [None], name="text")
    features = {"a": tf.FixedLenFeature([2], tf.float32, [1.0, 2.0])}
    parsed = tf.parse_example(text, features)["a"]
    joined = tf.strings.join([tf.as_string(tf.cast(parsed, tf.int32)), "!"])
    example = tf.train.Example()
    example.features.feature["a"].float_list.value.extend([3.0, 4.0])
    feeds = {"text": np.array([b"", example.SerializeToString()])}
    return Program({"text": text}, {"a": parsed, "joined": joined}, feeds)


def partitions(tf: Any) -> Program:
    """A variable in two parts, which are saved as one tensor."""
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    initial = tf.constant_initializer(0.25)
    w = tf.get_variable("w", [4, 4], initializer=initial, partitioner=lambda **_: [2, 1])
    return Program({"x": x}, {"y": tf.matmul(x, tf.convert_to_tensor(w))}, {"x": X})


def stripped(tf: Any) -> Program:
    """Without devices and attributes that hold their defaults."""
    with tf.device("/cpu:0"):
        program = dense(tf)
    program.options = {"clear_devices": True, "strip_default_attrs": True}
    return program


PROGRAMS: dict[str, Callable[[Any], Program]] = {
    made.__name__: made
    for made in (dense, resources, convolution, loops, table, strings, partitions, stripped)
}


def write(tf: Any, folder: Path) -> None:
    """Write all programs as models, with what they answer."""
    global _vocabulary
    path = folder / f"{tf.__name__}.txt"
    path.write_text("first\nsecond\nthird\n")
    _vocabulary = str(path)
    for name, make in PROGRAMS.items():
        with tf.Graph().as_default(), tf.Session() as session:
            program = make(tf)
            session.run(tf.global_variables_initializer())
            session.run(program.main_op or [])
            if program.train is not None:
                session.run(program.train, _by_tensor(program))
            _save(tf, session, program, folder / name)
            trained = {"train": program.train.name} if program.train is not None else {}
            answers = dict(_answers(session, program))
            given = {f"feed/{key}": value for key, value in program.feeds.items()}
            np.savez(folder / f"{name}.npz", **trained, **given, **answers)
    path.unlink()


def _by_tensor(program: Program) -> dict[Any, Any]:
    return {program.inputs[key]: value for key, value in program.feeds.items()}


def _save(tf: Any, session: Any, program: Program, folder: Path) -> None:
    builder = tf.saved_model.Builder(str(folder))
    signature = tf.saved_model.predict_signature_def(program.inputs, program.outputs)
    builder.add_meta_graph_and_variables(
        session,
        ["serve"],
        {"serving_default": signature},
        main_op=program.main_op,
        **program.options,
    )
    builder.save()


def _answers(session: Any, program: Program) -> Iterator[tuple[str, Any]]:
    feeds = _by_tensor(program)
    for moment in ("now", "trained"):
        for key, value in session.run(program.outputs, feeds).items():
            yield f"{moment}/{key}", value.astype(bytes) if value.dtype == object else value
        if program.train is None:
            return
        session.run(program.train, feeds)


def read(tf: Any, folder: Path) -> None:
    """Run all models of a folder and compare with the answers beside them."""
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as stored, _naming(path.stem):
            answers = dict(stored)
            with tf.Session(graph=tf.Graph()) as session:
                model = str(path.with_suffix(""))
                meta = tf.saved_model.loader.load(session, ["serve"], model)
                _compare_session(session, meta.signature_def["serving_default"], answers)


def _compare_session(session: Any, signature: Any, answers: dict[str, Any]) -> None:
    feeds = {signature.inputs[key].name: answers[f"feed/{key}"] for key in list(signature.inputs)}
    fetches = {key: signature.outputs[key].name for key in list(signature.outputs)}
    compare(session.run(fetches, feeds), answers, "now")
    if "train" in answers:
        session.run(str(answers["train"]), feeds)
        compare(session.run(fetches, feeds), answers, "trained")


def compare(results: dict[str, Any], answers: dict[str, Any], moment: str) -> None:
    """Raise AssertionError where results are not those of the writer."""
    for key, result in results.items():
        expected, found = answers[f"{moment}/{key}"], np.asarray(result)
        if expected.dtype.kind == "S":
            assert found.astype(bytes).tolist() == expected.tolist(), (moment, key)
        else:
            assert found.dtype == expected.dtype, (moment, key)
            np.testing.assert_allclose(found, expected, TOLERANCE, TOLERANCE, err_msg=key)


@contextmanager
def _naming(model: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        error.add_note(f"model {model!r}")
        raise


def read_as_functions(folder: Path) -> None:
    """The same with TensorFlow 2's loader, which makes functions of signatures."""
    import tensorflow

    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as stored, _naming(path.stem):
            answers = dict(stored)
            model = tensorflow.saved_model.load(str(path.with_suffix("")))
            feeds = {
                key[5:]: tensorflow.constant(value)
                for key, value in answers.items()
                if key.startswith("feed/")
            }
            results = model.signatures["serving_default"](**feeds)
            compare({key: value.numpy() for key, value in results.items()}, answers, "now")


def write_objects(folder: Path) -> None:
    """Models of TensorFlow 2: functions, the variables that they capture, a layer of Keras."""
    import tensorflow as tf

    class Counter(tf.Module):  # type: ignore[misc]
        """A function that calls another in a loop, and one that looks words up."""

        def __init__(self) -> None:
            super().__init__()
            self.w = tf.Variable(_weights(4, 4))
            path = folder / "words.txt"
            path.write_text("one\ntwo\n")
            self.words = tf.lookup.StaticVocabularyTable(
                tf.lookup.TextFileInitializer(
                    str(path),
                    tf.string,
                    tf.lookup.TextFileIndex.WHOLE_LINE,
                    tf.int64,
                    tf.lookup.TextFileIndex.LINE_NUMBER,
                ),
                1,
            )

        @tf.function(input_signature=[tf.TensorSpec([None, 4])])  # type: ignore[untyped-decorator]
        def step(self, x: Any) -> Any:
            return tf.tanh(x @ self.w)

        @tf.function(
            input_signature=[  # type: ignore[untyped-decorator]
                tf.TensorSpec([None, 4]),
                tf.TensorSpec([], tf.int32),
                tf.TensorSpec([None], tf.string),
            ]
        )
        def __call__(self, x: Any, n: Any, words: Any) -> Any:
            loop = tf.while_loop(lambda i, _: i < n, lambda i, a: (i + 1, self.step(a)), (0, x))
            return {"y": loop[1], "ids": self.words.lookup(words)}

    counter = Counter()
    feeds = {"x": X, "n": np.int32(3), "words": np.array([b"two", b"three"])}
    _write_object(tf, counter, counter.__call__, feeds, folder / "counter")
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ]
    )
    signature = tf.function(
        lambda x: {"y": model(x)}, input_signature=[tf.TensorSpec([None, 8, 8, 3], name="x")]
    )
    _write_object(tf, model, signature, {"x": IMAGES}, folder / "keras")


def _write_object(tf: Any, model: Any, function: Any, feeds: dict[str, Any], path: Path) -> None:
    tf.saved_model.save(model, str(path), signatures=function)
    results = function(*map(tf.constant, feeds.values()))
    given = {f"feed/{key}": value for key, value in feeds.items()}
    np.savez(
        path.with_suffix(".npz"),
        **given,
        **{f"now/{key}": value.numpy() for key, value in results.items()},
    )


def main() -> None:
    """Do what the command line says."""
    module, what, name = sys.argv[1:]
    tf = importlib.import_module(module)
    folder = Path(name)
    if what == "write":
        write(tf, folder)
        if module.startswith("tensorflow"):
            write_objects(folder)
    else:
        read(tf, folder)
        if module.startswith("tensorflow"):
            read_as_functions(folder)


if __name__ == "__main__":
    main()
