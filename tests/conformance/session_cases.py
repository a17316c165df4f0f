"""Runs cases of the corpus as a user would: imported into a graph, run in a session.

    python -m tests.conformance.session_cases GROUP [REGEX]

prints the ids of the cases that fail; `unfinished.txt` beside this file lists those that may.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import flowc as tf
from tests.corpus import Pack, packs
from tests.ops.conformance import compare

UNFINISHED = Path(__file__).with_name("unfinished.txt")
_LENIENT = ("InternalError", "UnimplementedError")


def unfinished() -> set[str]:
    """Ids of the cases that may fail, `group/case`."""
    lines = UNFINISHED.read_text().splitlines()
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def check(pack: Pack, case: dict[str, Any]) -> str | None:
    """What is wrong with a case; None if nothing is."""
    try:
        complaint = _run(pack, case)
    except Exception as error:  # any class may be the expected one, or the fault to report
        return _judge(error, case["error"])
    if complaint is None and case["error"] and not case["error"]["optional"]:
        return f"raised nothing, expected {case['error']['message']}"
    return complaint


def _run(pack: Pack, case: dict[str, Any]) -> str | None:
    with tf.Graph().as_default():
        _load(pack, case)
        config = tf.ConfigProto(intra_op_parallelism_threads=1)
        with tf.Session(config=config) as session:
            for number, step in enumerate(case["steps"]):
                complaint = _check_step(pack, session, step)
                if complaint and not case["error"]:
                    return f"step {number}: {complaint}"
    return None


def _load(pack: Pack, case: dict[str, Any]) -> None:
    content = pack.blob(case["graph"])
    if case["kind"] == "graph_def":
        tf.import_graph_def(tf.GraphDef.FromString(content), name="")
        return
    with tempfile.NamedTemporaryFile(suffix=".meta") as file:
        file.write(content)
        file.flush()
        tf.train.import_meta_graph(file.name)


def _check_step(pack: Pack, session: Any, step: dict[str, Any]) -> str | None:
    feeds = {feed["name"]: pack.value(feed["value"]) for feed in step["feeds"]}
    names = [fetch["name"] for fetch in step["fetches"]]
    results = session.run([*names, *step["targets"]], feeds)[: len(names)]
    for fetch, got in zip(step["fetches"], results, strict=True):
        expected = pack.value(fetch["value"])
        found = np.asarray(got, object if expected.dtype == object else None)
        complaint = compare(found, expected, fetch["rtol"], fetch["atol"])
        if complaint:
            return f"{fetch['name']}: {complaint}"
    return None


def _judge(error: Exception, expected: dict[str, Any] | None) -> str | None:
    """None where the error is the one that the case demands."""
    names = {c.__name__ for c in type(error).__mro__}
    text = f"raised {type(error).__name__}: {str(error)[:200]}"
    if expected is None:
        return text
    allowed = {expected["kind"], "ValueError"}
    if expected["phase"] == "import" or expected["kind"] in _LENIENT:
        allowed.add("InvalidArgumentError")
    return None if allowed & names or expected["optional"] else text


def main() -> None:
    """List the failing cases of a group."""
    root = Path(__file__).parents[3] / "shared" / "golden"
    group, pattern = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    for pack in packs(root / group):
        for case in pack.cases:
            if re.search(pattern, case["id"]):
                complaint = check(pack, case)
                if complaint:
                    print(f"{group}/{case['id']}  # {complaint.splitlines()[0][:160]}", flush=True)


if __name__ == "__main__":
    main()
