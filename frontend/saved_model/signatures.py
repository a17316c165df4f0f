"""SignatureDefs: the ways in which a SavedModel is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowc.frontend.elements import TensorBase
from flowc.frontend.saved_model.tensor_infos import (
    build_tensor_info,
    build_tensor_info_from_op,
    get_element_from_tensor_info,
)
from flowc.ir.errors import NotFoundError
from flowc.ir.proto import DataType, SignatureDef, TensorInfo
from flowc.runtime.saved_model.constants import (
    CLASSIFY_INPUTS,
    CLASSIFY_METHOD_NAME,
    CLASSIFY_OUTPUT_CLASSES,
    CLASSIFY_OUTPUT_SCORES,
    PREDICT_METHOD_NAME,
    REGRESS_INPUTS,
    REGRESS_METHOD_NAME,
    REGRESS_OUTPUTS,
    SUPERVISED_EVAL_METHOD_NAME,
    SUPERVISED_TRAIN_METHOD_NAME,
)

__all__ = [
    "build_signature_def",
    "classification_signature_def",
    "is_valid_signature",
    "load_op_from_signature_def",
    "op_signature_def",
    "predict_signature_def",
    "regression_signature_def",
    "supervised_eval_signature_def",
    "supervised_train_signature_def",
]


def build_signature_def(
    inputs: Mapping[str, TensorInfo] | None = None,
    outputs: Mapping[str, TensorInfo] | None = None,
    method_name: str | None = None,
) -> SignatureDef:
    """A signature of TensorInfos by name."""
    return SignatureDef(inputs=inputs, outputs=outputs, method_name=method_name)


def _infos(tensors: Mapping[str, Any]) -> dict[str, TensorInfo]:
    return {name: build_tensor_info(tensor) for name, tensor in tensors.items()}


def _typed(tensor: Any, dtype: int, what: str) -> TensorInfo:
    """The TensorInfo of a tensor of that type. Raises ValueError."""
    info = build_tensor_info(tensor)
    if info.dtype != dtype:
        kind = "string" if dtype == DataType.DT_STRING else "float"
        raise ValueError(f"{what} must be a {kind} Tensor.")
    return info


def _examples(examples: Any, what: str) -> TensorInfo:
    """The TensorInfo of a string tensor of serialized examples. Raises ValueError."""
    if examples is None:
        raise ValueError(f"{what} examples cannot be None.")
    if not isinstance(examples, TensorBase):
        raise ValueError(f"{what} examples must be a string Tensor.")
    return _typed(examples, DataType.DT_STRING, f"{what} examples")


def regression_signature_def(examples: Any, predictions: Any) -> SignatureDef:
    """From serialized examples, a string tensor, to a float tensor. Raises ValueError."""
    inputs = {REGRESS_INPUTS: _examples(examples, "Regression")}
    if predictions is None:
        raise ValueError("Regression predictions cannot be None.")
    outputs = {REGRESS_OUTPUTS: _typed(predictions, DataType.DT_FLOAT, "Regression output")}
    return build_signature_def(inputs, outputs, REGRESS_METHOD_NAME)


def classification_signature_def(examples: Any, classes: Any, scores: Any) -> SignatureDef:
    """From serialized examples to classes (strings), their scores (floats), or both.

    Raises ValueError.
    """
    inputs = {CLASSIFY_INPUTS: _examples(examples, "Classification")}
    if classes is None and scores is None:
        raise ValueError("Classification classes and scores cannot both be None.")
    outputs = {}
    if classes is not None:
        info = _typed(classes, DataType.DT_STRING, "Classification classes")
        outputs[CLASSIFY_OUTPUT_CLASSES] = info
    if scores is not None:
        info = _typed(scores, DataType.DT_FLOAT, "Classification scores")
        outputs[CLASSIFY_OUTPUT_SCORES] = info
    return build_signature_def(inputs, outputs, CLASSIFY_METHOD_NAME)


def predict_signature_def(inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> SignatureDef:
    """From any tensors to any others, by name. Raises ValueError where there are none."""
    if not inputs:
        raise ValueError("Prediction inputs cannot be None or empty.")
    if not outputs:
        raise ValueError("Prediction outputs cannot be None or empty.")
    return build_signature_def(_infos(inputs), _infos(outputs), PREDICT_METHOD_NAME)


def supervised_train_signature_def(
    inputs: Mapping[str, Any],
    loss: Mapping[str, Any] | None,
    predictions: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
) -> SignatureDef:
    """The signature of a training step. Raises ValueError where there are no inputs."""
    return _supervised(SUPERVISED_TRAIN_METHOD_NAME, inputs, loss, predictions, metrics)


def supervised_eval_signature_def(
    inputs: Mapping[str, Any],
    loss: Mapping[str, Any] | None,
    predictions: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
) -> SignatureDef:
    """The signature of an evaluation. Raises ValueError where there are no inputs."""
    return _supervised(SUPERVISED_EVAL_METHOD_NAME, inputs, loss, predictions, metrics)


def _supervised(
    method_name: str, inputs: Mapping[str, Any], *outputs: Mapping[str, Any] | None
) -> SignatureDef:
    if not inputs:
        raise ValueError(f"{method_name} inputs cannot be None or empty.")
    infos = {name: info for given in outputs for name, info in _infos(given or {}).items()}
    return build_signature_def(_infos(inputs), infos, method_name)


# What a server can call

_FORMS = {
    CLASSIFY_METHOD_NAME: (
        CLASSIFY_INPUTS,
        {
            CLASSIFY_OUTPUT_CLASSES: DataType.DT_STRING,
            CLASSIFY_OUTPUT_SCORES: DataType.DT_FLOAT,
        },
    ),
    REGRESS_METHOD_NAME: (REGRESS_INPUTS, {REGRESS_OUTPUTS: DataType.DT_FLOAT}),
}


def is_valid_signature(signature_def: SignatureDef | None) -> bool:
    """True for a signature that TensorFlow Serving can call: predict, classify or regress."""
    if signature_def is None or not signature_def.outputs or not signature_def.inputs:
        return False
    if signature_def.method_name == PREDICT_METHOD_NAME:
        return True
    if signature_def.method_name not in _FORMS:
        return False
    examples, results = _FORMS[signature_def.method_name]
    inputs = {name: info.dtype for name, info in signature_def.inputs.items()}
    outputs = {name: info.dtype for name, info in signature_def.outputs.items()}
    return inputs == {examples: DataType.DT_STRING} and outputs.items() <= results.items()


# Signatures that name an operation


def op_signature_def(op: Any, key: str) -> SignatureDef:
    """A signature whose one output, `key`, is an operation."""
    return build_signature_def(outputs={key: build_tensor_info_from_op(op)})


def load_op_from_signature_def(
    signature_def: SignatureDef, key: str, import_scope: str | None = None
) -> Any:
    """The operation of the default graph that `op_signature_def` named. Raises NotFoundError."""
    try:
        info = dict(signature_def.outputs)[key]
        return get_element_from_tensor_info(info, import_scope=import_scope)
    except (KeyError, ValueError):
        raise NotFoundError(
            None,
            None,
            f"The {key} could not be found in the graph: a SignatureDef of this name "
            "is reserved for an operation of it.",
        ) from None
