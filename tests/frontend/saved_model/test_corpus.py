"""Models that TensorFlow wrote, called by their signatures, give TensorFlow's answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flowc as tf
from tests.corpus import Pack

# One of each kind: tables and assets, several graphs, text, functions and captured variables,
# loops in both forms. `shared/golden/check.py` has them all.
MODELS = [
    "tf1_vocab",
    "tf1_tags",
    "tf1_mlp_resource",
    "tf1_feature_columns",
    "tf1_lstm_cf1",
    "tf2_module",
    "keras_cnn_bn",
    "keras_functional_multi",
]


def cases(shared: Path, name: str) -> list[tuple[Pack, Any]]:
    folder = shared / "golden/saved_models"
    packs = [Pack(folder / "cases.npz"), Pack(folder / "cases_v2.npz")]
    return [
        (pack, case)
        for pack in packs
        for case in pack.cases
        if case["kind"] == "saved_model" and case["dir"] == name and not case.get("error")
    ]


@pytest.mark.parametrize("name", MODELS)
def test_answers(shared: Path, name: str) -> None:
    found = cases(shared, name)
    assert found
    for pack, case in found:
        with tf.load(shared / "golden/saved_models" / name, case["tags"]) as model:
            for step in case["steps"]:
                signature = model[step["signature"]]
                assert signature.method_name == step.get("method", signature.method_name)
                inputs = {key: pack.value(value) for key, value in step["inputs"].items()}
                outputs = signature(**inputs)
                assert outputs.keys() >= step["outputs"].keys()
                for key, expected in step["outputs"].items():
                    compare(outputs[key], pack.value(expected["value"]), expected)


def compare(got: Any, value: Any, tolerance: Any) -> None:
    if value.dtype == object:
        assert got.tolist() == value.tolist()
    else:
        assert got.dtype == value.dtype
        np.testing.assert_allclose(got, value, tolerance["rtol"], tolerance["atol"])
