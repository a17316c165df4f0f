"""Random programs: a minute of `python -m tests.fuzz`."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.fuzz.checking import Checker
from tests.fuzz.children import Child

_BATCHES = 8  # items, so that they can run side by side
_PROGRAMS = 10  # of each
# In continuous integration the programs are the same each time: a failure is about the change.
_FIRST = 0 if os.environ.get("CI") else random.randrange(10**9)


@pytest.fixture(scope="module")
def checker() -> Iterator[Checker]:
    with Child("flowc") as child:
        yield Checker(child)


@pytest.mark.parametrize("batch", range(_BATCHES))
def test_all_ways_agree(checker: Checker, batch: int) -> None:
    first = _FIRST + batch * _PROGRAMS
    findings = filter(None, map(checker.check_seed, range(first, first + _PROGRAMS)))
    text = "\n".join(map(str, findings))
    assert not text, f"{text}\n\npython -m tests.fuzz --seed ... --count 1 shrinks and shows them"
