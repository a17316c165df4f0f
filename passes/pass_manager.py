"""Running passes: the one place that verifies, dumps, times, skips and bisects them.

A pass is a frozen dataclass with a `name` and `run(module) -> module`; it returns the same object
when it changed nothing. Everything that one may want to know about its work is asked for here, in
an `Observer`, so that passes themselves stay functions from module to module.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from flowc.ir.tensor.core import Module


class Pass(Protocol):
    """A rewrite of modules. Its docstring says what it requires and what it ensures."""

    @property
    def name(self) -> str:
        """A verb phrase in words joined by underscores, as dumps and `skip` give it."""

    def run(self, module: Module) -> Module:
        """The rewritten module; the same object when nothing changed."""


class PassError(Exception):
    """A pass broke the IR, or failed. `pass_name` says which, the cause says how."""

    def __init__(self, pass_name: str, problem: str) -> None:
        super().__init__(f"pass {pass_name}: {problem}")
        self.pass_name = pass_name


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a pass ran, and whether it changed anything."""

    pass_name: str
    seconds: float
    changed: bool


@dataclass(frozen=True)
class Observer:
    """What is wanted besides the result.

    `verify` raises where a module is malformed; it is called with the first module and after each
    pass that changed something. `dump` receives each stage's name (`02-fold_constants`) and module.
    Passes whose names are in `skip` do not run, nor any but the first `limit` that are left.
    `timings` is filled.
    """

    verify: Callable[[Module], None] | None = None
    dump: Callable[[str, Module], None] | None = None
    skip: frozenset[str] = frozenset()
    limit: int | None = None
    timings: list[Timing] = field(default_factory=list)


def run_passes(module: Module, passes: Sequence[Pass], observer: Observer | None = None) -> Module:
    """The module after all passes. Raises PassError naming the pass that failed."""
    observer = observer or Observer()
    chosen = [p for p in passes if p.name not in observer.skip][: observer.limit]
    _inspect(module, "input", 0, observer)
    for number, pass_ in enumerate(chosen, 1):
        before, start = module, time.perf_counter()
        try:
            module = pass_.run(before)
        except Exception as error:
            raise PassError(pass_.name, f"{type(error).__name__}: {error}") from error
        changed = module is not before
        observer.timings.append(Timing(pass_.name, time.perf_counter() - start, changed))
        if changed:
            _inspect(module, pass_.name, number, observer)
    return module


def _inspect(module: Module, name: str, number: int, observer: Observer) -> None:
    if observer.dump is not None:
        observer.dump(f"{number:02d}-{name}", module)
    if observer.verify is None:
        return
    try:
        observer.verify(module)
    except Exception as error:
        raise PassError(name, f"the module is malformed afterwards: {error}") from error


def bisect_passes(
    module: Module, passes: Sequence[Pass], is_good: Callable[[Module], bool]
) -> str | None:
    """The name of the first pass after which `is_good` does not hold; None where it always does.

    Passes are deterministic, so each module is made once; nothing is assumed of `is_good` between.
    """
    for pass_ in passes:
        module = run_passes(module, [pass_])
        if not is_good(module):
            return pass_.name
    return None
