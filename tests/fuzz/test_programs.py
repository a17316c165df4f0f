"""Random programs, always the same, so that what fails is new."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fuzz.checking import Checker
from tests.fuzz.children import Child

_BATCHES = 4  # items, so that they can run side by side
_PROGRAMS = 5  # of each


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    with Child("flowc") as child:
        yield Checker(child)


@pytest.mark.parametrize("batch", range(_BATCHES))
def test_all_ways_agree(checker: Checker, batch: int) -> None:
    seeds = range(batch * _PROGRAMS, (batch + 1) * _PROGRAMS)
    findings = [f for f in map(checker.check_seed, seeds) if f is not None]
    shown = "".join(f"\n{f}\npython -m tests.fuzz --seed {f.seed} --count 1" for f in findings)
    assert not findings, shown
