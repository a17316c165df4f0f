"""Signatures and the tensors that they name."""

from __future__ import annotations

from typing import Any

import pytest

import flowc as tf
from flowc.frontend.saved_model import signatures
from flowc.ir.proto import CollectionDef, SignatureDef, TensorInfo, TypeSpecProto

utils = tf.saved_model.utils


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as made:
        yield made


def test_a_dense_tensor() -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    info = utils.build_tensor_info(x)
    assert info == TensorInfo(name="x:0", dtype=1, tensor_shape=x.shape.as_proto())
    assert utils.get_tensor_from_tensor_info(info) is x
    assert utils.build_tensor_info(tf.placeholder(tf.string)).tensor_shape.unknown_rank


def test_a_sparse_tensor() -> None:
    x = tf.sparse_placeholder(tf.float32, [42, 69], name="x")
    info = utils.build_tensor_info(x)
    names = info.coo_sparse
    assert (names.values_tensor_name, names.indices_tensor_name) == ("x/values:0", "x/indices:0")
    assert [dim.size for dim in info.tensor_shape.dim] == [42, 69]
    found = utils.get_tensor_from_tensor_info(info)
    assert (found.values, found.indices) == (x.values, x.indices)


def test_a_composite_tensor() -> None:
    x = tf.sparse_placeholder(tf.float32)
    info = TensorInfo()
    for part in (x.indices, x.values, x.dense_shape):
        info.composite_tensor.components.append(utils.build_tensor_info(part))
    info.composite_tensor.type_spec.type_spec_class = TypeSpecProto.SPARSE_TENSOR_SPEC
    assert utils.get_tensor_from_tensor_info(info).values is x.values
    info.composite_tensor.type_spec.type_spec_class = TypeSpecProto.RAGGED_TENSOR_SPEC
    with pytest.raises(tf.errors.UnimplementedError, match="RAGGED_TENSOR_SPEC"):
        utils.get_tensor_from_tensor_info(info)


def test_in_a_scope_and_another_graph(graph: Any) -> None:
    with tf.name_scope("in"):
        x = tf.constant(1.0, name="x")
    info = TensorInfo(name="x:0", dtype=1)
    with tf.Graph().as_default():
        assert utils.get_tensor_from_tensor_info(info, graph, "in") is x
    with pytest.raises(KeyError):
        utils.get_tensor_from_tensor_info(info)
    with pytest.raises(ValueError, match="encoding"):
        utils.get_tensor_from_tensor_info(TensorInfo(dtype=1))


def test_signatures_for_servers() -> None:
    examples, scores = tf.placeholder(tf.string), tf.placeholder(tf.float32)
    build = tf.saved_model.signature_def_utils
    good = [
        build.predict_signature_def({"a": scores}, {"b": examples}),
        build.regression_signature_def(examples, scores),
        build.classification_signature_def(examples, examples, scores),
        build.classification_signature_def(examples, None, scores),
        build.classification_signature_def(examples, examples, None),
    ]
    methods = [signature.method_name.rpartition("/")[2] for signature in good]
    assert methods == ["predict", "regress", "classify", "classify", "classify"]
    assert all(map(build.is_valid_signature, good))
    assert set(good[2].outputs) == {"classes", "scores"}


def test_what_servers_cannot_call() -> None:
    strings = utils.build_tensor_info(tf.placeholder(tf.string))
    floats = utils.build_tensor_info(tf.placeholder(tf.float32))
    prefix = "tensorflow/serving/"
    for inputs, outputs, method in (
        ({}, {"y": floats}, f"{prefix}predict"),
        ({"x": floats}, {}, f"{prefix}predict"),
        ({"x": floats}, {"y": floats}, "else"),
        ({"inputs": floats}, {"outputs": floats}, f"{prefix}regress"),
        ({"inputs": strings}, {"outputs": strings}, f"{prefix}regress"),
        ({"inputs": strings, "x": strings}, {"outputs": floats}, f"{prefix}regress"),
        ({"inputs": strings}, {"scores": strings}, f"{prefix}classify"),
        ({"inputs": strings}, {"scores": floats, "more": floats}, f"{prefix}classify"),
    ):
        signature = tf.saved_model.build_signature_def(inputs, outputs, method)
        assert not tf.saved_model.is_valid_signature(signature)
    assert not tf.saved_model.is_valid_signature(None)
    assert tf.saved_model.build_signature_def() == SignatureDef()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda s, f: signatures.predict_signature_def({}, {"y": f}), "inputs cannot be None"),
        (lambda s, f: signatures.predict_signature_def({"x": f}, {}), "outputs cannot be None"),
        (lambda s, f: signatures.regression_signature_def(None, f), "cannot be None"),
        (lambda s, f: signatures.regression_signature_def("b", f), "string Tensor"),
        (lambda s, f: signatures.regression_signature_def(f, f), "string Tensor"),
        (lambda s, f: signatures.regression_signature_def(s, s), "float Tensor"),
        (lambda s, f: signatures.regression_signature_def(s, None), "cannot be None"),
        (lambda s, f: signatures.classification_signature_def(None, s, f), "cannot be None"),
        (lambda s, f: signatures.classification_signature_def(s, None, None), "both be None"),
        (lambda s, f: signatures.classification_signature_def(s, f, f), "string Tensor"),
        (lambda s, f: signatures.classification_signature_def(s, s, s), "float Tensor"),
        (lambda s, f: signatures.supervised_train_signature_def({}, {}), "inputs cannot be None"),
    ],
)
def test_tensors_that_do_not_fit_a_signature(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(tf.placeholder(tf.string), tf.placeholder(tf.float32))


def test_training_and_evaluation() -> None:
    tensors = [{name: tf.placeholder(tf.float32, name=name)} for name in "xlpm"]
    train = signatures.supervised_train_signature_def(*tensors)
    evaluate = signatures.supervised_eval_signature_def(tensors[0], tensors[1])
    assert (set(train.outputs), set(evaluate.outputs)) == ({"l", "p", "m"}, {"l"})
    assert train.method_name == "tensorflow/supervised/training"


def test_an_operation_by_signature() -> None:
    op = tf.no_op("init")
    signature = signatures.op_signature_def(op, "key")
    assert signatures.load_op_from_signature_def(signature, "key") is op
    for name, scope in (("key", "in"), ("other", None)):
        with pytest.raises(tf.errors.NotFoundError, match=name):
            signatures.load_op_from_signature_def(signature, name, scope)


def test_messages_in_collections_survive(graph: Any) -> None:
    packed = CollectionDef.AnyList().value.add()
    packed.Pack(TensorInfo(name="x:0"))
    tf.add_to_collection("any", packed)
    tf.constant(1)
    meta = tf.train.export_meta_graph()
    with tf.Graph().as_default():
        tf.train.import_meta_graph(meta)
        assert tf.get_collection("any") == [packed]
