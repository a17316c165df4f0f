"""What a failed check says.

Compiled code tells no more than which check has failed. What the check was made of is computed
again then, by the reference interpreter, up to the first element that is wrong: a step that fails
is lost already, and one that does not fail pays nothing. No variable has changed by then, so the
second time comes to what the first time came to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from flowc.compiler.driver import Executable
from flowc.ir import errors
from flowc.ir.errors import OpError
from flowc.ir.tensor import interpreter
from flowc.ir.tensor.core import Computation, Instruction, Message, Module, Value
from flowc.ir.tensor.primitives.control import CheckFailed
from flowc.ir.tensor.rewrite import captures
from flowc.runtime.store import Array

if TYPE_CHECKING:
    from flowc.runtime.executor import Executor

_SECONDS = 10.0  # after which an error is told without its element


def failed_check(
    executor: Executor,
    executable: Executable,
    code: int,
    arguments: Sequence[Array],
    sizes: Mapping[str, int],
) -> OpError:
    """The error of the check that ended a step, with the node's place in the user's program.

    `arguments` are those of the executable's module: feeds and variables.
    """
    module = executable.graph.module
    message = module.messages[code - 1]
    text = _words(module, message, code, arguments, sizes) or _with_numbers(message.text, sizes)
    error = getattr(errors, message.error)(None, message.node, f"'{message.node}': {text}")
    return executor.located(error)


def _words(
    module: Module,
    message: Message,
    code: int,
    arguments: Sequence[Array],
    sizes: Mapping[str, int],
) -> str:
    """What the check says of the values that it failed for; empty where that cannot be told."""
    if message.evidence is None:
        return ""
    main = _needed_for(module.main, code, message.evidence.values)
    try:
        with interpreter.time_limit(_SECONDS):
            interpreter.call(main, arguments, {}, sizes)
    except CheckFailed as failure:
        return interpreter.words(message, failure, sizes) if failure.code == code else ""
    except (MemoryError, interpreter.OutOfTime):
        pass
    return ""


def _needed_for(main: Computation, code: int, values: Sequence[Value]) -> Computation:
    """The instructions that a check and the values need."""
    own = set(main.instructions)
    pending = [i for i in main.instructions if _has_check(i, code)]
    pending += [v.instruction for v in values if _is_of(v, own)]
    needed = set[Instruction]()
    while pending:
        instruction = pending.pop()
        if instruction in needed:
            continue
        needed.add(instruction)
        read = [*instruction.operands, *(v for r in instruction.regions for v in captures(r))]
        pending += [v.instruction for v in read if _is_of(v, own)]
    kept = tuple(i for i in main.instructions if i in needed)
    return Computation(main.parameters, kept, ())


def _is_of(value: Value, instructions: set[Instruction]) -> bool:
    return getattr(value, "instruction", None) in instructions


def _has_check(instruction: Instruction, code: int) -> bool:
    if instruction.primitive == "check":
        return bool(instruction.attributes["code"] == code)
    return any(_has_check(i, code) for region in instruction.regions for i in region.instructions)


def _with_numbers(text: str, sizes: Mapping[str, int]) -> str:
    """The text with this run's sizes in place of the symbols that stand for them."""
    for name, size in sizes.items():
        text = re.sub(rf"\b{name}\b", str(size), text)
    return text
