"""A fused module becomes a program: kernels, buffers, and the order of calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from flowc.ir import dims
from flowc.ir.dims import Dim
from flowc.ir.loops.expressions import Load, Scalar
from flowc.ir.loops.kernel import (
    Buffer,
    Call,
    CaseCalls,
    Check,
    Commit,
    Constants,
    For,
    Kernel,
    Measure,
    Program,
    Statement,
    Step,
    Store,
    WhileCalls,
)
from flowc.ir.loops.walk import written_by
from flowc.ir.tensor.core import Computation, Counted, Instruction, Module, Parameter, Result, Value
from flowc.ir.tensor_values import raw_bytes
from flowc.passes.lowering.buffers import Arena, Lifetimes, buffer_for, memory_of
from flowc.passes.lowering.kernels import Scratch, copy_kernel
from flowc.passes.lowering.opaque import may_overwrite
from flowc.passes.lowering.shared_kernels import SHARED, SharedKernels, Structure
from flowc.passes.schedule.costs import roots, walk
from flowc.passes.target import CpuTarget

_SMALL = 8  # elements of which a copy costs nothing
_WORK = frozenset({"fusion", "while", "case"})


@dataclass(frozen=True)
class Lowered:
    """A program, and how its pointer arguments stand for the module's arguments and results.

    The program's first arguments are the module's parameters. `places[i]` is the number of the
    program argument that holds result i: a parameter's own memory when it was updated in place,
    else one of the arguments that follow.
    """

    program: Program
    places: tuple[int, ...]


def lower_module(module: Module, target: CpuTarget, kernels: SharedKernels = SHARED) -> Lowered:
    """The program of a module whose computations are fused; `kernels` keeps its kernels."""
    return _Lowering(module, target, kernels).run()


@dataclass
class _Lowering:
    module: Module
    target: CpuTarget
    kernels: SharedKernels
    buffers: dict[Value, Buffer] = field(default_factory=dict)
    constants: list[Constants] = field(default_factory=list)
    arena: Arena = field(default_factory=Arena)
    lifetimes: Lifetimes = field(default_factory=Lifetimes)
    arguments: list[Buffer] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    count: int = 0
    structures: dict[Instruction, Structure] = field(default_factory=dict)  # of fusions
    equal: dict[Structure, Structure] = field(default_factory=dict)  # one for all that are equal

    def run(self) -> Lowered:
        """The whole program."""
        main = self.module.main
        sources = self.module.symbols.items()
        self.arena.limits = {s: o.limit for s, o in sources if isinstance(o, Counted)}
        self.lifetimes.visit(main)
        for i, parameter in enumerate(main.parameters):
            self.buffers[parameter] = buffer_for(f"argument{i}", parameter.type)
            self.arguments.append(self.buffers[parameter])
        copies = self._place_results(main)
        steps = [*self._steps(main), *copies_of(copies, self)]
        program = Program(
            self.module.name,
            tuple(self.arguments),
            tuple(self.module.symbols),
            tuple(self.constants),
            tuple(self.arena.slices),
            self.arena.size,
            self._committed(steps),
        )
        return Lowered(program, tuple(self.places))

    def _committed(self, steps: list[Step]) -> tuple[Step, ...]:
        """The steps, with `Commit` in front of the first that writes a parameter's memory."""
        own = set(self.arguments[: len(self.module.main.parameters)])
        first = next((n for n, step in enumerate(steps) if own & written_by(step)), len(steps))
        return (*steps[:first], Commit(), *steps[first:]) if first < len(steps) else tuple(steps)

    # Results

    def _place_results(self, main: Computation) -> list[tuple[Value, Buffer]]:
        """Decide each result's memory; the values that must be copied there at the end."""
        places: dict[int, int] = {}
        deferred: dict[int, int] = {}  # small results that are copied at the end, and their donors
        for number, donor in self.module.donated.items():
            value = main.results[number]
            if self._waits(value, main):
                deferred[number] = donor
            elif self._may_update(value, main, donor):
                self.buffers[memory_of(value)] = self.arguments[donor]
                places[number] = donor
        copies: list[tuple[Value, Buffer]] = []
        last: list[tuple[Value, Buffer]] = []
        for number, value in enumerate(main.results):
            if number in deferred:
                last.append((value, self.arguments[deferred[number]]))
                places[number] = deferred[number]
            elif number not in places:
                places[number] = len(self.arguments)
                copies += self._place_result(value, f"result{number}")
        copies += last
        self.places = [places[number] for number in range(len(main.results))]
        return copies

    def _waits(self, value: Value, main: Computation) -> bool:
        """Whether a small result had better not be written over its donor as it is computed.

        The state of a random generator is known early. If it were written then, the program could
        not be stopped in all that follows.
        """
        source = memory_of(value)
        if isinstance(source, Parameter) or source.instruction.primitive != "fusion":
            return False
        size, steps = source.type.size, main.instructions
        if not isinstance(size, int) or size > _SMALL or source.instruction not in steps:
            return False
        donated = {memory_of(main.results[number]) for number in self.module.donated}
        following = steps[steps.index(source.instruction) + 1 :]
        return any(i.primitive in _WORK and not donated.intersection(i.results) for i in following)

    def _place_result(self, value: Value, name: str) -> list[tuple[Value, Buffer]]:
        """New memory for a result; a kernel writes there if it may, else a copy must."""
        buffer = buffer_for(name, value.type)
        self.arguments.append(buffer)
        source = memory_of(value)
        computed = isinstance(source, Result) and source.instruction.primitive == "fusion"
        if computed and source not in self.buffers:
            self.buffers[source] = buffer
            return []
        return [(value, buffer)]

    def _may_update(self, value: Value, main: Computation, donor: int) -> bool:
        """Whether `value` may be written over parameter `donor` as it is computed."""
        parameter, source = main.parameters[donor], memory_of(value)
        if source is parameter:
            return True
        written = self.lifetimes.born.get(source, 0)
        read = self.lifetimes.dies.get(parameter, 0)
        return self._may_replace(source, parameter, read - written)

    def _may_replace(self, source: Value, parameter: Parameter, delay: int) -> bool:
        """Whether a kernel may write `source` over `parameter`.

        `delay` is negative, zero or positive where the parameter is last read before, while or
        after the value is computed.
        """
        if isinstance(source, Parameter) or source in self.buffers or delay > 0:
            return False
        instruction = source.instruction
        if instruction.primitive != "fusion" or source.type != parameter.type:
            return False
        return delay < 0 or self._updates_in_place(instruction, parameter, source)

    def _updates_in_place(self, fusion: Instruction, parameter: Value, result: Result) -> bool:
        """Every read of the parameter in the kernel is where the result is stored."""
        if fusion.attributes["kind"] == "opaque":
            return _overwrites(fusion, parameter, result)
        kernel, _ = self._kernel(fusion, {})
        inputs = kernel.parameters[: len(fusion.operands)]
        outputs = kernel.parameters[len(inputs) :]
        written = outputs[fusion.results.index(result)]
        operands = zip(fusion.operands, inputs, strict=True)
        reads = [buffer for value, buffer in operands if memory_of(value) is parameter]
        return bool(reads) and all(_may_share(kernel, read, written) for read in reads)

    # Steps

    def _steps(self, computation: Computation) -> list[Step]:
        steps: list[Step] = []
        for instruction in computation.instructions:
            match instruction.primitive:
                case "constant":
                    self._constant(instruction)
                case "reshape":
                    continue
                case "check":
                    predicate = self.buffer(instruction.operands[0])
                    steps.append(Check(predicate, instruction.attributes["code"]))
                case "measure":
                    steps.append(self._measure(instruction))
                case "while":
                    steps += self._while(instruction)
                case "case":
                    steps += self._case(instruction)
                case _:
                    steps.append(self._call(instruction))
        return steps

    def _measure(self, instruction: Instruction) -> Measure:
        symbol = dims.as_symbol(instruction.attributes["size"])
        assert symbol is not None
        return Measure(symbol, self.buffer(instruction.operands[0]))

    def _constant(self, instruction: Instruction) -> None:
        value = instruction.result
        buffer = buffer_for(f"constant{len(self.constants)}", value.type)
        self.buffers[value] = buffer
        self.constants.append(Constants(buffer, raw_bytes(instruction.attributes["value"])))

    def buffer(self, value: Value) -> Buffer:
        """The program buffer that holds a value; its slot is found at first use."""
        source = memory_of(value)
        found = self.buffers.get(source)
        if found is None:
            self.count += 1
            found = self.buffers[source] = buffer_for(f"value{self.count}", source.type)
            born = self.lifetimes.born[source]
            self.arena.place(found, born, self.lifetimes.dies.get(source, born))
        return found

    def _call(self, fusion: Instruction) -> Call:
        self._take_over(fusion)
        outputs = [self.buffer(r) for r in fusion.results]
        inputs = [self.buffer(o) for o in fusion.operands]
        shared = {n: inputs.index(output) for n, output in enumerate(outputs) if output in inputs}
        kernel, wanted = self._kernel(fusion, shared)
        scratch = [self._scratch(buffer, fusion) for buffer in wanted]
        own = [o for n, o in enumerate(outputs) if n not in shared]
        return Call(kernel, (*inputs, *own, *scratch))

    def _take_over(self, fusion: Instruction) -> None:
        """Compute a result in the memory of an operand that ends here, if the kernel can."""
        if fusion.attributes["kind"] != "opaque":
            return
        ending = [v for v in map(memory_of, fusion.operands) if self._ends_in(v, fusion)]
        for result in fusion.results:
            taken = next((v for v in ending if _overwrites(fusion, v, result)), None)
            if taken is not None and result not in self.buffers:
                self.buffers[result] = self.buffers[taken]
                self.arena.keep(self.buffers[taken], self.lifetimes.dies[result])

    def _ends_in(self, value: Value, fusion: Instruction) -> bool:
        """Whether a value lives in the arena, and is not needed after the fusion."""
        if isinstance(value, Parameter) or value.instruction.primitive != "fusion":
            return False
        return self.lifetimes.dies[value] == self.lifetimes.born[fusion.results[0]]

    def _kernel(self, fusion: Instruction, shared: Mapping[int, int]) -> tuple[Kernel, Scratch]:
        structure = self.structures.get(fusion)
        if structure is None:
            structure = Structure(fusion)
            structure = self.structures[fusion] = self.equal.setdefault(structure, structure)
        return self.kernels.kernel(fusion, structure, shared, self.target)

    def _scratch(self, wanted: Buffer, fusion: Instruction) -> Buffer:
        """A buffer in the arena that is there while the fusion runs."""
        self.count += 1
        found = Buffer(f"scratch{self.count}", wanted.dtype, wanted.size)
        born = self.lifetimes.born[fusion.results[0]]
        self.arena.place(found, born, born)
        return found

    # Control flow

    def _while(self, instruction: Instruction) -> list[Step]:
        condition, body = instruction.regions
        held = [self.buffer(r) for r in instruction.results]
        for region in (condition, body):
            for parameter, buffer in zip(region.parameters, held, strict=True):
                self.buffers[parameter] = buffer
        start = [
            copy_step(self.buffer(o), b, self)
            for o, b in zip(instruction.operands, held, strict=True)
        ]
        test = self._steps(condition)
        predicate = self.buffer(condition.results[0])
        self._place_in_turn(body, held)
        work = self._steps(body)
        work += self._copy_apart([self.buffer(r) for r in body.results], held)
        return [*start, WhileCalls(tuple(test), predicate, tuple(work))]

    def _place_in_turn(self, body: Computation, held: Sequence[Buffer]) -> None:
        """Let a loop's body compute its results in the memory of the values that they replace."""
        for parameter, result, buffer in zip(body.parameters, body.results, held, strict=True):
            source = memory_of(result)
            reads = [n for n, i in enumerate(body.instructions) if _reads(i, parameter)]
            written = [n for n, i in enumerate(body.instructions) if source in i.results]
            kept = any(memory_of(r) is parameter for r in body.results)
            if written and not kept:
                delay = max(reads, default=-1) - written[0]
                if self._may_replace(source, parameter, delay):
                    self.buffers[source] = buffer

    def _copy_apart(self, sources: list[Buffer], targets: list[Buffer]) -> list[Step]:
        """Copy all sources to all targets, by way of temporaries where one is another's target."""
        steps: list[Step] = []
        final: list[Step] = []
        for source, target in zip(sources, targets, strict=True):
            if source is target:
                continue
            if source in targets:
                self.count += 1
                temporary = Buffer(f"swap{self.count}", source.dtype, source.size)
                self.arena.place(temporary, 0, 1 << 30)
                steps.append(copy_step(source, temporary, self))
                source = temporary
            final.append(copy_step(source, target, self))
        return [*steps, *final]

    def _case(self, instruction: Instruction) -> list[Step]:
        targets = [self.buffer(r) for r in instruction.results]
        branches = []
        for region in instruction.regions:
            steps = self._steps(region)
            for result, target in zip(region.results, targets, strict=True):
                steps.append(copy_step(self.buffer(result), target, self))
            branches.append(tuple(steps))
        return [CaseCalls(self.buffer(instruction.operands[0]), tuple(branches))]


