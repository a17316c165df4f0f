"""Running requests: finding the step for one in microseconds, and keeping those that are used.

An `Executor` belongs to one session. What compiles is `Compilations`, what holds the device's state
is the `Environment`, what explains errors `Explanations`, and what reads the graph `SessionGraph`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from flowc.codegen.backend import Array
from flowc.compiler.collection import without_collection
from flowc.compiler.driver import load_backends
from flowc.compiler.options import Options
from flowc.compiler.request import Feed, Sizes, feed_like
from flowc.ir import dtypes
from flowc.ir.errors import InvalidArgumentError, OpError, uninitialized
from flowc.runtime.compilations import Compilations
from flowc.runtime.environment import Environment
from flowc.runtime.explanations import Explanations
from flowc.runtime.interrupts import watch_for_interrupts
from flowc.runtime.placement import Placement, devices_of
from flowc.runtime.session_graph import GraphView, SessionGraph
from flowc.runtime.state import SessionState
from flowc.runtime.step import Step

MOST_STEPS = 256  # that keep what they run with; the others are planned again when they are run
MOST_PREPARED = 4096  # that are found by their names


class Executor:
    """Compiles and runs requests on one graph; holds the variables, or shares them with others."""

    def __init__(
        self, view: GraphView, config: Any = None, shared: SessionState | None = None
    ) -> None:
        options = Options.from_environment()
        backends = load_backends(options.threads or _configured_threads(config), options)
        self.graph = SessionGraph(view)
        self.explanations = Explanations(self.graph)
        self.environment = Environment(
            backends[0].memory, self.explanations, shared, _time_limit(config)
        )
        kinds = [backend.device_type for backend in backends]
        devices = devices_of(config, self.environment.task, kinds)
        self.compilations = Compilations(self.environment, backends, devices, options)
        self.waiting = self.environment.waiting
        watch_for_interrupts()
        self._placement = Placement(devices, config)
        self._steps: dict[tuple[tuple[str, ...], ...], Step] = {}
        self._planned: dict[Step, None] = {}

    # Variables

    def variable(self, name: str) -> Array:
        """A copy of a variable's value. Raises FailedPreconditionError if it has none."""
        found = self.environment.store.get(name)
        if found is None:
            raise self.explanations.located(uninitialized(name))
        return found.read()

    def set_variable(self, name: str, value: Array) -> None:
        """Give a variable a value."""
        with self.environment.lock:
            self.environment.store.set(name, np.asarray(value))

    def close(self) -> None:
        """End steps that wait; release variables and prepared steps."""
        with self.environment.lock:
            self._steps.clear()
            self._planned.clear()
            self.environment.close()

    # Steps

    def prepare(
        self, fetches: tuple[str, ...], feeds: tuple[str, ...], targets: tuple[str, ...] = ()
    ) -> Step:
        """The step for these tensor and operation names; found again at once the next time."""
        key = (fetches, feeds, targets)
        step = self._steps.get(key)
        if step is None:
            with self.environment.lock, without_collection():
                if len(self._steps) >= MOST_PREPARED:
                    self._steps.clear()
                step = self._steps[key] = self._make_step(fetches, feeds, targets)
        return step

    def run(
        self, fetches: tuple[str, ...], feeds: dict[str, Array], targets: tuple[str, ...] = ()
    ) -> list[Any]:
        """Run once: values of the fetched tensors, in order."""
        return self.prepare(fetches, tuple(feeds), targets)(list(feeds.values()))

    def compile(
        self,
        fetches: tuple[str, ...],
        feeds: tuple[str, ...],
        targets: tuple[str, ...],
        examples: Sequence[Array | Sizes | None],
    ) -> None:
        """Compile the step for feeds of which arrays or shapes are known; nothing is run."""
        step = self.prepare(fetches, feeds, targets)
        step.prepare([self._feed(*given) for given in zip(feeds, examples, strict=True)])

    def keep(self, step: Step) -> None:
        """A step has a plan from now on; that of the one that was not used for longest goes."""
        self._planned[step] = None
        if len(self._planned) > MOST_STEPS:
            oldest = min(self._planned, key=lambda step: step.last_use)
            del self._planned[oldest]
            oldest.release()

    def _make_step(
        self, fetches: tuple[str, ...], feeds: tuple[str, ...], targets: tuple[str, ...]
    ) -> Step:
        try:
            self.graph.extend()
            self._placement.place(self.graph.view.nodes)
            nodes = self.graph.request(fetches, feeds, targets)
        except OpError as error:
            raise self.explanations.located(error) from error.__cause__
        types = {name: self.graph.static_type(name) for name in feeds}
        return Step(self, nodes, feeds, fetches, types, keep=self.keep)

    def _feed(self, name: str, example: Array | Sizes | None) -> Feed:
        """What is known of a feed. Raises InvalidArgumentError for an unknown rank."""
        dtype, static = self.graph.static_type(name)
        if isinstance(example, np.ndarray):
            return feed_like(name, example, (dtype, static))
        if example is None and dtype is not dtypes.string:
            raise InvalidArgumentError(
                None, None, f"How many dimensions '{name}' has is not known: give a shape for it."
            )
        sizes = example or ()
        return Feed(name, dtype, (None,) * len(sizes) if static is None else static, sizes)


def _time_limit(config: Any) -> float | None:
    """Seconds that a step may take."""
    milliseconds = getattr(config, "operation_timeout_in_ms", 0)
    return milliseconds / 1000 if milliseconds > 0 else None


def _configured_threads(config: Any) -> int | None:
    count = getattr(config, "intra_op_parallelism_threads", 0)
    return int(count) or None
