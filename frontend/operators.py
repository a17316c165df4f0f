"""The Python operators of tensors and variables, with TensorFlow's names for the nodes they add."""

from __future__ import annotations

from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.conversion import convert
from flowc.frontend.elements import TensorBase
from flowc.frontend.slicing import slice_tensor
from flowc.ir import dtypes
from flowc.ir.dtypes import DType

_QUOTIENT_TYPES: dict[DType, DType] = {
    **dict.fromkeys((dtypes.int8, dtypes.uint8, dtypes.int16, dtypes.uint16), dtypes.float32),
    **dict.fromkeys((dtypes.int32, dtypes.int64), dtypes.float64),
}


def add(x: Any, y: Any, name: str | None = None) -> Any:
    """x + y, also for strings."""
    return build("Add" if x.dtype is dtypes.string else "AddV2", x, y, name=name)


def truediv(x: Any, y: Any, name: str | None = None) -> Any:
    """x / y; integers are converted to float32, or float64 where they have 32 or more bits."""
    if x.dtype is not y.dtype:
        raise TypeError(f"x and y must have the same dtype, got {x.dtype!r} != {y.dtype!r}")
    dtype = _QUOTIENT_TYPES.get(x.dtype)
    if dtype is not None:
        x, y = build("Cast", x, DstT=dtype), build("Cast", y, DstT=dtype)
    return build("RealDiv", x, y, name=name)


def div_python2(x: Any, y: Any, name: str | None = None) -> Any:
    """x / y as Python 2 had it: of integers, the floor."""
    if x.dtype is not y.dtype:
        raise TypeError(f"x and y must have the same dtype, got {x.dtype!r} != {y.dtype!r}")
    inexact = x.dtype.is_floating or x.dtype.is_complex
    return build("RealDiv" if inexact else "FloorDiv", x, y, name=name)


def logical_xor(x: Any, y: Any, name: str | None = "LogicalXor") -> Any:
    """True where exactly one of two bool tensors is."""
    either, both = build("LogicalOr", x, y), build("LogicalAnd", x, y)
    return build("LogicalAnd", either, build("LogicalNot", both), name=name)


def matmul(x: Any, y: Any, name: str | None = None) -> Any:
    """x @ y: of matrices, or of batches of them."""
    ranks = [t.shape.ndims for t in (x, y)]
    op = "MatMul" if all(rank in (None, 2) for rank in ranks) else "BatchMatMulV2"
    return build(op, x, y, name=name)


_FUNCTIONS = {
    "add": add,
    "truediv": truediv,
    "div": div_python2,
    "xor": logical_xor,
    "matmul": matmul,
}
_OP_TYPES = {
    "sub": "Sub",
    "mul": "Mul",
    "floordiv": "FloorDiv",
    "mod": "FloorMod",
    "pow": "Pow",
    "and": "LogicalAnd",
    "or": "LogicalOr",
}


def _call(operator: str, x: Any, y: Any, name: str) -> Any:
    function = _FUNCTIONS.get(operator)
    if function is not None:
        return function(x, y, name=name)
    return build(_OP_TYPES[operator], x, y, name=name)


def _binary(operator: str, left: Any, right: Any) -> Any:
    """`left operator right`, where `right` may be anything that can become a tensor."""
    if isinstance(left, TensorBase) and isinstance(right, TensorBase) and operator in _OP_TYPES:
        return build(_OP_TYPES[operator], left, right, name=operator)
    if hasattr(right, "dense_shape") and not isinstance(right, TensorBase):
        return NotImplemented  # SparseTensor knows better
    x = convert(left)  # a variable is read outside of the operator's name scope
    graph = x.graph
    with graph.as_default(), graph.name_scope(operator) as scope:
        try:
            y = convert(right, None, "y", x.dtype)
        except TypeError:
            if hasattr(type(right), f"__r{operator}__"):
                return NotImplemented
            raise
        return _call(operator, x, y, scope)


def _reflected(operator: str, right: Any, left: Any) -> Any:
    """`left operator right`, where `left` is no tensor."""
    y = convert(right)
    graph = y.graph
    with graph.as_default(), graph.name_scope(operator) as scope:
        return _call(operator, convert(left, y.dtype, "x"), y, scope)


class Operators:
    """Arithmetic, comparison and slicing for anything that can be converted to a tensor."""

    __array_priority__ = 100  # NumPy arrays leave `array + tensor` to the tensor

    def __add__(self, other: Any) -> Any:
        return _binary("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _reflected("add", self, other)

    def __sub__(self, other: Any) -> Any:
        return _binary("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _reflected("sub", self, other)

    def __mul__(self, other: Any) -> Any:
        return _binary("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _reflected("mul", self, other)

    def __truediv__(self, other: Any) -> Any:
        return _binary("truediv", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _reflected("truediv", self, other)

    def __div__(self, other: Any) -> Any:
        return _binary("div", self, other)

    def __rdiv__(self, other: Any) -> Any:
        return _reflected("div", self, other)

    def __floordiv__(self, other: Any) -> Any:
        return _binary("floordiv", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _reflected("floordiv", self, other)

    def __mod__(self, other: Any) -> Any:
        return _binary("mod", self, other)

    def __rmod__(self, other: Any) -> Any:
        return _reflected("mod", self, other)

    def __pow__(self, other: Any) -> Any:
        return _binary("pow", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _reflected("pow", self, other)

    def __and__(self, other: Any) -> Any:
        return _binary("and", self, other)

    def __rand__(self, other: Any) -> Any:
        return _reflected("and", self, other)

    def __or__(self, other: Any) -> Any:
        return _binary("or", self, other)

    def __ror__(self, other: Any) -> Any:
        return _reflected("or", self, other)

    def __xor__(self, other: Any) -> Any:
        return _binary("xor", self, other)

    def __rxor__(self, other: Any) -> Any:
        return _reflected("xor", self, other)

    def __matmul__(self, other: Any) -> Any:
        return _binary("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return _reflected("matmul", self, other)

    def __lt__(self, other: Any) -> Any:
        return build("Less", convert(self), other)

    def __le__(self, other: Any) -> Any:
        return build("LessEqual", convert(self), other)

    def __gt__(self, other: Any) -> Any:
        return build("Greater", convert(self), other)

    def __ge__(self, other: Any) -> Any:
        return build("GreaterEqual", convert(self), other)

    def __neg__(self) -> Any:
        return build("Neg", convert(self))

    def __invert__(self) -> Any:
        return build("LogicalNot", convert(self))

    def __abs__(self) -> Any:
        x = convert(self)
        return build("ComplexAbs" if x.dtype.is_complex else "Abs", x, name="Abs")

    def __getitem__(self, spec: Any) -> Any:
        return slice_tensor(convert(self), spec)
