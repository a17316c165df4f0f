"""Measure what compiling takes, and print it beside its peers' numbers and what is wanted.

    python -m benchmarks.compile [--cases REGEX] [--rounds 3] [--large] [--python NAME=PATH]

Every number is of a process of its own: the first `Session.run` of a graph that is built already,
in a session that exists, so that the code generator is loaded; variables have their values by then.
`cold` means that nothing is on disk, `disk` that one process before has compiled the same. What is
shown is `processor seconds of all threads / seconds that passed`, the medians of some rounds in
which the peers take turns. On a machine that others use, look at the processor time.

A process may compute for `--limit` processor seconds in all. One that takes longer is ended and
shown as `> limit`, and so is one that is not done after four times as long. flowc runs with
`--strict`: what it does not compile has failed. JAX has the layers of the MLP only.
`compile_cases.py` says what is measured of each case.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
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
    limit: float  # processor seconds of a process

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
        command = [self.interpreter(peer), "-m", "benchmarks.compile_worker", peer, case.name]
        environment = {
            **os.environ,
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "XDG_CACHE_HOME": cache,
            "FLOWC_FLAGS": f"{os.environ.get('FLOWC_FLAGS', '')} --strict",
        }
        process = subprocess.Popen(
            [*command, str(size)],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        output = finished(process, self.limit)
        if output is None:
            column.failure = f"> {self.limit:g}"
        elif process.returncode:
            column.failure = "failed"
            print(f"{peer}, {case.name}: {output[1][-2000:]}", file=sys.stderr)
        else:
            column.readings.append(Reading(**json.loads(output[0].splitlines()[-1])))


def finished(process: subprocess.Popen[str], limit: float) -> tuple[str, str] | None:
    """What a process wrote to both its streams; None where it was ended at its limit.

    The limit is looked at from outside: a process that has one itself (RLIMIT_CPU) is told its
    processor time in whole ticks.
    """
    end = time.monotonic() + PATIENCE * limit
    while True:
        try:
            return process.communicate(timeout=1.0)
        except subprocess.TimeoutExpired:
            if time.monotonic() > end or processor_seconds(process.pid) > limit:
                process.kill()
                process.communicate()
                return None


def processor_seconds(pid: int) -> float:
    """What the threads of a process, which may be done but is not waited for, have taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
    parser.add_argument(
        "--limit", type=float, default=120.0, help="processor seconds for a process"
    )
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