def copies_of(copies: list[tuple[Value, Buffer]], lowering: _Lowering) -> list[Step]:
    """Copies of results that live elsewhere: fetched variables, constants."""
    return [copy_step(lowering.buffer(value), buffer, lowering) for value, buffer in copies]


def copy_step(source: Buffer, target: Buffer, lowering: _Lowering) -> Call:
    """A call that copies one buffer to another of the same size."""
    return Call(copy_kernel(source, target, lowering.target), (source, target))


def _reads(instruction: Instruction, value: Value) -> bool:
    """Whether an instruction, or one in its regions, reads a value or a reshape of it."""
    if instruction.primitive == "reshape":
        return False
    return any(memory_of(o) is value for o in instruction.operands) or any(
        any(_reads(i, value) for i in region.instructions)
        or any(memory_of(r) is value for r in region.results)
        for region in instruction.regions
    )


def _overwrites(fusion: Instruction, value: Value, result: Result) -> bool:
    """Whether the only instruction of a fusion may compute `result` in the memory of `value`."""
    (region,) = fusion.regions
    *_, instruction = region.instructions
    if region.results[result.index] is not instruction.results[0]:
        return False
    reads = [
        p
        for p, operand in zip(region.parameters, fusion.operands, strict=True)
        if memory_of(operand) is value
    ]
    return len(reads) == 1 and may_overwrite(instruction, reads[0])


