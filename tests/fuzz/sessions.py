"""Running a program with one module of the TensorFlow API; knows nothing of flowc.

The outcome of a run is the flat list of what was fetched, or an error.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from tests.fuzz.arrays import Array, as_array, data
from tests.fuzz.program import Program, Run


@dataclass(frozen=True)
class Failure:
    """How a run ended without values: the class of the error, `crash` or `timeout`."""

    kind: str
    text: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.text[:1000]}"


Outcome: TypeAlias = "list[Array] | Failure"


def namespace(tf: Any) -> dict[str, Any]:
    """The names that a program's text may use."""
    return {"tf": tf, "np": np, "data": data, "nan": np.nan, "inf": np.inf}


def evaluated(text: str) -> Any:
    """The value of a feed's text."""
    return eval(text, namespace(None))


def execute(program: Program, tf: Any, threads: int = 1) -> list[Outcome]:
    """The outcome of each run; of a program that cannot be built, one failure."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        graph, names = tf.Graph(), namespace(tf)
        with graph.as_default():
            tf.set_random_seed(1)
            try:
                exec("\n".join(program.build), names)
                initial = tf.global_variables_initializer()
            except Exception as error:
                return [Failure(type(error).__name__, f"while building: {error}")]
        config = tf.ConfigProto(
            intra_op_parallelism_threads=threads, inter_op_parallelism_threads=1
        )
        with tf.Session(graph=graph, config=config) as session:
            session.run(initial)
            return [_run(session, names, run, tf) for run in program.runs]


def _run(session: Any, names: dict[str, Any], run: Run, tf: Any) -> Outcome:
    try:
        feeds = {names[name]: evaluated(text) for name, text in run.feeds}
        fetched = session.run([names[name] for name in run.fetches], feeds)
    except Exception as error:  # of any class: that it is the wrong one is what may be found
        return Failure(type(error).__name__, str(error))
    return list(_flat(fetched))


def _flat(fetched: Sequence[Any]) -> Iterator[Array]:
    for value in fetched:
        if isinstance(value, list | tuple):
            yield from _flat(value)
        elif value is not None:  # an operation's result
            yield as_array(value)
