"""Measure what compiling takes, and print it beside its peers' numbers and what is wanted.

    python -m benchmarks.compile [--cases REGEX] [--rounds 3] [--large] [--python NAME=PATH]

Every number is of a process of its own: the first `Session.run` of a graph that is built already,
in a session that exists, so that the code generator is loaded; variables have their values by then.
`cold` means that nothing is on disk, `disk` that one process before has compiled the same. What is
shown is `processor seconds of all threads / seconds that passed`, the medians of some rounds in
which the peers take turns. On a machine that others use, look at the processor time.

A process may compute for `--limit` processor seconds in all. One that takes longer is ended and
shown as `> limit`, and so is one that is not done after four times as long. JAX has the layers of
the MLP only. `compile_cases.py` says what is measured of each case.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.compare import interpreters
from benchmarks.compile_cases import CASES, Case, Reading, median

ROOT = Path(__file__).parents[1]
PATIENCE = 4  # seconds for each processor second: other processes may keep the cores busy


@dataclass
class Column:
    """What one peer found for a case and a size, round after round."""

    readings: list[Reading] = field(default_factory=list)
    failure: str = ""


@dataclass(frozen=True)
class Runner:
    """Starts processes, each of which measures one case."""

    python: Mapping[str, str]
    limit: int  # processor seconds of a process

    def has(self, peer: str) -> bool:
        """Whether the peer is installed."""
        code = f"import importlib.util as u, sys; sys.exit(u.find_spec('{peer}') is None)"
        return not subprocess.run([self.interpreter(peer), "-c", code], check=False).returncode

    def interpreter(self, peer: str) -> str:
        """The Python that runs the peer."""
        return self.python.get(peer, sys.executable)

    def measure(self, peer: str, case: Case, size: int, cache: str, column: Column) -> None:
        """Add a reading to the column; none where the peer failed before."""
        if column.failure:
            return
        python, limit = self.interpreter(peer), str(self.limit)
        command = [python, "-m", "benchmarks.compile_worker", peer, case.name, str(size), limit]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "XDG_CACHE_HOME": cache}
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=environment, timeout=PATIENCE * self.limit,
                capture_output=True, text=True, check=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            column.failure = f"> {self.limit}"
        except subprocess.CalledProcessError as error:
            if error.returncode == -signal.SIGXCPU:
                column.failure = f"> {self.limit}"
            else:
                column.failure = "failed"
                print(f"{peer}, {case.name}: {error.stderr[-2000:]}", file=sys.stderr)
        else:
            column.readings.append(Reading(**json.loads(done.stdout.splitlines()[-1])))


def measured(case: Case, size: int, peers: Sequence[str], runner: Runner, rounds: int) -> list[str]:
    """The cells of a size: flowc without and with its objects on disk, then the other peers."""
    columns = {name: Column() for name in ("flowc", "disk", *peers)}
    for _ in range(rounds):
        with TemporaryDirectory() as cache:
            runner.measure("flowc", case, size, cache, columns["flowc"])
            columns["disk"].failure = columns["disk"].failure or columns["flowc"].failure
            runner.measure("flowc", case, size, cache, columns["disk"])
        for peer in peers:
            if peer != "jax" or case.layers_in_jax:
                with TemporaryDirectory() as cache:
                    runner.measure(peer, case, size, cache, columns[peer])
    return [cell(case, column) for column in columns.values()]


def cell(case: Case, column: Column) -> str:
    """Processor time and time, and where the case asks for it that of building the graph."""
    if column.failure or not column.readings:
        return column.failure or "-"
    found = median(column.readings)
    shown = " / ".join(f"{n:.3g}" for n in (found.cpu, found.wall) if n is not None)
    return shown + (f" + building {found.building:.3g}" if case.shows_building else "")


def row(case: Case, peers: Sequence[str], runner: Runner, rounds: int) -> str:
    """The table's line."""
    sizes = [measured(case, size, peers, runner, rounds) for size in case.sizes]
    cells = [", ".join(cells) for cells in zip(*sizes, strict=True)]
    return "| " + " | ".join([case.name, case.unit, *cells, case.wanted]) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", default="tensorflow,jax", help="beside flowc")
    parser.add_argument("--python", action="append", default=[], metavar="NAME=PATH")
    parser.add_argument("--cases", default="", help="regular expression on the case's name")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=int, default=120, help="processor seconds for a process")
    parser.add_argument("--large", action="store_true", help="with the graph of 50,000 nodes")
    options = parser.parse_args()
    runner = Runner(interpreters(options.python), options.limit)
    peers = [peer for peer in options.peers.split(",") if peer]
    for peer in [peer for peer in peers if not runner.has(peer)]:
        print(f"{peer} is left out: it is not installed", file=sys.stderr)
        peers.remove(peer)
    head = ["case", "unit", "flowc, cold", "flowc, disk", *peers, "wanted"]
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|", flush=True)
    for case in CASES:
        if re.search(options.cases, case.name) and (options.large or not case.large):
            print(row(case, peers, runner, options.rounds), flush=True)


if __name__ == "__main__":
    main()
