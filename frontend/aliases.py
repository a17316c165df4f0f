"""What arguments of the public API may be, by names that signatures share.

A tensor may be given as whatever `tf.convert_to_tensor` takes; what a program makes convertible
itself (`tf.register_tensor_conversion_function`) is taken too, though a type checker does not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from flowc.frontend.composites import IndexedSlices, SparseTensor
    from flowc.frontend.elements import Operation, TensorBase
    from flowc.frontend.operators import Operators
    from flowc.frontend.shapes import Dimension, TensorShape
    from flowc.ir.dtypes import DType
    from flowc.ir.proto import TensorShapeProto

Number: TypeAlias = "bool | int | float | complex | np.generic"
"""A number of Python or NumPy."""

TensorLike: TypeAlias = (
    "TensorBase | Operators | Number | str | bytes | np.ndarray[Any, Any] | Sequence[Any]"
    " | Dimension | TensorShape | IndexedSlices"
)
"""A tensor, a variable, or what becomes a constant: numbers, strings, arrays, nested lists."""

ShapeLike: TypeAlias = (
    "TensorShape | TensorShapeProto | Dimension | int | Sequence[Any] | TensorBase"
    " | Operators | np.ndarray[Any, Any]"
)
"""Sizes, of which None is not known; where data may tell them, a tensor of one dimension."""

DTypeLike: TypeAlias = "DType | str | type | np.dtype[Any] | int"
"""An element type: flowc's, NumPy's, a name, a type of Python, or TensorFlow's number of one."""

AxisLike: TypeAlias = "int | Sequence[int] | TensorLike"
"""An axis or several; negative ones count from the last."""

Fetches: TypeAlias = (
    "TensorBase | Operators | Operation | SparseTensor | IndexedSlices | str | Sequence[Fetches]"
    " | Mapping[Any, Fetches]"
)
"""A tensor, operation, variable or name of one; or lists, tuples and dicts of such."""

FeedDict: TypeAlias = Mapping[Any, Any]
"""Values by the tensor, placeholder, or name of one that they are fed for."""
