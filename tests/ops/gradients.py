"""Checks the op set's gradients: graphs of the corpus are cut back to the forward op, flowc builds
the gradients, and the reference interpreter runs them against TensorFlow's numbers.

    python -m tests.ops.gradients [REGEX] [-v]
"""

import collections
import re
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np

import flowc as tf
from flowc.ir.proto import GraphDef
from tests.corpus import Pack, packs
from tests.ops.conformance import compare, missing_ops
from tests.ops.graph_runner import Graph, run_eagerly

_BACKWARD = re.compile(r"gradients(_\d+)?/|grad_|Identity_grad")


def _forward(pack: Pack, case: dict[str, Any]) -> GraphDef:
    """The graph without the gradients that TensorFlow built."""
    whole, kept = GraphDef(), GraphDef()
    whole.ParseFromString(pack.blob(case["graph"]))
    left = [node for node in whole.node if not _BACKWARD.match(node.name)]
    while True:
        names = {node.name for node in left}
        closed = [n for n in left if all(_source(i) in names for i in n.input)]
        if len(closed) == len(left):
            kept.node.extend(closed)
            return kept
        left = closed


def _source(reference: str) -> str:
    return reference.removeprefix("^").partition(":")[0]


def _numbered(graph: Any, pattern: str) -> list[Any]:
    found = [op for op in graph.get_operations() if re.fullmatch(pattern, op.name)]
    found.sort(key=lambda op: int(re.sub(r"\D", "", op.name)[-1]))
    return [op.outputs[0] for op in found]


def build(pack: Pack, case: dict[str, Any]) -> tuple[GraphDef, list[Any]]:
    """The graph with flowc's gradients, and per fetch the name of the gradient tensor."""
    names = [fetch["name"].split(":")[0] for fetch in case["steps"][0]["fetches"]]
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(_forward(pack, case), name="")
        inputs = [graph.get_tensor_by_name(f"{n.removeprefix('grad_')}:0") for n in names]
        outputs, seeds = _outputs(graph), _numbered(graph, r"gy\d")
        if case["order"] == 1:
            results = tf.gradients(outputs, inputs, grad_ys=seeds)
        else:
            fed = [f["name"] for f in case["steps"][0]["feeds"]]
            tensors = [graph.get_tensor_by_name(name) for name in fed]
            floats = [t for t in tensors if t.dtype.is_floating or t.dtype.is_complex]
            first = [r for r in tf.gradients(outputs, floats, grad_ys=seeds) if r is not None]
            results = tf.gradients(first, inputs, grad_ys=_numbered(graph, r"g2y\d"))
        dense = [None if r is None else tf.convert_to_tensor(r).name for r in results]
    return graph.as_graph_def(), dense


def _outputs(graph: Any) -> list[Any]:
    """The outputs to which the seeds belong: those of floating type, in order."""
    outputs = _numbered(graph, r"out\d")
    return [t for t in outputs if t.dtype.is_floating or t.dtype.is_complex]


def check(pack: Pack, case: dict[str, Any]) -> str | None:
    """What is wrong with the gradients of a case; None if nothing is."""
    definition, tensors = build(pack, case)
    graph = Graph(definition)
    for step in case["steps"]:
        feeds = {feed["name"]: pack.value(feed["value"]) for feed in step["feeds"]}
        for fetch, tensor in zip(step["fetches"], tensors, strict=True):
            if tensor is None:
                return f"{fetch['name']} is None"
            with np.errstate(all="ignore"):
                (got,) = run_eagerly(graph, [tensor], [], feeds)
            expected = pack.value(fetch["value"])
            complaint = compare(got, expected, fetch["rtol"], fetch["atol"])
            if complaint:
                return f"{fetch['name']}: {complaint}"
    return None


def main(pattern: str = "", *flags: str) -> None:
    """Count the cases by outcome."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "golden" / "grads"
    counts: collections.Counter[str] = collections.Counter()
    for pack in packs(folder):
        for case in pack.cases:
            if case["kind"] != "graph_def" or not re.search(pattern, case["id"]):
                continue
            if missing_ops(pack, case) - {"Switch", "Merge"}:
                counts["missing"] += 1
                continue
            try:
                complaint = check(pack, case)
            except Exception as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                place = f"{where.filename}:{where.lineno}"
                complaint = f"{type(error).__name__}: {error} ({place})"
                if "-v" in flags:
                    traceback.print_exception(error)
            counts["wrong" if complaint else "right"] += 1
            if complaint:
                print(f"{case['id']} (order {case['order']}): {complaint}"[:330])
    print(dict(counts))


if __name__ == "__main__":
    main(*sys.argv[1:])
