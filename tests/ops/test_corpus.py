"""Every op against TensorFlow's results, through its lowering and the reference interpreter.

Ops that the corpus lacks have samples elsewhere: `tests/sampled.py` holds that all have one.
"""

from pathlib import Path
from typing import Any

import pytest

from flowc.ir.proto import GraphDef
from flowc.ir.tensor.builder import DataDependent, NotCompilable
from tests.conftest import SHARED
from tests.corpus import Pack, packs
from tests.ops import gradients
from tests.ops.conformance import MODES, check, missing_ops
from tests.ops.graph_runner import RunsOnHost
from tests.sampled import Sampled

GOLDEN = SHARED / "golden"
GROUPS = ("ops", "grads", "random", "control_flow", "io")
NAMES = sorted(path.stem for path in (GOLDEN / "ops").glob("*.npz"))
GRADIENTS = sorted(path.stem for path in (GOLDEN / "grads").glob("*.npz"))


def cases(pack: Pack) -> list[dict[str, Any]]:
    """The cases of a pack whose ops are all defined; skips the test where there are none."""
    found = [case for case in pack.cases if case["kind"] == "graph_def"]
    runnable = [case for case in found if not missing_ops(pack, case)]
    if not runnable:
        pytest.skip("an op in every case is not defined")
    return runnable


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_op(shared: Path, name: str, mode: str) -> None:
    complaints = {}
    with Pack(GOLDEN / "ops" / f"{name}.npz") as pack:
        for case in cases(pack):
            try:
                complaint = check(pack, case, mode)
            except (DataDependent, NotCompilable, RunsOnHost):
                continue  # the compiler cuts the graph there; the other mode runs it
            if complaint:
                complaints[case["id"]] = complaint
    assert not complaints


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient(shared: Path, name: str) -> None:
    with Pack(GOLDEN / "grads" / f"{name}.npz") as pack:
        complaints = {case["id"]: gradients.check(pack, case) for case in cases(pack)}
    assert not {k: v for k, v in complaints.items() if v}


def test_the_corpus_counts_as_samples(shared: Path, pytestconfig: pytest.Config) -> None:
    found: set[str] = set()
    for group in GROUPS:
        for unread in packs(GOLDEN / group):
            with unread as pack:
                for case in pack.cases:
                    if case["kind"] == "graph_def":
                        graph = GraphDef()
                        graph.ParseFromString(pack.blob(case["graph"]))
                        bodies = (f.node_def for f in graph.library.function)
                        found.update(node.op for nodes in (graph.node, *bodies) for node in nodes)
    plugin = pytestconfig.pluginmanager.get_plugin("sampled")
    assert isinstance(plugin, Sampled)
    plugin.names.update(found)
    assert len(found) > 500
