"""All ways to run a program, held against each other.

    native      machine code               =  interpreter, within what the arithmetic allows
    threads     other numbers of threads   =  native, to the bit
    checked     code with bounds checks    =  native, to the bit
    tensorflow  where it is installed      =  interpreter, within what the arithmetic allows

and no way ends in an error that means a fault of the compiler, in a crash, or never.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.fuzz.children import Child
from tests.fuzz.comparison import SAMPLES, Difference, difference, same_bits
from tests.fuzz.program import Program
from tests.fuzz.requests import DrawProgram, Execute
from tests.fuzz.sessions import Failure, Outcome

NATIVE = "native"
INTERPRETER = "interpreter"
_FAULTS = frozenset(
    "Crash Timeout InternalError PassError AssertionError KeyError IndexError AttributeError "
    "RecursionError NotImplementedError ZeroDivisionError OverflowError".split()
)


@dataclass(frozen=True)
class Finding:
    """A program that is run wrongly, or could not even be drawn."""

    seed: int
    program: Program | None
    difference: Difference

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.difference}"


class Checker:
    """Draws programs and compares the ways to run them, each in a child process."""

    def __init__(self, flowc: Child, peer: Child | None = None) -> None:
        self._flowc = flowc
        self._peer = peer

    def check_seed(self, seed: int) -> Finding | None:
        """Draw the program of a seed and check it."""
        drawn = self._flowc.ask(DrawProgram(seed))
        if isinstance(drawn, Failure):
            text = f"{drawn.kind} {drawn.text}"
            return Finding(seed, None, Difference("drawing", drawn.kind, text))
        found = self.check(drawn)
        return Finding(seed, drawn, found) if found else None

    def check(self, program: Program) -> Difference | None:
        """The first difference between the ways to run the program."""
        expected = self.run(Execute(program, "--interpret"))
        native = self.run(Execute(program))
        samples = _Samples(self, program)
        return (
            _fault(INTERPRETER, expected)
            or _fault(NATIVE, native)
            or difference(NATIVE, native, expected, samples)
            or self._check_variant(program, native)
            or self._check_peer(program, expected, samples)
        )

    def _check_variant(self, program: Program, native: Sequence[Outcome]) -> Difference | None:
        """One of the other ways to generate code, in turn."""
        flags, threads = (("", 2), ("--bounds-checks", 1), ("", 3))[program.seed % 3]
        way = f"{flags} with {threads} threads".strip()
        other = self.run(Execute(program, flags, threads))
        return _fault(way, other) or same_bits(way, other, native)

    def _check_peer(
        self, program: Program, expected: Sequence[Outcome], samples: _Samples
    ) -> Difference | None:
        if self._peer is None:
            return None
        theirs = self.run(Execute(program), self._peer)
        return difference("tensorflow", theirs, expected, samples)

    def run(self, request: Execute, child: Child | None = None) -> list[Outcome]:
        """The outcome of each run; of a crash or timeout, that alone."""
        answer = (child or self._flowc).ask(request)
        return [answer] if isinstance(answer, Failure) else list(answer)


class _Samples:
    """The interpreter's outcomes under random last bits, found when first asked for."""

    def __init__(self, checker: Checker, program: Program) -> None:
        self._checker = checker
        self._program = program
        self._found: list[list[Outcome]] | None = None

    def __call__(self) -> Sequence[Sequence[Outcome]]:
        if self._found is None:
            request = Execute(self._program, "--interpret")
            self._found = [
                self._checker.run(replace(request, noise=seed)) for seed in range(SAMPLES)
            ]
        return self._found


def _fault(way: str, outcomes: Sequence[Outcome]) -> Difference | None:
    """An error that no program may bring about."""
    for number, outcome in enumerate(outcomes):
        if isinstance(outcome, Failure) and outcome.kind in _FAULTS:
            text = f"run {number}: {outcome.kind} {outcome.text[:1000]}"
            return Difference(way, outcome.kind, text)
    return None
