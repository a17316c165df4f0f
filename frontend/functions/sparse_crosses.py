"""`tf.sparse.cross`: combinations of features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.composites import SparseTensor
from flowc.frontend.conversion import convert
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.functions.shaping import Name
from flowc.ir import dtypes

DEFAULT_HASH_KEY = 0xDECAFCAFFE


def cross(inputs: Sequence[Any], name: Name = None) -> SparseTensor:
    """The combinations of the values of columns as texts, `a_X_b`, row by row.

    Columns are SparseTensors or matrices of strings or integers; the sparse ones come first.
    """
    return _crossed(inputs, False, 0, None, name)


def cross_hashed(
    inputs: Sequence[Any], num_buckets: int = 0, hash_key: int | None = None, name: Name = None
) -> SparseTensor:
    """Hashes of the combinations, below `num_buckets` where that is not 0: int64."""
    return _crossed(inputs, True, num_buckets, hash_key, name)


def _crossed(
    inputs: Sequence[Any], hashed: bool, buckets: int, key: int | None, name: Name
) -> SparseTensor:
    if not isinstance(inputs, list | tuple):
        raise TypeError("Inputs must be a list")
    columns = [c if isinstance(c, SparseTensor) else convert(c) for c in inputs]
    sparse = [c for c in columns if isinstance(c, SparseTensor)]
    dense = [c for c in columns if not isinstance(c, SparseTensor)]
    parts = build(
        "SparseCross",
        [c.indices for c in sparse],
        [_plain(c.values) for c in sparse],
        [c.dense_shape for c in sparse],
        [_plain(c) for c in dense],
        hashed_output=hashed,
        num_buckets=buckets,
        hash_key=DEFAULT_HASH_KEY if key is None else key,
        out_type=dtypes.int64 if hashed else dtypes.string,
        internal_type=dtypes.int64 if hashed else dtypes.string,
        name=name,
    )
    return SparseTensor(*parts)


def _plain(tensor: Any) -> Any:
    """Strings as they are, integers as int64."""
    return tensor if tensor.dtype is dtypes.string else cast(tensor, dtypes.int64)
