"""Passes run again on a dump: `python -m flowc.replay FOLDER`.

`FLOWC_FLAGS=--dump-to=DIR` writes a folder for each compilation, with the module after each pass
that changed it. A module that is read back gives the same code as the one that was compiled, so a
fault can be looked at, and cut down, without the program that had it. `--schedule NAME` shows the
steps by which the kernels whose names hold NAME came to run as they do.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from flowc.compiler.driver import load_backends
from flowc.compiler.dump import STEP
from flowc.compiler.options import Options
from flowc.ir.loops.printer import print_program
from flowc.ir.tensor.core import Module
from flowc.ir.tensor.parser import ParseError, parse_module
from flowc.ir.tensor.printer import print_module
from flowc.ir.tensor.verifier import verify
from flowc.passes.lowering.kernels import AS_LOWERED
from flowc.passes.lowering.program import lower_module
from flowc.passes.pass_manager import Observer, run_passes
from flowc.passes.pipeline import PASSES

_MARK = "_tensor_"  # in the names of the files that hold modules


def levels(folder: Path) -> dict[str, Path]:
    """The modules of a dump by the pass that made them, `00-input` the first. Raises ValueError."""
    found = {p.stem.partition(_MARK)[2]: p for p in sorted(folder.glob(f"*{_MARK}*.mlir"))}
    if not found:
        raise ValueError(f"{folder} holds no dump of a compilation: no file *{_MARK}*.mlir")
    return found


def passes_after(level: str) -> range:
    """The numbers of the passes that follow a level, from 1 on."""
    return range(int(level.partition("-")[0]) + 1, len(PASSES) + 1)


@dataclass(frozen=True, slots=True)
class KernelStep:
    """A kernel of a dump: its key, what was done with it last, and its text after that."""

    key: str
    done: str
    text: str


def steps(folder: Path) -> list[KernelStep]:
    """The steps of the schedules of a dump, kernel by kernel."""
    (path,) = folder.glob("*_schedule.txt")
    found = []
    for part in path.read_text().split(STEP)[1:]:
        title, _, text = part.partition("\n")
        key, _, done = title.partition(" ")
        found.append(KernelStep(key, done, text.rstrip() + "\n"))
    return found


def show_schedules(folder: Path, name: str) -> None:
    """Each step of the schedules of some kernels, as a difference of texts."""
    before = ""
    for step in steps(folder):
        if name not in step.text.partition("(")[0]:
            continue
        if step.done == AS_LOWERED:
            print(f"{step.key} {step.done}\n{step.text}")
        else:
            texts = before.splitlines(), step.text.splitlines()
            print("\n".join(unified_diff(*texts, "before", step.done, lineterm="")))
        before = step.text


def replay(module: Module, numbers: Sequence[int]) -> Module:
    """The module after some passes of the pipeline, verified after each."""
    return run_passes(module, [PASSES[n - 1] for n in numbers], Observer(verify))


def loop_ir(module: Module, threads: int | None = None) -> str:
    """The text of the program that a fused module becomes on this machine."""
    return print_program(lower_module(module, load_backends(threads, Options())[0].target).program)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser("python -m flowc.replay", description=__doc__)
    parser.add_argument("folder", type=Path, help="of one compilation, below --dump-to")
    parser.add_argument("--level", default="", help="the module to begin with; default: the first")
    parser.add_argument("--passes", type=int, nargs="*", help="numbers; default: all that follow")
    parser.add_argument("--loops", action="store_true", help="show the loop IR in the end")
    parser.add_argument("--schedule", metavar="NAME", help="show the schedules of such kernels")
    options = parser.parse_args(arguments)
    try:
        found = levels(options.folder)
        if options.schedule is not None:
            show_schedules(options.folder, options.schedule)
            return 0
        level = options.level or next(iter(found))
        if level not in found:
            raise ValueError(f"there is no level {level!r} but {', '.join(found)}")
        module = parse_module(found[level].read_text())
    except (ValueError, ParseError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    numbers = passes_after(level) if options.passes is None else options.passes
    if not all(1 <= number <= len(PASSES) for number in numbers):
        print(f"passes have the numbers 1 to {len(PASSES)}:", file=sys.stderr)
        print("\n".join(f"  {n} {p.name}" for n, p in enumerate(PASSES, 1)), file=sys.stderr)
        return 2
    for number in numbers:
        before, module = module, replay(module, [number])
        _show(before, module, f"{number:02d}-{PASSES[number - 1].name}")
    if options.loops:
        print(loop_ir(module), end="")
    return 0


def _show(before: Module, after: Module, name: str) -> None:
    """What a pass has changed, as a difference of texts."""
    old, new = (print_module(m).splitlines() for m in (before, after))
    lines = list(unified_diff(old, new, "before", name, lineterm=""))
    print("\n".join(lines) if lines else f"{name} changes nothing")
