"""What a supervisor is made of: operations that it finds or makes, a thread that counts steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flowc.frontend.collections import GraphKeys
from flowc.frontend.functions.control import group
from flowc.frontend.platform import logging
from flowc.frontend.saving.saver import Saver
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.training.coordinator import LooperThread
from flowc.frontend.variables.sets import (
    global_variables,
    local_variables,
    local_variables_initializer,
    report_uninitialized_variables,
    tables_initializer,
)
from flowc.ir.proto import Summary

USE_DEFAULT = 0  # stands for an argument that is not given


class StepCounter(LooperThread):
    """Writes how many steps are taken in a second."""

    def __init__(self, supervisor: Any, session: Any) -> None:
        super().__init__(supervisor.coord, supervisor.save_summaries_secs)
        self._supervisor = supervisor
        self._session = session

    def start_loop(self) -> None:
        """Take the time."""
        self._last_time = time.time()
        self._last_step = int(self._session.run(self._supervisor.global_step))

    def run_loop(self) -> None:
        """Write the rate."""
        now, step = time.time(), int(self._session.run(self._supervisor.global_step))
        seconds, steps = now - self._last_time, step - self._last_step
        self._last_time, self._last_step = now, step
        rate = steps / seconds if seconds > 0 else float("inf")
        name = f"{self._supervisor.global_step.op.name}/sec"
        summary = Summary(value=[Summary.Value(tag=name, simple_value=rate)])
        self._supervisor.summary_writer.add_summary(summary, step)
        logging.info("%s: %g", name, rate)


@contextmanager
def quietly() -> Iterator[None]:
    """Errors in the block only go to the log."""
    try:
        yield
    except Exception as error:
        logging.debug("closing the session: %s", error)


def found(given: Any, key: str, make: Callable[[], Any]) -> Any:
    """What is given, else the first item of a collection, which is made where there is none."""
    if given is not USE_DEFAULT:
        return given
    graph = get_default_graph()
    items = graph.get_collection(key)
    if items:
        return items[0]
    made = make()
    if made is not None:
        graph.add_to_collection(key, made)
    return made


def listed(item: Any) -> list[Any]:
    """A list of the item, or an empty one for None."""
    return [] if item is None else [item]


def none() -> None:
    """Nothing, where something might be made."""


def saver_or_none() -> Saver | None:
    """A saver of all variables, where there are any."""
    return Saver() if global_variables() else None


def missing_globals() -> Any:
    """The names of the global variables that have no value."""
    return report_uninitialized_variables(global_variables())


def local_initialisation() -> Any:
    """Initialise local variables and tables, or None where there are none."""
    ops = [local_variables_initializer()] if local_variables() else []
    if get_default_graph().get_collection(GraphKeys.TABLE_INITIALIZERS):
        ops.append(tables_initializer())
    return group(*ops) if ops else None
