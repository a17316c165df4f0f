"""One peer in a process of its own: it reads requests and answers with times, a JSON line each.

Requests: {"setup": workload name} answers {"first": seconds, "result": a number to compare};
{"round": seconds} runs the step again and again for that long and answers {"times": [...]};
{"sessions": n, "seconds": s, "setup": name} does that in n sessions of n threads, and answers
{"rate": steps a second of all together}.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from benchmarks.workloads import WORKLOADS

Step = Callable[[], Any]


def make_peer(name: str, threads: int) -> Any:
    """The peer of that name. Raises ImportError where it is not installed."""
    from benchmarks import graph_peer, jax_peer

    if name == "jax":
        import jax  # noqa: F401  fails early where it is absent

        return jax_peer.JaxPeer()
    return {"flowc": graph_peer.flowc_peer, "tensorflow": graph_peer.tensorflow_peer}[name](threads)


def set_up(peer: Any, name: str) -> tuple[Step, dict[str, Any]]:
    """The step of a workload, and the answer that describes its first run."""
    workload = next(w for w in WORKLOADS if w.name == name)
    step = peer.step(workload)
    start = time.perf_counter()
    result = step()
    first = time.perf_counter() - start
    number = float(result) if np.ndim(result) == 0 and result is not None else None
    return step, {"first": first, "result": number}


def timed_round(step: Step, seconds: float) -> list[float]:
    """Times of single steps, for at least `seconds` and three steps."""
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return times


def rate_of_sessions(peer: Any, name: str, sessions: int, seconds: float) -> float:
    """Steps a second that several sessions reach together, each in a thread of its own."""
    steps = [set_up(peer, name)[0] for _ in range(sessions)]
    start = time.perf_counter()
    with ThreadPoolExecutor(sessions) as threads:
        times = list(threads.map(lambda step: timed_round(step, seconds), steps))
    return sum(map(len, times)) / (time.perf_counter() - start)


def main() -> None:
    """Answer requests until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("peer")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    answers = sys.stdout
    sys.stdout = sys.stderr  # what the peer prints must not mix with the answers
    peer = make_peer(options.peer, options.threads)
    step: Step | None = None
    print(json.dumps({"ready": options.peer}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, Any]
        if "sessions" in request:
            arguments = request["setup"], request["sessions"], request["seconds"]
            answer = {"rate": rate_of_sessions(peer, *arguments)}
        elif "setup" in request:
            step, answer = set_up(peer, request["setup"])
        else:
            assert step is not None
            answer = {"times": timed_round(step, request["round"])}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
