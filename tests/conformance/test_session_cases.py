"""TensorFlow's own answers through the public API and native code, pack by pack."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.session_cases import check, unfinished
from tests.corpus import Pack

ROOT = Path(__file__).parents[3] / "shared" / "golden"
GROUPS = ("ops", "grads", "training", "random", "control_flow")
PACKS = [path for group in GROUPS for path in sorted((ROOT / group).glob("*.npz"))]


def test_the_corpus_is_there() -> None:
    if not PACKS:
        pytest.skip("the conformance corpus ../shared/golden is not here")


@pytest.mark.parametrize("path", PACKS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_pack(path: Path) -> None:
    allowed = unfinished()
    failed, passed = {}, []
    with Pack(path) as pack:
        for case in pack.cases:
            name = f"{path.parent.name}/{case['id']}"
            complaint = check(pack, case)
            if complaint is None:
                passed.append(name)
            elif name not in allowed:
                failed[name] = complaint
    assert not failed
    assert not allowed.intersection(passed), "these work now: take them off unfinished.txt"
