"""Measure flowc beside its peers in one run and print a table of ratios.

    python -m benchmarks.compare [--peers flowc,tensorflow,jax] [--threads 2] [--only REGEX]

Each peer is a process of its own (`--python NAME=PATH` gives one another interpreter). For every
workload the peers take turns in short rounds, so that a change of the machine's speed meets all of
them; what is shown is the median step of each, and its ratio to flowc's.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from benchmarks.workloads import WORKLOADS, Workload

ROUNDS = 7
ROUND_SECONDS = 0.4


@dataclass
class Worker:
    """A peer's process."""

    name: str
    process: subprocess.Popen[str]
    times: list[float] = field(default_factory=list)
    first: float = 0.0

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for its answer. Raises RuntimeError where the peer died."""
        requests, answers = self.process.stdin, self.process.stdout
        assert requests is not None and answers is not None
        requests.write(json.dumps(request) + "\n")
        requests.flush()
        return _answer(answers, self.name)


def _answer(answers: IO[str], name: str) -> dict[str, Any]:
    line = answers.readline()
    if not line:
        raise RuntimeError(f"{name} stopped")
    found: dict[str, Any] = json.loads(line)
    return found


def start(name: str, python: str, threads: int) -> Worker | None:
    """A running peer; None where it is not installed."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": str(threads)}
    process = subprocess.Popen(
        [python, "-m", "benchmarks.worker", name, "--threads", str(threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[1],
        env=environment,
    )
    assert process.stdout is not None
    if not process.stdout.readline():
        print(f"{name} is left out: it is not installed", file=sys.stderr)
        return None
    return Worker(name, process)


def measure(workload: Workload, workers: Sequence[Worker]) -> None:
    """Fill in every worker's times for one workload, round after round in turn."""
    for worker in workers:
        worker.times = []
        worker.first = worker.ask({"setup": workload.name})["first"]
        worker.ask({"round": 0.2})
    for _ in range(ROUNDS):
        for worker in workers:
            worker.times += worker.ask({"round": ROUND_SECONDS})["times"]


def row(workload: Workload, workers: Sequence[Worker]) -> str:
    """The table's line: medians in milliseconds, ratios to flowc, first calls in seconds."""
    medians = {w.name: statistics.median(w.times) for w in workers}
    cells = [workload.name]
    for worker in workers:
        cells.append(f"{1e3 * medians[worker.name]:.4g}")
    for worker in workers[1:]:
        cells.append(f"{medians[worker.name] / medians[workers[0].name]:.2f}")
    cells.append(rate(workload, medians[workers[0].name]))
    cells += [f"{worker.first:.2f}" for worker in workers]
    return "| " + " | ".join(cells) + " |"


def rate(workload: Workload, seconds: float) -> str:
    """What the first peer reaches, in the unit that fits the workload."""
    if workload.flops:
        return f"{workload.flops / seconds / 1e9:.0f} GFLOP/s"
    return f"{workload.bytes / seconds / 1e9:.0f} GB/s" if workload.bytes else ""


def header(workers: Sequence[Worker]) -> str:
    """The table's head."""
    names = [w.name for w in workers]
    cells = ["workload", *(f"{n} ms" for n in names), *(f"{n} / {names[0]}" for n in names[1:])]
    cells += [f"{names[0]} rate", *(f"{n} first call s" for n in names)]
    return "| " + " | ".join(cells) + " |\n" + "|---" * len(cells) + "|"


def interpreters(pairs: Sequence[str]) -> Mapping[str, str]:
    """`NAME=PATH` pairs."""
    return dict(pair.split("=", 1) for pair in pairs)


def main() -> None:
    """Run all workloads and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", default="flowc,tensorflow,jax")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", help="regular expression on the workload's name")
    parser.add_argument("--python", action="append", default=[], metavar="NAME=PATH")
    options = parser.parse_args()
    python = interpreters(options.python)
    started = [
        start(name, python.get(name, sys.executable), options.threads)
        for name in options.peers.split(",")
    ]
    workers = [w for w in started if w is not None]
    print(header(workers), flush=True)
    for workload in WORKLOADS:
        if re.search(options.only, workload.name):
            measure(workload, workers)
            print(row(workload, workers), flush=True)
    for worker in workers:
        worker.process.terminate()


if __name__ == "__main__":
    main()
