"""A few files of XLA's own tests, where a checkout of TensorFlow is; and the counting of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance import tensorflow_tests
from tests.conformance.tensorflow_tests import Report, expected_failures, missing, run

QUICK = (
    "adam_test.py",
    "concat_ops_test.py",
    "conv3d_test.py",
    "gather_nd_op_test.py",
    "spacetobatch_op_test.py",
    "tensor_array_ops_test.py",
)


def test_quick_files(pytestconfig: pytest.Config) -> None:
    checkout = Path(pytestconfig.getoption("--tensorflow"))
    lack = missing(checkout) or tensorflow_tests.lacks_absl()
    if lack is not None:
        pytest.skip(lack)
    report = run(checkout, QUICK)
    assert len(report.outcomes) > 60
    assert report.surprises(expected_failures()) == []


def test_reasons_are_given() -> None:
    for name, reason in expected_failures().items():
        assert "_test.py:" in name
        assert reason


def test_what_was_not_foreseen_is_said() -> None:
    report = Report({"a_test.py:A.ok": None, "a_test.py:A.bad": "fail: 1 != 2", "b:B.known": "x"})
    assert report.summary() == "1 of 3 tests that TensorFlow passes (33.3 %)"
    expected = {"b:B.known": "why", "a_test.py:A.ok": "why", "c:C.not_run": "why"}
    assert report.surprises(expected) == [
        "fails: a_test.py:A.bad  # fail: 1 != 2",
        "passes now: a_test.py:A.ok",
    ]


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorflow_tests, "LAYER", tmp_path)
    assert "layer" in (missing(tmp_path) or "")
    (tmp_path / "run_tests.py").touch()
    assert "no checkout of TensorFlow" in (missing(tmp_path) or "")
    (tmp_path / "tensorflow/compiler/tests").mkdir(parents=True)
    assert missing(tmp_path) is None
