"""Gathering instructions into groups, each of which becomes one kernel.

A group has a loop space (a shape) and members, each computed at one index of that space. An
instruction joins a producer's group when it reads the producer exactly where the group computes it,
which the index maps tell (`index_maps`). Broadcasts, reshapes, transposes and slices belong to no
group: they are repeated inside each consumer, where they are only index arithmetic.

Kinds of groups, by the loops they become:

  loop         every member is computed at one index of the space
  row          reductions over trailing dimensions and their elementwise neighbours, before and
               after: softmax and layer norm are one kernel
  column       reductions over leading dimensions, with elementwise producers, and consumers of the
               reduced shape
  contraction  a `dot_general` or `convolution` with elementwise consumers as its epilogue
  opaque       one instruction with a lowering of its own (`scatter`, `sort`, `while` ...)

Joining must not make a cycle between groups (`dependencies`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from flowc.ir import dims
from flowc.ir.dims import Symbol, product
from flowc.ir.tensor.attributes import symbolic_dims
from flowc.ir.tensor.core import Computation, Instruction, Parameter, Result, Shape, Value
from flowc.passes.fusion.dependencies import Dependencies, Node
from flowc.passes.index_maps import (
    ELEMENTWISE,
    MAPS,
    Indices,
    loop_indices,
    operand_indices,
    reshape_index,
)
from flowc.passes.lowering.large_windows import is_written_out

LOOP = ELEMENTWISE | {
    "iota",
    "pad",
    "concatenate",
    "gather",
    "dynamic_slice",
    "reduce_window",
    "size",
    "constant",
}
CONTRACTION = frozenset({"dot_general", "convolution"})
MEMBER_LIMIT = 64  # more values than this do not stay in registers
SERIAL_LIMIT = 1 << 14  # elements that one thread may walk without loss


@dataclass(eq=False, slots=True)
class Group:
    """Instructions that become one kernel, in order, with the index each is computed at."""

    number: int
    kind: str
    space: Shape
    members: dict[Instruction, Indices] = field(default_factory=dict)
    kept: tuple[int, ...] | None = None  # dimensions that the group's reductions keep
    node: Node = field(default_factory=lambda: Node(0))  # when it may run
    late: set[Instruction] = field(default_factory=set)  # its reductions, and what depends on them

    @property
    def loops(self) -> Indices:
        """The index symbols of the space."""
        return loop_indices(self.space)


class Access(NamedTuple):
    """A read of `value`, which is no index map, at an index (None: not at one place)."""

    value: Value
    at: Indices | None


def is_inlined(instruction: Instruction) -> bool:
    """True for what each consumer repeats: index maps and literals of one value."""
    if instruction.primitive == "constant":
        return is_splat(instruction)
    return instruction.primitive in MAPS or instruction.primitive in ("size", "iota")


def is_loop(instruction: Instruction) -> bool:
    """True for what is computed at one index at a time, so that it can join others."""
    if instruction.primitive == "reduce_window":
        return is_written_out(instruction)
    return instruction.primitive in LOOP


def is_splat(instruction: Instruction) -> bool:
    """True for a constant whose elements are all the same: it needs no memory."""
    array = instruction.attributes["value"]
    return bool(array.size <= 1 or array.strides == (0,) * array.ndim)


NEEDS_BUFFERS = frozenset({"gather", "dynamic_slice"})  # whose first operand is read anywhere


def memory_operands(instruction: Instruction) -> list[Value]:
    """The operands (and captured values) that the instruction's kernel wants in memory.

    A reshape is its operand's memory, so what is returned is never a reshape.
    """
    loop = is_loop(instruction)
    if loop and instruction.primitive not in NEEDS_BUFFERS:
        return []
    values = [o for n, o in enumerate(instruction.operands) if wants_memory(instruction, n)]
    if not loop:
        values += _captured(instruction)
    return [without_reshapes(v) for v in values]


def wants_memory(instruction: Instruction, number: int) -> bool:
    """Whether operand `number` is read at places that only its memory can serve."""
    name = instruction.primitive
    if name in NEEDS_BUFFERS:
        return number == 0
    if is_loop(instruction) or name in CONTRACTION | MAPS.keys() | {"reduce"}:
        return False
    operand = without_reshapes(instruction.operands[number])
    inlined = isinstance(operand, Result) and is_inlined(operand.instruction)
    return not (inlined and number in _initial_operands(instruction))


def _initial_operands(instruction: Instruction) -> range:
    """The operands that an opaque kernel only starts its results from."""
    match instruction.primitive:
        case "scatter" | "dynamic_update_slice":
            return range(1)
        case "select_and_scatter":
            return range(2, 3)
        case "reduce_window":
            return range(len(instruction.results), len(instruction.operands))
    return range(0)


def without_reshapes(value: Value) -> Value:
    """The value whose memory a reshape is; itself for anything else."""
    while isinstance(value, Result) and value.instruction.primitive == "reshape":
        value = value.instruction.operands[0]
    return value


def needed_buffers(computation: Computation) -> set[Instruction]:
    """Inlined instructions whose value must be in memory all the same."""
    values = [without_reshapes(r) for r in computation.results]
    for instruction in computation.instructions:
        values += memory_operands(instruction)
    sources = (v.instruction for v in values if isinstance(v, Result))
    return {i for i in sources if is_inlined(i)}


def _all_operands(instruction: Instruction) -> Iterator[Value]:
    """Operands, and what the regions capture."""
    yield from instruction.operands
    yield from _captured(instruction)


def _captured(instruction: Instruction) -> Iterator[Value]:
    for region in instruction.regions:
        for nested in region.instructions:
            yield from _all_operands(nested)
        yield from region.results


def accesses(instruction: Instruction, index: Indices) -> Iterator[Access]:
    """What computing `instruction` at `index` reads, looking through index maps."""
    found = operand_indices(instruction, index)
    for i, operand in enumerate(instruction.operands):
        yield from _through_maps(operand, None if found is None else found[i])


def reduce_accesses(instruction: Instruction, loops: Indices) -> Iterator[Access]:
    """What a reduction reads at index `loops` of its operands, and its initial values."""
    count = len(instruction.operands) // 2
    for operand in instruction.operands[:count]:
        yield from _through_maps(operand, loops)
    for initial in instruction.operands[count:]:
        yield from _through_maps(initial, ())


def _through_maps(value: Value, index: Indices | None) -> Iterator[Access]:
    while isinstance(value, Result) and value.instruction.primitive in MAPS:
        instruction = value.instruction
        if index is not None:
            found = operand_indices(instruction, index)
            assert found is not None
            index = found[0]
        value = instruction.operands[0]
    if isinstance(value, Result) and is_inlined(value.instruction):
        return
    yield Access(value, index)


class Grouping:
    """Greedy clustering of one computation's instructions, in their order.

    Unless it `joins`, each instruction that is not inlined is a group alone.
    """

    def __init__(self, joins: bool = True) -> None:
        self.joins = joins
        self.groups: dict[int, Group] = {}
        self.dependencies = Dependencies()
        self.group_of: dict[Instruction, Group] = {}
        self._count = 0
        self._order: Mapping[Instruction, int] = {}
        self._reads: dict[Instruction, tuple[Value, ...]] = {}
        self._counts: dict[Symbol, Value] = {}  # what must come first where such a size is used

    def place(self, instruction: Instruction) -> None:
        """Put the next instruction into a group."""
        if instruction.primitive == "reduce":
            self._place_reduce(instruction)
        elif is_loop(instruction):
            self._place_loop(instruction)
        else:
            kind = "contraction" if instruction.primitive in CONTRACTION else "opaque"
            space = instruction.types[0].shape if instruction.types else ()
            self._start(kind, space, instruction, loop_indices(space))

    # Where an instruction may go

    def _place_loop(self, instruction: Instruction) -> None:
        shape = instruction.types[0].shape
        joined: Group | None = None
        for group in self._producers(instruction):
            if joined is None:
                index = self._index_in(group, instruction)
                if index is not None and self._may_join(group, instruction, index):
                    self._join(group, instruction, index)
                    joined = group
            elif self._may_merge(joined, group):
                joined = self._merge(joined, group)
        if joined is None:
            self._start("loop", shape, instruction, loop_indices(shape))

    def _index_in(self, group: Group, instruction: Instruction) -> Indices | None:
        """The index that `instruction` would be computed at in the group's loops."""
        shape = instruction.types[0].shape
        if group.kind == "opaque":
            return None
        if group.kind in ("loop", "contraction") or shape == group.space:
            if shape == group.space:
                return group.loops
            same = product(shape) == product(group.space)
            return reshape_index(group.loops, group.space, shape) if same else None
        assert group.kept is not None
        rows = tuple(group.space[a] for a in group.kept)
        if product(rows) != product(shape):
            return None
        return reshape_index(tuple(group.loops[a] for a in group.kept), rows, shape)

    def _may_join(self, group: Group, instruction: Instruction, index: Indices) -> bool:
        if len(group.members) >= MEMBER_LIMIT:
            return False
        if instruction.primitive not in ELEMENTWISE and group.kind != "loop":
            return False
        if group.kind in ("row", "column") and not self._fits_reduction(group, instruction):
            return False
        return self._reads_aligned(group, accesses(instruction, index))

    def _fits_reduction(self, group: Group, instruction: Instruction) -> bool:
        """Whether the group's loops can compute `instruction` after what it depends on."""
        assert group.kept is not None
        full = instruction.types[0].shape == group.space
        reduced = depends_on_reduce(group, instruction)
        if not full:
            return reduced
        if group.kind == "column":
            return not reduced
        rows = tuple(group.space[a] for a in group.kept)
        if not reduced or product(rows) != 1:
            return True
        size = product(group.space)
        return isinstance(size, int) and size <= SERIAL_LIMIT

    def _reads_aligned(self, group: Group, reads: Iterator[Access]) -> bool:
        """No read of a member elsewhere than where it is computed, and no cycle."""
        for access in reads:
            owner = self.owner(access.value)
            if owner is group:
                assert isinstance(access.value, Result)
                if access.at != group.members[access.value.instruction]:
                    return False
            elif owner is not None and self._depends(owner, group):
                return False
        return True

    def _place_reduce(self, instruction: Instruction) -> None:
        space = instruction.operands[0].type.shape
        reduced = tuple(instruction.attributes["dimensions"])
        kept = tuple(a for a in range(len(space)) if a not in reduced)
        kind = "row" if reduction_is_row(space, reduced) else "column"
        loops = loop_indices(space)
        index = tuple(loops[a] for a in kept)
        joined: Group | None = None
        for group in self._producers(instruction):
            if joined is None:
                if self._takes_reduce(group, kind, space, kept) and self._reads_aligned(
                    group, reduce_accesses(instruction, loops)
                ):
                    if kind == "column" and depends_on_reduce(group, instruction):
                        continue
                    group.kind, group.kept = kind, kept
                    self._join(group, instruction, index)
                    joined = group
            elif self._may_merge(joined, group):
                joined = self._merge(joined, group)
        if joined is None:
            group = self._start(kind, space, instruction, index)
            group.kept = kept

    def _takes_reduce(self, group: Group, kind: str, space: Shape, kept: tuple[int, ...]) -> bool:
        if group.space != space or len(group.members) >= MEMBER_LIMIT:
            return False
        if group.kind == "loop":
            return all(m.primitive in ELEMENTWISE for m in group.members)
        if group.kind != kind or group.kept != kept:
            return False
        if product(tuple(space[a] for a in kept)) != 1:
            return True
        size = product(space)  # several passes over one long row cannot be divided
        return isinstance(size, int) and size <= SERIAL_LIMIT

    # Changing the groups

    def _producers(self, instruction: Instruction) -> list[Group]:
        """Groups that the instruction reads from and may join, contractions and newest first."""
        if not self.joins:
            return []
        found: dict[int, Group] = {}
        shape = instruction.types[0].shape
        reads = (
            reduce_accesses(instruction, loop_indices(instruction.operands[0].type.shape))
            if instruction.primitive == "reduce"
            else accesses(instruction, loop_indices(shape))
        )
        for access in reads:
            group = self.owner(access.value)
            if group is not None:
                found[group.number] = group
        return sorted(found.values(), key=lambda g: (g.kind != "contraction", -g.number))

    def _start(self, kind: str, space: Shape, instruction: Instruction, index: Indices) -> Group:
        group = Group(self._count, kind, space, node=self.dependencies.node())
        self._count += 1
        self.groups[group.number] = group
        self._join(group, instruction, index)
        return group

    def _join(self, group: Group, instruction: Instruction, index: Indices) -> None:
        enter(group, instruction, index)
        self.group_of[instruction] = group
        for value in self.reads(instruction):
            owner = self.owner(value)
            if owner is not None and owner is not group:
                self.dependencies.add(owner.node, group.node)

    def reads(self, instruction: Instruction) -> tuple[Value, ...]:
        """What an instruction reads (`grouped_values`), and what makes its sizes."""
        found = self._reads.get(instruction)
        if found is None:
            found = tuple(grouped_values(instruction))
            if self._counts:
                found += tuple(self._makers_of_sizes(instruction))
            self._reads[instruction] = found
        return found

    def _makers_of_sizes(self, instruction: Instruction) -> Iterator[Value]:
        for symbol in symbols_read(instruction):
            if symbol in self._counts:
                yield self._counts[symbol]

    def owner(self, value: Value) -> Group | None:
        """The group that computes a value; None for parameters and constants."""
        return self.group_of.get(value.instruction) if isinstance(value, Result) else None

    def _depends(self, group: Group, on: Group) -> bool:
        return self.dependencies.depends(group.node, on.node)

    def _may_merge(self, a: Group, b: Group) -> bool:
        """Whether two groups of the same space can be one kernel."""
        if a.space != b.space or len(a.members) + len(b.members) > MEMBER_LIMIT:
            return False
        if "opaque" in (a.kind, b.kind) or not _kinds_mix(a, b):
            return False
        if not self.dependencies.may_merge(a.node, b.node):
            return False
        if not (self._members_aligned(a, b) and self._members_aligned(b, a)):
            return False
        return self._passes_fit(a, b)

    def _passes_fit(self, a: Group, b: Group) -> bool:
        """Whether the loops of a merged reduction can compute all members in their order."""
        kinds = {a.kind, b.kind}
        kind = next((k for k in ("row", "column") if k in kinds), None)
        if kind is None:
            return True
        kept = b.kept if a.kept is None else a.kept
        union = Group(-1, kind, a.space, kept=kept)
        for member, index in self._in_order(a, b):
            enter(union, member, index)
        return all(
            self._fits_reduction(union, m)
            if m.primitive != "reduce"
            else kind == "row" or not depends_on_reduce(union, m)
            for m in union.members
        )

    def _in_order(self, a: Group, b: Group) -> list[tuple[Instruction, Indices]]:
        """The members of both groups."""
        members = [*a.members.items(), *b.members.items()]
        return sorted(members, key=lambda member: self._order[member[0]])

    def _members_aligned(self, reader: Group, producer: Group) -> bool:
        for instruction, index in reader.members.items():
            reads = (
                reduce_accesses(instruction, reader.loops)
                if instruction.primitive == "reduce"
                else accesses(instruction, index)
            )
            for access in reads:
                source = getattr(access.value, "instruction", None)
                if source in producer.members and access.at != producer.members[source]:
                    return False
                if source in producer.members and instruction.primitive in CONTRACTION:
                    return False
        return True

    def _merge(self, a: Group, b: Group) -> Group:
        """One group of the members of both."""
        if b.kind != "loop":
            a.kind, a.kept = b.kind, b.kept
        members = self._in_order(a, b)
        a.members = {}
        for instruction, index in members:
            enter(a, instruction, index)
            self.group_of[instruction] = a
        del self.groups[b.number]
        self.dependencies.merge(a.node, b.node)
        return a

    def last_position(self, group: Group) -> int:
        """Where in the computation the group's last member stands."""
        return max(self._order[m] for m in group.members)

    def run(self, computation: Computation) -> list[Group]:
        """Group all instructions that need a kernel, in no particular order of groups."""
        self._order = {instruction: i for i, instruction in enumerate(computation.instructions)}
        needed = needed_buffers(computation)
        for instruction in computation.instructions:
            if instruction.primitive == "measure":
                symbol = dims.as_symbol(instruction.attributes["size"])
                assert symbol is not None
                self._counts[symbol] = instruction.results[0]
        for instruction in computation.instructions:
            if instruction.primitive == "constant" and not is_splat(instruction):
                continue
            if instruction in needed:
                self._place_needed(instruction)
            elif not is_inlined(instruction):
                self.place(instruction)
        return list(self.groups.values())

    def _place_needed(self, instruction: Instruction) -> None:
        """An index map or literal that must be in memory: a copying kernel."""
        shape = instruction.types[0].shape
        self._start("loop", shape, instruction, loop_indices(shape))


