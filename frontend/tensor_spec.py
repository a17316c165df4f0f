"""`tf.TensorSpec`: the shape, the element type and the name of a tensor to come."""

from __future__ import annotations

from typing import Any

from flowc.frontend.aliases import DTypeLike, ShapeLike
from flowc.frontend.shapes import TensorShape
from flowc.ir import dtypes
from flowc.ir.dtypes import as_dtype


class TensorSpec:
    """What is known of a tensor before there is one."""

    def __init__(
        self, shape: ShapeLike, dtype: DTypeLike = dtypes.float32, name: str | None = None
    ) -> None:
        self._shape = TensorShape(shape)
        self._dtype = as_dtype(dtype)
        self._name = name

    @classmethod
    def from_spec(cls, spec: Any, name: str | None = None) -> TensorSpec:
        """The same under another name."""
        return cls(spec.shape, spec.dtype, name or spec.name)

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """What is known of a tensor."""
        return cls(tensor.shape, tensor.dtype, name or tensor.op.name)

    @property
    def shape(self) -> TensorShape:
        """The shape, which may be partly unknown."""
        return self._shape

    @property
    def dtype(self) -> Any:
        """The element type."""
        return self._dtype

    @property
    def name(self) -> str | None:
        """The name, or None."""
        return self._name

    def is_compatible_with(self, spec_or_tensor: Any) -> bool:
        """Whether a tensor, or what another one says of it, may be what this says."""
        return self._dtype is as_dtype(spec_or_tensor.dtype) and bool(
            self._shape.is_compatible_with(spec_or_tensor.shape)
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorSpec) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(repr(self))

    def _parts(self) -> tuple[Any, ...]:
        return self._shape.sizes, self._dtype, self._name

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r})"
