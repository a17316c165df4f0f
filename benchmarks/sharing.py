"""Measure what is left of the speed where the cores are shared: with other processes and sessions.

    python -m benchmarks.sharing [--peers flowc,tensorflow] [--busy 1] [--python NAME=PATH]

For each workload, the mean step of every peer alone and beside processes that keep cores busy, and
the ratio of the two (peers take turns in short rounds, so that all meet the same machine); then
the steps a second of two sessions in two threads, as a multiple of one session's.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.compare import ROUND_SECONDS, ROUNDS, Worker, interpreters, start
from benchmarks.workloads import WORKLOADS, Workload

NAMES = "MLP|CNN|LSTM"
SESSIONS_SECONDS = 2.0


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that compute all the time."""
    started = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)
    ]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def mean_steps(workers: Sequence[Worker]) -> list[float]:
    """Seconds of a step of each peer, measured in turns."""
    for worker in workers:
        worker.times = []
    for _ in range(ROUNDS):
        for worker in workers:
            worker.times += worker.ask({"round": ROUND_SECONDS})["times"]
    return [statistics.mean(worker.times) for worker in workers]


def beside_others(workload: Workload, workers: Sequence[Worker], processes: int) -> str:
    """A line of the first table."""
    for worker in workers:
        worker.ask({"setup": workload.name})
        worker.ask({"round": 0.2})
    alone = mean_steps(workers)
    with busy(processes):
        beside = mean_steps(workers)
    cells = [
        f"{worker.name} {1e3 * a:.2f} -> {1e3 * b:.2f} ms ({b / a:.2f})"
        for worker, a, b in zip(workers, alone, beside, strict=True)
    ]
    return f"{workload.name:42} " + "   ".join(cells)


def two_sessions(workload: Workload, workers: Sequence[Worker]) -> str:
    """A line of the second table."""
    cells = []
    for worker in workers:
        rates = [
            worker.ask({"sessions": n, "seconds": SESSIONS_SECONDS, "setup": workload.name})["rate"]
            for n in (1, 2)
        ]
        cells.append(
            f"{worker.name} {rates[0]:.0f} -> {rates[1]:.0f} steps/s ({rates[1] / rates[0]:.2f})"
        )
    return f"{workload.name:42} " + "   ".join(cells)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", default="flowc,tensorflow")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--busy", type=int, default=1, help="processes beside")
    parser.add_argument("--only", default=NAMES, help="regular expression on the workload's name")
    parser.add_argument("--python", action="append", default=[], metavar="NAME=PATH")
    options = parser.parse_args()
    python = interpreters(options.python)
    names = options.peers.split(",")
    started = [start(name, python.get(name, sys.executable), options.threads) for name in names]
    workers = [w for w in started if w is not None]
    chosen = [w for w in WORKLOADS if re.search(options.only, w.name)]
    print(f"alone, and beside {options.busy} busy processes")
    for workload in chosen:
        print(beside_others(workload, workers, options.busy), flush=True)
    print("one session, and two in two threads")
    for workload in chosen:
        print(two_sessions(workload, workers), flush=True)
    for worker in workers:
        worker.process.terminate()


if __name__ == "__main__":
    main()