@lru_cache(1 << 12)
def _may_share(kernel: Kernel, read: Buffer, written: Buffer) -> bool:
    """Whether a kernel may write what it writes to one buffer over the other, which it reads."""
    if _loads(tuple(roots(kernel.body)), written):
        return False  # the kernel keeps something else there until the result is known
    return _reads_before_writing(kernel.body, read, written)


def _reads_before_writing(body: tuple[Statement, ...], read: Buffer, written: Buffer) -> bool:
    """Whether `read` may be the memory of `written`: each element is read before it is stored.

    Every load must stand at the position that the same statements store to, and be computed by
    then: a node that an earlier statement has computed keeps its value.
    """
    for statement in body:
        if isinstance(statement, For):
            carried = statement.carried
            if carried is not None and _loads((*carried.next, *carried.initial), read):
                return False
            if not _reads_before_writing(statement.body, read, written):
                return False
    straight = [s for s in body if not isinstance(s, For)]
    seen: set[Load] = set()
    stores: set[Dim] = set()
    for statement in straight:
        loads = _loads(tuple(roots((statement,))), read)
        if stores and not loads <= seen:
            return False
        seen |= loads
        if isinstance(statement, Store) and statement.buffer is written:
            stores.add(statement.position)
    return all(load.gather is None and load.position in stores for load in seen)


def _loads(nodes: tuple[Scalar, ...], buffer: Buffer) -> set[Load]:
    return {n for n in walk(list(nodes)) if isinstance(n, Load) and n.buffer is buffer}
