"""Requests: what stands for feeds of which little is known."""

import numpy as np
import pytest

from flowc.compiler.request import GUESS, Feed
from flowc.ir import dtypes


@pytest.mark.parametrize(
    "name",
    [
        "int8",
        "uint8",
        "int16",
        "int32",
        "int64",
        "uint64",
        "bool",
        "bfloat16",
        "half",
        "float32",
        "complex64",
    ],
)
def test_an_example_of_a_feed(name: str) -> None:
    dtype = dtypes.as_dtype(name)
    example = Feed("x", dtype, (None, 3), (None, 3)).example
    assert (example.shape, example.dtype) == ((GUESS, 3), dtype.numpy)
    if dtype.is_integer:
        assert (np.asarray(example, object) > 0).all()
