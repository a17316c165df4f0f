"""`tf.test.Benchmark`: how long an operation takes."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from flowc.frontend.platform import logging
from flowc.ir.proto import ConfigProto


class Benchmark:
    """Base of benchmarks, whose methods `benchmark...` call `run_op_benchmark`."""

    @classmethod
    def is_abstract(cls) -> bool:
        """True for the base alone."""
        return cls is Benchmark

    def run_op_benchmark(
        self,
        sess: Any,
        op_or_tensor: Any,
        feed_dict: Any = None,
        burn_iters: int = 2,
        min_iters: int = 10,
        store_trace: bool = False,
        store_memory_usage: bool = True,
        name: str | None = None,
        extras: Mapping[str, Any] | None = None,
        mbs: float = 0,
    ) -> dict[str, Any]:
        """Run it `min_iters` times after `burn_iters` times that do not count; report the times.

        The result has `wall_time`, the median of the seconds, `throughput` where `mbs` megabytes
        are told, and `iters`.
        """
        for _ in range(burn_iters):
            sess.run(op_or_tensor, feed_dict=feed_dict)
        seconds = []
        for _ in range(min_iters):
            began = time.perf_counter()
            sess.run(op_or_tensor, feed_dict=feed_dict)
            seconds.append(time.perf_counter() - began)
        median = float(np.median(seconds)) if seconds else -1.0
        throughput = mbs / median if seconds and mbs else None
        more = {
            **(extras or {}),
            "wall_time_mean": float(np.mean(seconds or [0.0])),
            "wall_time_stdev": float(np.std(seconds or [0.0])),
        }
        self.report_benchmark(
            min_iters,
            wall_time=median,
            throughput=throughput,
            extras=more,
            name=name or self._name(),
        )
        return {"iters": min_iters, "wall_time": median, "throughput": throughput, "extras": more}

    def report_benchmark(
        self,
        iters: int | None = None,
        cpu_time: float | None = None,
        wall_time: float | None = None,
        throughput: float | None = None,
        extras: Mapping[str, Any] | None = None,
        name: str | None = None,
        metrics: Any = None,
    ) -> None:
        """Write times to the log."""
        told = {
            "iters": iters,
            "cpu_time": cpu_time,
            "wall_time": wall_time,
            "throughput": throughput,
            "extras": dict(extras or {}) or None,
        }
        text = ", ".join(f"{key}: {value}" for key, value in told.items() if value is not None)
        logging.info("entry { name: %s, %s }", name or self._name(), text)

    def _name(self) -> str:
        callers = (frame.function for frame in inspect.stack())
        found = next((function for function in callers if function.startswith("benchmark")), "run")
        return f"{type(self).__name__}.{found}"


def benchmark_config() -> ConfigProto:
    """The configuration of a session for benchmarks."""
    return ConfigProto()
