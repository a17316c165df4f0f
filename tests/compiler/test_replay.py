"""Dumps read back: every level parses, and gives the same code as the first compilation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.compiler import replay
from flowc.ir.loops.parser import parse_kernel
from flowc.ir.loops.printer import print_kernel
from flowc.ir.loops.verifier import verify_kernel
from flowc.ir.tensor.core import Computation, Module
from flowc.ir.tensor.parser import parse_module
from flowc.ir.tensor.printer import print_module
from flowc.passes.pipeline import PASSES


def training(x: Any) -> Any:
    hidden = tf.layers.dense(x, 16, activation=tf.nn.relu)
    loss = tf.reduce_mean(tf.square(tf.nn.softmax(hidden)))
    return [loss, tf.train.AdamOptimizer().minimize(loss)]


def loop(x: Any) -> Any:
    return tf.while_loop(
        lambda i, a: i < 3, lambda i, a: (i + 1, tf.matmul(a, a) + tf.reduce_sum(x)), [0, tf.eye(4)]
    )


PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "training": training,
    "loop": loop,
    "branches": lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: tf.sort(x), lambda: x - 1),
    "check": lambda x: tf.check_numerics(tf.gather(x, [0, 1]), 'a "message"\n of two lines'),
    "random": lambda x: tf.random_normal(tf.shape(x)) * x,
    "complex": lambda x: tf.abs(tf.fft(tf.complex(x, x))),
    "dilated": lambda x: tf.layers.conv1d(x[:, :, None], 2, 3, dilation_rate=2, padding="same"),
    "kinds": lambda x: tf.cast(tf.argmax(tf.cast(x, tf.bfloat16), 1), tf.uint8),
    "constant": lambda x: x * np.linspace(-1, 1, 8, dtype=np.float32) + float("inf"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_level_parses_back_and_gives_the_same_code(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWC_FLAGS", f"--strict --threads=2 --dump-to={tmp_path}")
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 8])
        fetches = PROGRAMS[name](x)
        session.run(tf.global_variables_initializer())
        session.run(fetches, {x: np.ones((3, 8))})
    assert list(tmp_path.iterdir())
    for folder in tmp_path.iterdir():
        (loops,) = folder.glob("*_loops.txt")
        for step in replay.steps(folder):
            kernel = parse_kernel(step.text)
            verify_kernel(kernel)
            text = print_kernel(kernel, own_indices=True)
            assert print_kernel(parse_kernel(text), own_indices=True) == text
        for level, path in replay.levels(folder).items():
            module = parse_module(path.read_text())
            assert print_module(module) == path.read_text()
            fused = replay.replay(module, replay.passes_after(level))
            assert replay.loop_ir(fused, threads=2) == loops.read_text()


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLOWC_FLAGS", f"--strict --dump-to={tmp_path}")
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [4])
        session.run(tf.negative(tf.negative(x)) * 2.0, {x: np.ones(4)})
    (folder,) = map(str, tmp_path.iterdir())
    simplify = 1 + [p.name for p in PASSES].index("simplify")
    assert replay.main([folder, "--passes", str(simplify)]) == 0
    assert "negate" in capsys.readouterr().out
    assert replay.main([folder, "--loops"]) == 0
    assert "program(" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{}/nothing"], "holds no dump"),
        (["{}", "--level", "03-x"], "there is no level '03-x' but 00-input"),
        (["{}", "--passes", "99"], "1 eliminate_dead_code"),
        (["{}"], "line 1"),
    ],
)
def test_wrong_arguments(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = print_module(Module("empty", Computation((), (), ())))
    (tmp_path / "01_tensor_00-input.mlir").write_text("no module" if len(arguments) == 1 else empty)
    assert replay.main([a.format(tmp_path) for a in arguments]) == 2
    assert message in capsys.readouterr().err
