"""A part of a step that gives one variable its value, by code that serves all of its form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowc.codegen.backend import Array
from flowc.compiler.executable import Executable
from flowc.compiler.initialisers import Initialiser, adapted
from flowc.compiler.lowering import Refusal
from flowc.ir.errors import OpError
from flowc.runtime.binding import Binding
from flowc.runtime.compilations import Compilations, Family
from flowc.runtime.compiled_part import CompiledPart, begin
from flowc.runtime.environment import Environment
from flowc.runtime.interpreted import InterpretedBinding, bind


class Initialisation:
    """An initialiser that runs as its general form; call it without inputs.

    Where that does not compile, or the variable holds what it must not, the initialiser is compiled
    as it is, which tells what is wrong with it.
    """

    def __init__(
        self, environment: Environment, compilations: Compilations, own: Initialiser
    ) -> None:
        self._environment = environment
        self._compilations = compilations
        self._own = own
        self._feeds = own.constants
        self._binding: Binding | InterpretedBinding | None = None
        self._alone: CompiledPart | None = None

    def __call__(self, arrays: Sequence[Array]) -> list[Any]:
        """Give the variable its value; nothing is returned."""
        with self._environment.lock:
            if self._binding is None or self._binding.is_stale():
                self._binding = self._bind()
            if self._binding is not None:
                return self._binding.run(self._feeds)
            return self._alone_part()(arrays)

    def _alone_part(self) -> CompiledPart:
        if self._alone is None:
            self._alone = CompiledPart(self._environment, self._compilations, self._own, {})
        return self._alone

    def _bind(self) -> Binding | InterpretedBinding | None:
        """The code for the present store; None where the general form does not serve."""
        executable = self._executable()
        if executable is None:
            return None
        begin(self._environment, executable)
        sizes = executable.interface.sizes(self._feeds)
        assert sizes is not None, "the code is of another form"
        binding = bind(self._environment, executable, sizes, self._feeds)
        return None if binding.is_stale() else binding  # which makes it ready where it is not

    def prepare(self) -> None:
        """Have the code ready. The lock is held."""
        if self._executable() is None:
            self._alone_part().prepare()

    def _executable(self) -> Executable | None:
        """The code that the family has for these constants, or new code."""
        family = self._compilations.family((self._own.place, self._own.key))
        for form, executable in family.executables:
            if executable.interface.sizes(self._feeds) is not None:
                return adapted(executable, form, self._own)
        new = self._compile(family) if family.is_compilable else None
        return None if new is None else adapted(new, self._own.form, self._own)

    def _compile(self, family: Family) -> Executable | None:
        reason = "earlier code does not fit" if family.executables else "first run"
        try:
            begun = self._compilations.begin(self._own.request())
            executable = self._compilations.finish(begun, reason)
        except (OpError, Refusal):
            family.is_compilable = False
            return None
        family.executables.append((self._own.form, executable))
        return executable
