"""What the parent asks of a child: pickled, sent, and answered there."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from tests.fuzz.program import Program
from tests.fuzz.sessions import Failure, Outcome, execute


class Request(Protocol):
    """Something to do in the child, with its module of the API."""

    def answer(self, tf: Any) -> Any:
        """What goes back to the parent."""


@dataclass(frozen=True)
class Execute:
    """Run a program. `noise` seeds random last bits in the interpreter (`noise.py`)."""

    program: Program
    flags: str = ""
    threads: int = 1
    noise: int | None = None

    def answer(self, tf: Any) -> list[Outcome]:
        """The outcome of each run."""
        os.environ["FLOWC_FLAGS"] = f"--strict {self.flags}"
        with self._arithmetic():
            return execute(self.program, tf, self.threads)

    def _arithmetic(self) -> Any:
        if self.noise is None:
            return nullcontext()
        from tests.fuzz.noise import noisy

        return noisy(self.noise)


@dataclass(frozen=True)
class DrawProgram:
    """Draw the program of a seed."""

    seed: int

    def answer(self, tf: Any) -> Program | Failure:
        """The program; a failure where a statement of it failed as none may."""
        from tests.fuzz.drawing.drawing import Fault
        from tests.fuzz.drawing.programs import draw

        os.environ["FLOWC_FLAGS"] = "--interpret"
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                return draw(self.seed, tf)
            except Fault as fault:
                return Failure("Fault", str(fault))


def handler(module: str) -> Callable[[Request], Any]:
    """What answers requests with `module`: `flowc` or `tensorflow`."""
    if module == "flowc":
        tf = import_module("flowc")
    else:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
        tf = import_module("tensorflow.compat.v1")
        tf.disable_v2_behavior()
        tf.logging.set_verbosity(tf.logging.ERROR)
    return lambda request: request.answer(tf)
