"""An executable without machine code, bound to the interpreter: the oracle as a way to run steps.

`FLOWC_FLAGS=--interpret` chooses it for whole sessions. What it runs is the module as it was
lowered, before any pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flowc.codegen.backend import Array
from flowc.compiler.executable import Executable
from flowc.ir import dims
from flowc.ir.denormals import flushed
from flowc.ir.tensor import interpreter
from flowc.ir.tensor.primitives.control import CheckFailed
from flowc.runtime.binding import Binding
from flowc.runtime.environment import Environment
from flowc.runtime.failures import FailedRun


class InterpretedBinding:
    """A step that is interpreted; it has the interface of `Binding`."""

    writes = True  # or may: the lock is held

    def __init__(
        self, environment: Environment, executable: Executable, sizes: Mapping[str, int]
    ) -> None:
        self._environment = environment
        self._executable = executable
        self._main = executable.details().graph.module.main
        self._sizes = sizes

    def is_stale(self) -> bool:
        """True when a variable's type is no longer the one that the module was made for."""
        return not self._executable.interface.serves(self._environment.store)

    def run(self, feeds: Sequence[Array]) -> list[Any]:
        """One step. Raises the error of a failed check; then no variable has changed."""
        main, writes = self._main, self._executable.interface.writes
        arguments = [*feeds, *self._variables()]
        sizes = dict(self._sizes)  # to which what is counted is added
        try:
            with flushed():
                found = interpreter.call(main, arguments, {}, sizes)
        except CheckFailed as failure:
            run = FailedRun(self._executable, arguments, self._sizes)
            raise run.error(self._environment.explanations, failure.code) from None
        results = [np.array(array) for array in found]  # what is a variable's memory changes now
        count = len(results) - len(writes)
        types = self._executable.interface.results[count:]
        for name, array, type_ in zip(writes, results[count:], types, strict=True):
            shape = tuple(dims.evaluate(size, sizes) for size in type_.shape)
            self._environment.store.set(name, array.reshape(shape))
        return [array[()] for array in results[:count]]

    def _variables(self) -> list[Array]:
        store = self._environment.store
        return [store[name].read() for name in self._executable.interface.reads]


def bind(
    environment: Environment,
    executable: Executable,
    sizes: Mapping[str, int],
    feeds: Sequence[Array],
) -> Binding | InterpretedBinding:
    """The executable for these sizes: machine code where it has some."""
    if executable.code is None:
        return InterpretedBinding(environment, executable, sizes)
    return Binding(environment, executable, executable.code, sizes, feeds)
