"""Compiling for a session: the compiler, what the log says of it, and its time."""

from __future__ import annotations

import logging
import sys
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

from flowc.codegen.backend import Backend
from flowc.compiler.compiler import Compiler
from flowc.compiler.devices import Devices
from flowc.compiler.driver import Begun, time_table
from flowc.compiler.executable import Executable
from flowc.compiler.graph import Node
from flowc.compiler.options import Options
from flowc.compiler.request import Request, Stored, specs
from flowc.ir.errors import OpError
from flowc.runtime.environment import Environment

logger = logging.getLogger("flowc")


@dataclass(frozen=True, slots=True)
class Compilation:
    """What was compiled, why, and the seconds that each stage took, in order."""

    name: str
    reason: str
    times: Mapping[str, float]

    @property
    def seconds(self) -> float:
        """All stages together."""
        return sum(self.times.values())

    def __str__(self) -> str:
        return f"compiled {self.name} ({self.reason})\n{time_table(self.times)}"


@dataclass
class Family:
    """What a session has compiled for initialisers of one general form."""

    executables: list[tuple[tuple[Node, ...], Executable]] = field(default_factory=list)
    is_compilable: bool = True


class Compilations:
    """Compiles for the variables of an environment. The lock is held in all methods."""

    def __init__(
        self,
        environment: Environment,
        backends: Sequence[Backend],
        devices: Devices,
        options: Options,
    ) -> None:
        self._environment = environment
        self._options = options
        self._compiler = Compiler(dict(zip(devices.machines, backends, strict=True)), options)
        self.devices = devices
        self._families: dict[Hashable, Family] = {}
        self.made: list[Compilation] = []

    @property
    def variables(self) -> Mapping[str, Stored]:
        """What requests say of the variables: those that have a value, and of which type."""
        return specs(self._environment.store)

    def begin(self, request: Request) -> Begun:
        """What code for a request promises (`Compiler.begin`). Raises errors with their places."""
        start = perf_counter()
        try:
            return self._compiler.begin(request)
        except OpError as error:
            located = self._environment.explanations.located(error)
            raise located from (error.__cause__ if located is error else error)
        finally:
            self._environment.waiting.extend(perf_counter() - start)

    def finish(self, begun: Begun, reason: str) -> Executable:
        """The code for a request; where it had to be made or loaded, the log says why."""
        start = perf_counter()
        executable = self._compiler.finish(begun)
        self._environment.waiting.extend(perf_counter() - start)
        if begun.is_new:
            self.made.append(Compilation(begun.request.name, reason, executable.times))
            self.note(str(self.made[-1]))
        return executable

    def family(self, key: Hashable) -> Family:
        """What is compiled for initialisers whose general form has this key; to be added to."""
        return self._families.setdefault(key, Family())

    def note(self, text: str) -> None:
        """Say in the log what is compiled or not; on standard error too where that is wanted."""
        logger.info("%s", text)
        if self._options.log_compiles:
            print(text, file=sys.stderr)
