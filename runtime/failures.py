"""What a failed check says.

Compiled code tells no more than which check has failed. What the check was made of is computed
again then, by the reference interpreter, up to the first element that is wrong: a step that fails
is lost already, and one that does not fail pays nothing.

Checks come before variables are written, unless they look at what is written: then the memory of
the variable holds the new value, and that is where the computation begins.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flowc.codegen.backend import Array
from flowc.compiler.executable import Executable
from flowc.ir import errors
from flowc.ir.errors import OpError
from flowc.ir.loops.kernel import Buffer, Check, Step
from flowc.ir.loops.walk import inner_steps, written_by
from flowc.ir.tensor import interpreter
from flowc.ir.tensor.core import Computation, Instruction, Result, Value
from flowc.ir.tensor.primitives.control import CheckFailed
from flowc.ir.tensor.rewrite import operands_and_captures
from flowc.passes.lowering.program import Lowered
from flowc.runtime.explanations import Explanations

_SECONDS = 10.0  # after which an error is told without its element


@dataclass(frozen=True, eq=False)
class FailedRun:
    """A run of an executable that a check has ended.

    `arguments` are those of the module, feeds and variables.
    """

    executable: Executable
    arguments: Sequence[Array]
    sizes: Mapping[str, int]

    def error(self, explanations: Explanations, code: int) -> OpError:
        """The error of a check, with the node's place in the user's program."""
        message = self.executable.interface.messages[code - 1]
        text = self._told(code) or _with_numbers(message.text, self.sizes)
        kind = getattr(errors, message.error)
        title = explanations.title(message.node)
        return explanations.located(kind(None, message.node, f"{title}: {text}"))

    def _told(self, code: int) -> str:
        """What the check says of the values that it failed for; empty where that is not certain."""
        details = self.executable.details()
        message, main = details.graph.module.messages[code - 1], details.graph.module.main
        if message.evidence is None:
            return ""
        written = self._overwritten(details.lowered, code)
        gone = {main.parameters[argument] for argument in written.values()}
        known = {main.results[n]: self.arguments[a] for n, a in written.items()}
        needed = _needed_for(main, code, message.evidence.values, known)
        if any(gone.intersection(operands_and_captures(i)) for i in needed.instructions):
            return ""
        try:
            with interpreter.time_limit(_SECONDS):
                interpreter.call(needed, self.arguments, known, dict(self.sizes))
        except CheckFailed as failure:
            return interpreter.words(message, failure, self.sizes) if failure.code == code else ""
        except (MemoryError, interpreter.OutOfTime):
            pass
        return ""

    def _overwritten(self, lowered: Lowered | None, code: int) -> dict[int, int]:
        """The results that are in an argument's memory by now, and those arguments."""
        if lowered is None:
            return {}
        written = overwritten(lowered, code)
        return {n: place for n, place in written.items() if place < len(self.arguments)}


def overwritten(lowered: Lowered, code: int) -> dict[int, int]:
    """The results that are written into arguments' memory before a check, and those arguments."""
    written = set[Buffer]()
    for step in lowered.program.steps:
        written |= written_by(step)
        if _has_step(step, code):
            break
    arguments = lowered.program.arguments
    return {n: place for n, place in enumerate(lowered.places) if arguments[place] in written}


def _has_step(step: Step, code: int) -> bool:
    if isinstance(step, Check):
        return step.code == code
    return any(_has_step(inner, code) for inner in inner_steps(step))


def _needed_for(
    main: Computation, code: int, values: Sequence[Value], known: Mapping[Value, Array]
) -> Computation:
    """The instructions that a check and the values need beside what is known."""

    def sources(values: Sequence[Value]) -> list[Instruction]:
        return [v.instruction for v in values if isinstance(v, Result) and v not in known]

    pending = [i for i in main.instructions if _has_check(i, code) or i.primitive == "measure"]
    pending += sources(values)
    needed = set[Instruction]()
    while pending:
        instruction = pending.pop()
        if instruction not in needed:
            needed.add(instruction)
            pending += sources(operands_and_captures(instruction))
    kept = tuple(i for i in main.instructions if i in needed)
    return Computation(main.parameters, kept, ())


def _has_check(instruction: Instruction, code: int) -> bool:
    if instruction.primitive == "check":
        return bool(instruction.attributes["code"] == code)
    return any(_has_check(i, code) for region in instruction.regions for i in region.instructions)


def _with_numbers(text: str, sizes: Mapping[str, int]) -> str:
    """The text with this run's sizes in place of the symbols that stand for them."""
    for name, size in sizes.items():
        text = re.sub(rf"\b{name}\b", str(size), text)
    return text
