"""rng_bit_generator, compiled."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from tests.passes.lowering.harness import WAYS, check, few_examples, ways

WORDS = st.integers(0, 2**64 - 1)


@few_examples
@given(st.tuples(WORDS, WORDS, WORDS), st.lists(st.integers(0, 40), max_size=2), ways)
def test_bits(state: tuple[int, ...], shape: list[int], way: dict[str, Any]) -> None:
    def build(b: Builder, s: Value) -> tuple[Value, Value]:
        return b.rng_bit_generator(s, tuple(shape))

    check(build, [np.array(state, np.uint64)], **way)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("count", [0, 1, 2047, 2048, 50_001])
def test_symbolic_counts_and_carries_of_the_counter(count: int, way: dict[str, Any]) -> None:
    state = np.array([2**63 + 5, 2**64 - 9, 2**64 - 1], np.uint64)

    def build(b: Builder, s: Value, x: Value) -> tuple[Value, Value]:
        return b.rng_bit_generator(s, x.type.shape)

    check(build, [state, np.zeros(count, np.float32)], [None, ("n",)], **way)


@pytest.mark.parametrize("part", [0, 1])
def test_results_that_nothing_reads(part: int) -> None:
    state = np.array([1, 2, 3], np.uint64)
    check(lambda b, s: b.rng_bit_generator(s, (37,))[part], [state])


def test_the_state_is_updated_in_place() -> None:
    state = np.array([1, 2**64 - 1, 3], np.uint64)
    compiled = check(lambda b, s: b.rng_bit_generator(s, (37,)), [state], donated={0: 0})
    assert compiled.lowered.places == (0, 1)
