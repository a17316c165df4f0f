"""`tf.dtypes`: element types."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.functions.mathematics import cast, saturate_cast
from flowc.frontend.functions.mathematics import complex_ as complex
from flowc.frontend.functions.strings import as_string
from flowc.ir.dtypes import (
    DType, as_dtype, bfloat16, complex64, complex128, float16, float32, float64, int8, int16,
    int32, int64, qint8, qint16, qint32, quint8, quint16, resource, string, uint8, uint16, uint32,
    uint64, variant,
)
from flowc.ir.dtypes import bool_ as bool
from flowc.ir.dtypes import float16 as half
from flowc.ir.dtypes import float64 as double

__all__ = [
    "DType", "as_dtype", "as_string", "bfloat16", "bool", "cast", "complex", "complex64",
    "complex128", "double", "float16", "float32", "float64", "half", "int8", "int16", "int32",
    "int64", "qint8", "qint16", "qint32", "quint8", "quint16", "resource", "saturate_cast",
    "string", "uint8", "uint16", "uint32", "uint64", "variant",
]
