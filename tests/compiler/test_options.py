"""The flags of `FLOWC_FLAGS`, and what they make visible."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import flowc as tf
from flowc.compiler.options import Options, parse_flags


def test_flags_become_options() -> None:
    assert parse_flags("") == Options()
    parsed = parse_flags("--dump-to='a b' --no-cache --threads 3 --verify")
    assert parsed == Options(dump_to="a b", cache=False, threads=3, verify=True)


def test_an_unknown_flag_is_named() -> None:
    with pytest.raises(ValueError, match="--dump"):
        parse_flags("--dumpto=x")


def test_every_stage_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_FLAGS", f"--dump-to={tmp_path} --verify --bounds-checks")
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 3])
        total = tf.reduce_sum(tf.tanh(x))
        with tf.Session() as session:
            session.run(total, {x: np.ones((2, 3))})
    names = "\n".join(p.name for p in tmp_path.rglob("*") if p.is_file())
    for stage in ("graph.txt", "input.mlir", "fuse.mlir", "loops.txt", "llvm.ll", "assembly.s"):
        assert stage in names


def test_compilations_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLOWC_FLAGS", "--log-compiles")
    with tf.Graph().as_default(), tf.Session() as session:
        session.run(tf.constant(1.0) + 1.0)
        assert "first run" in capsys.readouterr().err
        (compilation,) = session.compilations
        assert compilation.seconds > 0
        assert "total" in str(compilation)
