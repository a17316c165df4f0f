"""Chains of ops that TensorFlow's graph optimiser (grappler) wrote as one node, but for products.

What it makes of convolutions and matrix products is in `fused`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from flowc.ir import dtypes
from flowc.ir.errors import UnimplementedError
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.common import abstract
from flowc.ops.registry import OPS, host_op, op
from flowc.ops.text.hashes import string_to_hash_bucket_fast

_UNARY = frozenset(
    {
        "Abs",
        "Acos",
        "Acosh",
        "Asin",
        "Asinh",
        "Atan",
        "Atanh",
        "Ceil",
        "Cos",
        "Cosh",
        "Elu",
        "Exp",
        "Expm1",
        "Floor",
        "Inv",
        "Log",
        "Log1p",
        "Neg",
        "Reciprocal",
        "Relu",
        "Relu6",
        "Rint",
        "Round",
        "Rsqrt",
        "Selu",
        "Sigmoid",
        "Sin",
        "Sinh",
        "Sqrt",
        "Square",
        "Tan",
        "Tanh",
    }
)


@op("_UnaryOpsComposition(x: T; T: {float16, float32, float64}, op_names: list(string)) -> y: T")
def unary_ops_composition(b: Builder, x: Value, *, op_names: Sequence[str]) -> Value:
    """Elementwise functions, one after the other."""
    require(len(op_names) > 0, "Unary op composition must have at least one op")
    for name in op_names:
        if name not in _UNARY:
            raise UnimplementedError(None, None, f"{name} cannot be part of a composition")
        function: Callable[..., Value] | None = OPS[name].lower
        assert function is not None
        x = function(b, x)
    return x


@host_op(
    "_TensorToHashBucketFast(input: T; T: {int8, uint8, int16, uint16, int32, uint32, int64,"
    " uint64}, num_buckets: int >= 1) -> output: int64"
)
def tensor_to_hash_bucket_fast(input: Array, *, num_buckets: int) -> Array:
    """The bucket of each number as text."""
    texts = np.empty(input.shape, object)
    texts[...] = np.array(
        [str(number).encode() for number in input.ravel().tolist()], object
    ).reshape(input.shape)
    assert string_to_hash_bucket_fast.host is not None
    found: Array = string_to_hash_bucket_fast.host(texts, num_buckets=num_buckets)
    return found


@tensor_to_hash_bucket_fast.infer
def _(b: Builder, input: Value) -> Value:
    return abstract(b, dtypes.int64, *b.shape(input))
