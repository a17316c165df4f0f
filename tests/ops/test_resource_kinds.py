"""Every op that takes a resource, given one of a kind that it does not take."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import flowc as tf
from flowc.frontend.apply import build
from flowc.ops.registry import OPS, OpDefinition

CHOSEN = {"list(type)": [tf.float32], "shape": (), "int": 1, "string": "", "bool": True}


def resources() -> dict[str, Any]:
    return {
        "Handle": tf.Variable(1.0, use_resource=True).stored,
        "Queue": build("FIFOQueueV2", component_types=[tf.float32], shapes=[()]),
        "Table": build("HashTableV2", key_dtype=tf.int64, value_dtype=tf.int64),
        "DenseAccumulator": build("ResourceConditionalAccumulator", dtype=tf.float32, shape=()),
        "array": build("TensorArrayV3", 3, dtype=tf.float32)[0],
    }


def references() -> dict[str, Any]:
    return {
        "Handle": tf.Variable(np.array(b"x", object), use_resource=False).stored,
        "Queue": build("FIFOQueue", component_types=[tf.float32], shapes=[()]),
        "SparseAccumulator": build("SparseConditionalAccumulator", dtype=tf.float32, shape=()),
    }


def held(definition: OpDefinition) -> list[int]:
    """The arguments that are resources, or references to what is none of a variable's dtypes."""
    arguments = enumerate(definition.signature.inputs)
    return [i for i, a in arguments if a.dtype is tf.resource or (a.is_ref and a.dtype)]


def operand(argument: Any, attributes: dict[str, Any]) -> Any:
    dtype = argument.dtype or attributes.get(argument.type_attr) or tf.float32
    return b"x" if dtype is tf.string else np.zeros((), dtype.numpy)


def given(definition: OpDefinition, handle: Any) -> tuple[list[Any], dict[str, Any]]:
    declared = [a for a in definition.signature.attributes if not a.has_default]
    attributes = {
        a.name: (a.allowed[0] if a.allowed else tf.float32) if a.type == "type" else CHOSEN[a.type]
        for a in declared
    }
    places = held(definition)
    arguments = enumerate(definition.signature.inputs)
    return [handle if i in places else operand(a, attributes) for i, a in arguments], attributes


NAMES = [n for n, d in OPS.items() if held(d) and not any(a.is_list for a in d.signature.inputs)]


@pytest.mark.parametrize("kind", ["resource", "reference"])
def test_no_wrong_kind_is_an_internal_error(kind: str) -> None:
    refused = set()
    with tf.Graph().as_default():
        handles = resources() if kind == "resource" else references()
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for name in NAMES:
                if (OPS[name].signature.inputs[held(OPS[name])[0]].dtype is tf.resource) != (
                    kind == "resource"
                ):
                    continue
                for handle in handles.values():
                    operands, attributes = given(OPS[name], handle)
                    try:
                        made = build(name, *operands, **attributes)
                    except (ValueError, TypeError):
                        continue  # what else is wrong was seen while the graph was built
                    op = getattr(made, "op", made)
                    op = op[0].op if isinstance(op, tuple) else op
                    try:
                        session.run(op, options=tf.RunOptions(timeout_in_ms=100))
                    except tf.errors.InternalError as error:
                        raise AssertionError(f"{name} of {handle.name}") from error
                    except tf.errors.OpError as error:
                        refused.update([name] if " takes a " in str(error) else [])
    assert len(refused) > (60 if kind == "resource" else 20)
