"""Element types: one `DType` per TensorFlow data type.

The same objects serve every level: `tf.float32` of the user, the `DT_FLOAT` of a GraphDef, the
element type of a `TensorType` and of a loop-IR buffer. `number` is the enum value of TensorFlow's
`types.proto`; `name` is TensorFlow's name, `mlir` the spelling that StableHLO uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ml_dtypes
import numpy as np

_REF_OFFSET = 100  # types.proto: DT_X_REF = DT_X + 100


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DType:
    """One element type. Instances are unique: compare with `is` or `==`."""

    name: str
    number: int
    numpy: np.dtype[Any]
    mlir: str
    kind: str  # "bool", "int", "uint", "float", "complex", "string", "opaque"

    @property
    def size(self) -> int:
        """Bytes per element; 0 for strings and opaque handles."""
        return 0 if self.kind in ("string", "opaque") else self.numpy.itemsize

    @property
    def bits(self) -> int:
        """Bits of the element's value: 1 for bool."""
        return 1 if self.kind == "bool" else 8 * self.size

    @property
    def is_floating(self) -> bool:
        """True for float16, bfloat16, float32 and float64 (TensorFlow's sense: not complex)."""
        return self.kind == "float"

    @property
    def is_complex(self) -> bool:
        """True for complex64 and complex128."""
        return self.kind == "complex"

    @property
    def is_integer(self) -> bool:
        """True for signed and unsigned integers; False for bool."""
        return self.kind in ("int", "uint")

    @property
    def is_unsigned(self) -> bool:
        """True for unsigned integers."""
        return self.kind == "uint"

    @property
    def is_bool(self) -> bool:
        """True for bool alone."""
        return self.kind == "bool"

    @property
    def is_numeric(self) -> bool:
        """True where tensor IR has values of this type: everything but strings and handles."""
        return self.kind not in ("string", "opaque")

    @property
    def real(self) -> DType:
        """The type of a real part: float32 for complex64, itself for a real type."""
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    @property
    def as_numpy_dtype(self) -> type:
        """The NumPy scalar type (`np.float32` for float32, `np.object_` for string)."""
        return self.numpy.type

    @property
    def as_datatype_enum(self) -> int:
        """TensorFlow's enum value."""
        return self.number

    @property
    def base_dtype(self) -> DType:
        """This type without its reference flag: flowc keeps no reference types, so itself."""
        return self

    @property
    def real_dtype(self) -> DType:
        """TensorFlow's name for `real`."""
        return self.real

    @property
    def min(self) -> Any:
        """The least finite value, as a NumPy scalar. Raises TypeError for non-numeric types."""
        return _limits(self).min

    @property
    def max(self) -> Any:
        """The greatest finite value, as a NumPy scalar. Raises TypeError for non-numeric types."""
        return _limits(self).max

    @property
    def limits(self) -> tuple[Any, Any]:
        """(min, max)."""
        return self.min, self.max

    def is_compatible_with(self, other: Any) -> bool:
        """True when `other` names this type."""
        return as_dtype(other) is self

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, DType):
            return self is other
        try:
            return as_dtype(other) is self
        except TypeError:
            return False

    def __hash__(self) -> int:
        return self.number

    def __reduce__(self) -> tuple[Any, ...]:
        return as_dtype, (self.number,)


def _limits(dtype: DType) -> Any:
    if dtype.is_integer:
        return np.iinfo(dtype.numpy)
    if dtype.is_floating:
        limits: Any = ml_dtypes.finfo  # has no types
        return limits(dtype.numpy)
    raise TypeError(f"{dtype.name} has no least or greatest value")


def _dtype(name: str, number: int, numpy: Any, mlir: str, kind: str) -> DType:
    return DType(name, number, np.dtype(numpy), mlir, kind)


float32 = _dtype("float32", 1, np.float32, "f32", "float")
float64 = _dtype("float64", 2, np.float64, "f64", "float")
int32 = _dtype("int32", 3, np.int32, "i32", "int")
uint8 = _dtype("uint8", 4, np.uint8, "ui8", "uint")
int16 = _dtype("int16", 5, np.int16, "i16", "int")
int8 = _dtype("int8", 6, np.int8, "i8", "int")
string = _dtype("string", 7, np.object_, "string", "string")
complex64 = _dtype("complex64", 8, np.complex64, "complex<f32>", "complex")
int64 = _dtype("int64", 9, np.int64, "i64", "int")
bool_ = _dtype("bool", 10, np.bool_, "i1", "bool")
qint8 = _dtype("qint8", 11, np.int8, "i8", "opaque")
quint8 = _dtype("quint8", 12, np.uint8, "ui8", "opaque")
qint32 = _dtype("qint32", 13, np.int32, "i32", "opaque")
bfloat16 = _dtype("bfloat16", 14, ml_dtypes.bfloat16, "bf16", "float")
qint16 = _dtype("qint16", 15, np.int16, "i16", "opaque")
quint16 = _dtype("quint16", 16, np.uint16, "ui16", "opaque")
uint16 = _dtype("uint16", 17, np.uint16, "ui16", "uint")
complex128 = _dtype("complex128", 18, np.complex128, "complex<f64>", "complex")
float16 = _dtype("float16", 19, np.float16, "f16", "float")
resource = _dtype("resource", 20, np.object_, "resource", "opaque")
variant = _dtype("variant", 21, np.object_, "variant", "opaque")
uint32 = _dtype("uint32", 22, np.uint32, "ui32", "uint")
uint64 = _dtype("uint64", 23, np.uint64, "ui64", "uint")

ALL = (
    float32,
    float64,
    int32,
    uint8,
    int16,
    int8,
    string,
    complex64,
    int64,
    bool_,
    qint8,
    quint8,
    qint32,
    bfloat16,
    qint16,
    quint16,
    uint16,
    complex128,
    float16,
    resource,
    variant,
    uint32,
    uint64,
)

_BY_NUMBER = {dtype.number: dtype for dtype in ALL}
_BY_NAME = {dtype.name: dtype for dtype in ALL} | {
    "float": float32,
    "double": float64,
    "half": float16,
    "object": string,
    "str": string,
}
_BY_NUMPY = {dtype.numpy: dtype for dtype in reversed(ALL) if dtype.kind != "opaque"}
_BY_PYTHON: dict[Any, DType] = {float: float32, int: int32, bool: bool_, complex: complex128}


def as_dtype(value: Any) -> DType:
    """The `DType` that `value` names: a DType, enum number, TensorFlow name, NumPy or Python type.

    Reference types (`float32_ref`, numbers above 100) give their base type. Raises TypeError for
    anything else.
    """
    if isinstance(value, DType):
        return value
    found: DType | None
    if isinstance(value, int):
        found = _BY_NUMBER.get(value - _REF_OFFSET if value > _REF_OFFSET else value)
    elif isinstance(value, str):
        found = _BY_NAME.get(value.removesuffix("_ref")) or _from_numpy(value)
    else:
        found = _BY_PYTHON.get(value) or _from_numpy(value)
    if found is None:
        raise TypeError(f"Cannot convert value {value!r} to a TensorFlow DType.")
    return found


def _from_numpy(value: Any) -> DType | None:
    try:
        dtype = np.dtype(value)
    except TypeError:
        return None
    return string if dtype.kind in "SUO" else _BY_NUMPY.get(dtype)
