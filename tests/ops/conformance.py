"""Checks cases of the corpus through the op set alone; also a command that counts them.

python -m tests.ops.conformance GROUP [REGEX] [-v]
"""

import collections
import re
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

from flowc.ir import errors
from flowc.ir.errors import InvalidArgumentError, OpError
from flowc.ir.proto import GraphDef
from flowc.ir.tensor.builder import DataDependent, NotCompilable
from flowc.ops import lookup
from tests.corpus import Pack, packs
from tests.ops.graph_runner import Graph, RunsOnHost, run_eagerly, run_symbolically

MODES = {"eager": run_eagerly, "symbolic": run_symbolically}
_LENIENT = ("InternalError", "UnimplementedError")


_IN_SESSIONS_ONLY = {
    "control_flow",
    "lists.optionals",
    "lists.stacks",
    "lists.tensor_arrays",
    "lists.tensor_lists",
}


def missing_ops(pack: Pack, case: dict[str, Any]) -> set[str]:
    """The ops of a case's graph that are not defined, or that need more than running in order."""
    definitions = {node.op: lookup(node.op) for node in _graph(pack, case).node}
    return {
        name
        for name, definition in definitions.items()
        if definition is None or definition.family in _IN_SESSIONS_ONLY
    }


def _graph(pack: Pack, case: dict[str, Any]) -> GraphDef:
    graph = GraphDef()
    graph.ParseFromString(pack.blob(case["graph"]))
    return graph


def check(pack: Pack, case: dict[str, Any], mode: str = "eager") -> str | None:
    """What is wrong with a case's results; None if nothing is. Raises what the ops raise."""
    graph = Graph(_graph(pack, case))
    error = case["error"]
    try:
        for number, step in enumerate(case["steps"]):
            complaint = _check_step(pack, graph, step, mode)
            if complaint and not error:
                return f"step {number}: {complaint}"
    except OpError as raised:
        return _judge(raised, error)
    demanded = error and not error["optional"]
    return f"raised nothing, expected {error['message']}" if demanded else None


def _judge(raised: OpError, error: dict[str, Any] | None) -> str | None:
    if error is None:
        raise raised
    expected = getattr(errors, error["kind"], InvalidArgumentError)
    if error["phase"] == "import":
        return None
    lenient = error["kind"] in _LENIENT
    if isinstance(raised, expected) or (lenient and isinstance(raised, InvalidArgumentError)):
        return None
    return f"raised {type(raised).__name__}: {raised}, expected {error['kind']}"


def _check_step(pack: Pack, graph: Graph, step: dict[str, Any], mode: str) -> str | None:
    feeds = {feed["name"]: pack.value(feed["value"]) for feed in step["feeds"]}
    fetches = [fetch["name"] for fetch in step["fetches"]]
    with np.errstate(all="ignore"):
        results = MODES[mode](graph, fetches, step.get("targets", []), feeds)
    for fetch, got in zip(step["fetches"], results, strict=True):
        if fetch["value"] is None:  # TensorFlow's own run failed
            continue
        complaint = compare(got, pack.value(fetch["value"]), fetch["rtol"], fetch["atol"])
        if complaint:
            return f"{fetch['name']}: {complaint}"
    return None


def compare(got: Any, expected: Any, rtol: float, atol: float) -> str | None:
    """How two arrays differ; None if they do not."""
    got = np.asarray(got)
    if got.dtype != expected.dtype or got.shape != expected.shape:
        return f"{got.dtype}{list(got.shape)}, expected {expected.dtype}{list(expected.shape)}"
    if expected.dtype.kind not in "fcV" or (rtol == atol == 0 and expected.dtype.kind != "V"):
        exact = np.array_equal(got, expected, equal_nan=expected.dtype.kind in "fc")
        near = atol > 0 and np.all(np.abs(got.astype(float) - expected) <= atol)
        return None if exact or near else _show(got, expected)
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    close = np.isclose(got.astype(wide), expected.astype(wide), rtol, atol, equal_nan=True)
    return None if close.all() else _show(got, expected, ~close)


def _show(got: Any, expected: Any, where: Any = ...) -> str:
    first = np.asarray(got)[where].ravel()[:4], np.asarray(expected)[where].ravel()[:4]
    return f"got {first[0]}, expected {first[1]}"


def main(group: str, pattern: str = "", *flags: str) -> None:
    """Count the cases of a group by outcome."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "golden" / group
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    absent: collections.Counter[str] = collections.Counter()
    for pack in packs(folder):
        for case in pack.cases:
            if case["kind"] != "graph_def" or not re.search(pattern, case["id"]):
                continue
            missing = missing_ops(pack, case)
            absent.update(missing)
            for mode in MODES:
                outcome = "missing" if missing else _outcome(pack, case, mode, "-v" in flags)
                counts[mode][outcome] += 1
    for mode, outcomes in counts.items():
        print(mode, dict(outcomes))
    print("missing:", dict(absent.most_common(400)))


def _outcome(pack: Pack, case: dict[str, Any], mode: str, verbose: bool) -> str:
    try:
        complaint = check(pack, case, mode)
    except DataDependent:
        return "data dependent"
    except (NotCompilable, RunsOnHost):
        return "host"
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        complaint = f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"
        if verbose:
            traceback.print_exception(error)
    if complaint:
        print(f"{case['id']} [{mode}]: {complaint}"[:300])
    return "wrong" if complaint else "right"


if __name__ == "__main__":
    main(*sys.argv[1:])
