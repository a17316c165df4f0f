"""Tensors as serialized TensorProto messages."""

from __future__ import annotations

import base64
from typing import Any

from google.protobuf.message import DecodeError

from flowc.ir import dtypes
from flowc.ir.dtypes import DType, as_dtype
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.proto import TensorProto
from flowc.ir.tensor.builder import Builder, UnknownValue, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor_values import make_ndarray, shape_to_proto
from flowc.ops.common import abstract, fail, show
from flowc.ops.registry import host_op
from flowc.ops.text.texts import scalar_text


@host_op("ParseTensor(serialized: string; out_type: type) -> output: out_type")
def parse_tensor(serialized: Array, *, out_type: DType) -> Array:
    """The tensor that a string holds."""
    require(
        serialized.ndim == 0,
        f"Expected `serialized` to be a scalar, got shape: {show(serialized.shape)}",
    )
    text = serialized.item()
    bad = fail(
        f"Could not parse `serialized` as TensorProto, base64: {base64.b64encode(text).decode()}"
    )
    try:
        array = make_ndarray(TensorProto.FromString(text))
    except (DecodeError, InvalidArgumentError, TypeError, ValueError):
        raise bad from None
    found = as_dtype(array.dtype)
    require(
        found is out_type,
        f"Type mismatch between parsed tensor ({found.name}) and dtype ({out_type.name})",
    )
    return array


@host_op("SerializeTensor(tensor: T; T: type) -> serialized: string")
def serialize_tensor(tensor: Array, *, T: DType) -> Array:
    """The tensor as a string."""
    proto = TensorProto(dtype=T.number, tensor_shape=shape_to_proto(tensor.shape))
    if T is dtypes.string:
        proto.string_val.extend(tensor.ravel().tolist())
    else:
        proto.tensor_content = tensor.astype(T.numpy.newbyteorder("<"), copy=False).tobytes()
    return scalar_text(proto.SerializeToString(deterministic=True))


@parse_tensor.infer
def _(b: Builder, serialized: Any, *, out_type: DType) -> UnknownValue:
    return UnknownValue(out_type)


@serialize_tensor.infer
def _(b: Builder, tensor: Any) -> Value:
    return abstract(b, dtypes.string)


parse_tensor.not_differentiable()
serialize_tensor.not_differentiable()
