"""Importing by TensorFlow's module names."""

from __future__ import annotations

import importlib
import inspect
import pydoc

import pytest

import flowc as tf
from flowc.frontend.api.inner_modules import INNER_MODULES


def test_the_api_by_its_older_name() -> None:
    assert importlib.import_module("flowc.compat.v1") is tf
    assert tf.compat.v1 is tf  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["nn", "train", "nn.rnn_cell", "errors", "compat.v1.math"])
def test_namespaces_are_modules(name: str) -> None:
    module = importlib.import_module(f"flowc.{name}")
    expected = tf
    for part in name.removeprefix("compat.v1.").split("."):
        expected = getattr(expected, part)
    assert module is expected
    assert tf.__spec__ is not None
    assert tf.__spec__.name == "flowc"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("python.framework.function", "Defun"),
        ("python.framework.ops", "Graph"),
        ("python.framework.ops", "convert_to_tensor"),
        ("python.framework.tensor_shape", "TensorShape"),
        ("python.framework.tensor_util", "constant_value"),
        ("python.ops.array_ops", "concat"),
        ("python.ops.math_ops", "matmul"),
        ("python.ops.control_flow_ops", "with_dependencies"),
        ("python.ops.control_flow_ops", "cond"),
        ("python.ops.rnn_cell", "BasicLSTMCell"),
        ("python.ops.rnn", "dynamic_rnn"),
        ("python.ops.variable_scope", "get_variable"),
        ("python.platform.gfile", "Exists"),
        ("python.platform.flags", "FLAGS"),
        ("python.platform.tf_logging", "info"),
        ("python.training.moving_averages", "assign_moving_average"),
        ("python.util.compat", "as_bytes"),
        ("core.framework.graph_pb2", "GraphDef"),
        ("core.protobuf.rewriter_config_pb2", "RewriterConfig"),
        ("core.example.example_pb2", "Example"),
        ("core.framework.summary_pb2", "Summary"),
    ],
)
def test_inner_modules_are_views(module: str, name: str) -> None:
    assert getattr(importlib.import_module(f"flowc.{module}"), name) is not None


@pytest.mark.parametrize(
    "name",
    [
        "python.anything",
        "python.ops.nonsense",
        "python.nothing.ops",
        "core.framework.odd_pb2",
        "core.framework.graph",
        "contrib.odd",
        "python.framework.ops.more",
    ],
)
def test_names_that_tensorflow_does_not_have(name: str) -> None:
    with pytest.raises(ModuleNotFoundError, match="No module named"):
        importlib.import_module(f"flowc.{name}")


def test_every_inner_module_can_be_imported() -> None:
    for package, names in INNER_MODULES.items():
        for name in names.split():
            module = importlib.import_module(f"flowc.{package}.{name}")
            assert module.__name__.endswith(name) or module.__doc__


def test_help() -> None:
    assert "flowc: a compiler for TensorFlow 1 graphs" in pydoc.render_doc(tf)
    for name, value in vars(tf).items():
        if inspect.ismodule(value):
            assert pydoc.render_doc(value), name


def test_what_does_not_exist() -> None:
    with pytest.raises(ImportError):
        importlib.import_module("flowc.nonsense")
    ops = importlib.import_module("flowc.python.framework.ops")
    with pytest.raises(AttributeError, match=r"flowc\.python\.framework\.ops.*no attribute 'odd'"):
        _ = ops.odd


def test_known_contents() -> None:
    util = importlib.import_module("flowc.python.framework.tensor_util")
    x = tf.placeholder(tf.float32, [None, 3])
    assert util.constant_value(tf.constant([1, 2])).tolist() == [1, 2]
    assert util.constant_value(x) is None
    assert util.constant_value_as_shape(tf.shape(x)).as_list() == [None, 3]