def enter(group: Group, instruction: Instruction, index: Indices) -> None:
    """Make `instruction`, which comes after all that are there, a member of the group."""
    if instruction.primitive == "reduce" or depends_on_reduce(group, instruction):
        group.late.add(instruction)
    group.members[instruction] = index


def depends_on_reduce(group: Group, instruction: Instruction) -> bool:
    """Whether `instruction`, a member or not, is made of what a reduction of the group gives."""
    return bool(group.late) and any(map(group.late.__contains__, _sources(instruction)))


def _sources(instruction: Instruction) -> Iterator[Instruction]:
    """The instructions that make the operands, before any index maps."""
    for operand in instruction.operands:
        while isinstance(operand, Result):
            yield operand.instruction
            if operand.instruction.primitive not in MAPS:
                break
            operand = operand.instruction.operands[0]


def _kinds_mix(a: Group, b: Group) -> bool:
    if a.kind == b.kind:
        return a.kind == "loop" or (a.kind in ("row", "column") and a.kept == b.kept)
    kinds = {a.kind, b.kind}
    if "loop" not in kinds:
        return False
    loop = a if a.kind == "loop" else b
    return all(m.primitive in ELEMENTWISE for m in loop.members)


def reduction_is_row(space: Shape, reduced: tuple[int, ...]) -> bool:
    """True when the reduction runs along the innermost dimension that is not of size 1."""
    wide = [a for a, s in enumerate(space) if s != 1]
    return not wide or wide[-1] in reduced


def symbols_read(instruction: Instruction) -> set[Symbol]:
    """The symbols that an instruction mentions, or one that is inlined in it or in its regions."""
    found: set[Symbol] = set()
    pending, seen = [instruction], set[Instruction]()
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        shapes = tuple(type_.shape for type_ in current.types)
        for dim in (*symbolic_dims(current.attributes), *symbolic_dims(shapes)):
            found |= dims.symbols(dim)
        for operand in current.operands:
            if isinstance(operand, Result) and is_inlined(operand.instruction):
                pending.append(operand.instruction)
        pending += [nested for region in current.regions for nested in region.instructions]
    return found


def grouped_values(instruction: Instruction) -> Iterator[Value]:
    """What `instruction` reads, also from inside its regions, looking through inlined ones."""
    pending = list(_all_operands(instruction))
    seen: set[Instruction] = set()
    in_memory = memory_operands(instruction)
    yield from (v for v in in_memory if isinstance(v, Result) and is_inlined(v.instruction))
    while pending:
        value = pending.pop()
        if isinstance(value, Parameter):
            yield value
        elif is_inlined(value.instruction):
            if value.instruction not in seen:
                seen.add(value.instruction)
                pending.extend(value.instruction.operands)
        else:
            yield value
