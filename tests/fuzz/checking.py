"""All ways to run a program, held against each other.

    interpreter     tensor IR as it was lowered
    native          machine code                =  interpreter, within what the arithmetic allows
    two threads     } other machine code        =  native, to the bit
    three threads   }
    bounds checks   }
    tensorflow      where it is installed       =  interpreter, within what the arithmetic allows

and no way ends in an error that means a fault of the compiler, in a crash, or never.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.fuzz.children import Runner
from tests.fuzz.comparison import SAMPLES, Difference, difference, same_bits
from tests.fuzz.program import Program
from tests.fuzz.requests import DrawProgram, Execute
from tests.fuzz.sessions import Failure, Outcome

INTERPRETER, NATIVE, PEER = "interpreter", "native", "tensorflow"
VARIANTS = {
    "two threads": ("", 2),
    "bounds checks": ("--bounds-checks", 1),
    "three threads": ("", 3),
}
_FAULTS = frozenset(
    (
        "Crash",
        "Timeout",
        "InternalError",
        "PassError",
        "AssertionError",
        "KeyError",
        "IndexError",
        "AttributeError",
        "RecursionError",
        "NotImplementedError",
        "OverflowError",
    )
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

    def __init__(self, flowc: Runner, peer: Runner | None = None) -> None:
        self._flowc = flowc
        self._peer = peer

    def check_seed(self, seed: int) -> Finding | None:
        """Draw the program of a seed, and check it in every way but for one of the variants."""
        drawn = self._flowc.ask(DrawProgram(seed))
        if isinstance(drawn, Failure):
            return Finding(seed, None, Difference("drawing", drawn.kind, str(drawn)))
        variant = list(VARIANTS)[seed % len(VARIANTS)]
        found = self.check(drawn, (INTERPRETER, NATIVE, variant, PEER))
        return Finding(seed, drawn, found) if found else None

    def check(self, program: Program, ways: Sequence[str]) -> Difference | None:
        """The first of these ways that goes wrong."""
        outcomes = Outcomes(program, self._flowc, self._peer)
        return next(filter(None, map(outcomes.check, ways)), None)

    def types(self, program: Program) -> dict[str, tuple[tuple[int, ...], str]]:
        """Shape and dtype of what the first run has by the names that lines begin with."""
        names = [line.partition(" = ")[0] for line in program.build]
        names = [name for name in names if name.isidentifier()]
        runs = tuple(program.runs[0].with_fetches(name) for name in names)
        found = Outcomes(program.with_runs(runs), self._flowc).interpreter
        return {
            name: (outcome[0].shape, outcome[0].dtype.name)
            for name, outcome in zip(names, found, strict=False)
            if not isinstance(outcome, Failure) and len(outcome) == 1
        }


class Outcomes:
    """The outcomes of one program, found when they are asked for."""

    def __init__(self, program: Program, flowc: Runner, peer: Runner | None = None) -> None:
        self._program = program
        self._flowc = flowc
        self._peer = peer

    @cached_property
    def interpreter(self) -> list[Outcome]:
        """What the interpreter says."""
        return self._run("--interpret")

    @cached_property
    def native(self) -> list[Outcome]:
        """What machine code says."""
        return self._run()

    @cached_property
    def samples(self) -> list[list[Outcome]]:
        """What the interpreter says under random last bits."""
        return [self._run("--interpret", noise=seed) for seed in range(SAMPLES)]

    def check(self, way: str) -> Difference | None:
        """What is wrong with one way to run the program."""
        if way == INTERPRETER:
            return _fault(way, self.interpreter)
        if way == NATIVE:
            close = difference(way, self.native, self.interpreter, lambda: self.samples)
            return _fault(way, self.native) or close
        if way == PEER:
            return self._check_peer()
        flags, threads = VARIANTS[way]
        other = self._run(flags, threads)
        return _fault(way, other) or same_bits(way, other, self.native)

    def _check_peer(self) -> Difference | None:
        if self._peer is None:
            return None
        theirs = _outcomes(self._peer.ask(Execute(self._program)))
        ours = self.interpreter
        if len(theirs) < len(ours):
            return None  # it cannot build the program
        # What TensorFlow alone refuses, for want of a kernel or by stricter inference, is no fault.
        theirs = [
            our if isinstance(their, Failure) and not isinstance(our, Failure) else their
            for their, our in zip(theirs, ours, strict=True)
        ]
        return difference(PEER, theirs, ours, lambda: self.samples)

    def _run(self, flags: str = "", threads: int = 1, noise: int | None = None) -> list[Outcome]:
        return _outcomes(self._flowc.ask(Execute(self._program, flags, threads, noise)))


def _outcomes(answer: Sequence[Outcome] | Failure) -> list[Outcome]:
    """The outcome of each run; of a child that died, that alone."""
    return [answer] if isinstance(answer, Failure) else list(answer)


def _fault(way: str, outcomes: Sequence[Outcome]) -> Difference | None:
    """An error that no program may bring about."""
    return next(_faults(way, outcomes), None)


def _faults(way: str, outcomes: Sequence[Outcome]) -> Iterator[Difference]:
    for number, outcome in enumerate(outcomes):
        if isinstance(outcome, Failure) and outcome.kind in _FAULTS:
            yield Difference(way, outcome.kind, f"run {number}: {outcome}")
