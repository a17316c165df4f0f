"""Every primitive gives its known answers, and its text means what it does."""

from __future__ import annotations

import numpy as np
import pytest

from flowc.ir.tensor.interpreter import run
from flowc.ir.tensor.parser import parse_module
from flowc.ir.tensor.primitive import PRIMITIVES
from flowc.ir.tensor.printer import print_module
from flowc.ir.tensor.verifier import verify
from tests.ir.tensor.samples import SAMPLES
from tests.ir.tensor.samples.sample import Array, Sample

EPSILON = {"bfloat16": 2**-7, "float16": 2**-10, "float32": 2**-23, "float64": 2**-52}
samples = pytest.mark.parametrize("sample", SAMPLES, ids=str)


def assert_equal(actual: Array, expected: Array, ulps: int = 0) -> None:
    """Equal to the sign of zero and NaN, floats to some units in the last place."""
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
    if actual.dtype.kind == "c":
        tolerance = ulps * EPSILON[expected.real.dtype.name]
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=0)
    elif actual.dtype.kind in "biu":
        np.testing.assert_array_equal(actual, expected)
    else:
        exact, given = expected.astype(np.float64), actual.astype(np.float64)
        tolerance = ulps * EPSILON[expected.dtype.name]
        np.testing.assert_allclose(given, exact, rtol=tolerance, atol=0)
        zero = exact == 0
        np.testing.assert_array_equal(np.signbit(given[zero]), np.signbit(exact[zero]))


def test_every_primitive_has_a_sample() -> None:
    assert {sample.primitive for sample in SAMPLES} == set(PRIMITIVES)


@samples
def test_answer(sample: Sample) -> None:
    module = sample.module()
    verify(module)
    assert any(i.primitive == sample.primitive for i in module.main.instructions)
    results = run(module, sample.arguments)
    for actual, expected in zip(results, sample.expected, strict=True):
        assert_equal(actual, expected, sample.ulps)


@samples
def test_text_round_trip(sample: Sample) -> None:
    module = sample.module()
    text = print_module(module)
    parsed = parse_module(text)
    assert print_module(parsed) == text
    verify(parsed)
    before, after = run(module, sample.arguments), run(parsed, sample.arguments)
    assert [a.tobytes() for a in before] == [a.tobytes() for a in after]
