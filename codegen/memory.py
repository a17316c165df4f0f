"""Loads and stores: which form of access an index expression asks for, masks, and bounds checks.

Streaming stores need no fence: other threads learn of the data through an atomic read-modify-write
of the thread pool or of Python, which waits for them.

In a vector loop an access is uniform (one element for all lanes), contiguous (a vector load or
store), or scattered (a vector of addresses). A lane whose mask is false never touches memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from flowc.codegen.builder import Builder
from flowc.codegen.conversions import memory_to_value, value_to_memory
from flowc.codegen.llvm.module import Module
from flowc.codegen.llvm.types import I1, I8, I32, I64, array_type, widen
from flowc.codegen.llvm.values import Value, integer, lanes_of, literal, zero
from flowc.codegen.positions import Positions
from flowc.codegen.representation import memory_type
from flowc.codegen.scopes import Placed, Scopes
from flowc.ir.dims import Dim
from flowc.ir.loops.kernel import Buffer

_TRUE: Placed = (literal(I1, "true"), 0)
_ZEROS = 64  # bytes of the constant that masked scalar loads read instead


@dataclass(slots=True)
class BoundsChecks:
    """Debug mode: out-of-range accesses are skipped, and the first site of one is kept.

    `sites[n]` is the (kernel, buffer) that error number `-1 - n` names.
    """

    sites: list[tuple[str, str]]
    kernel: str = ""

    def code(self, buffer: Buffer) -> int:
        """The error number of an access to `buffer` in the current kernel."""
        site = (self.kernel, buffer.name)
        if site not in self.sites:
            self.sites.append(site)
        return -1 - self.sites.index(site)


@dataclass(slots=True)
class Address:
    """Where an access goes: a pointer, or one pointer per lane."""

    pointer: Placed
    contiguous: bool  # one pointer, to the first of a vector of elements
    index: Placed | None = None  # element numbers, when bounds are checked


@dataclass(slots=True)
class Memory:
    """The buffers of one function, and access to them."""

    scopes: Scopes
    positions: Positions
    module: Module
    written: frozenset[Buffer]  # buffers whose loads may not move
    streaming_alignment: int  # bytes; 0 where no store goes past the caches
    checks: BoundsChecks | None = None
    error_cell: Placed | None = None  # pointer to the i32 that holds the first error
    pointers: dict[Buffer, Placed] = field(default_factory=dict)

    def load(
        self, buffer: Buffer, position: Dim, gather: Placed | None, mask: Placed | None
    ) -> Placed:
        """`buffer[position + gather]`, 0 where `mask` is false."""
        if gather is None and mask is None and self._shuffles(position):
            raw = self._load_shuffled(buffer, position)
            return self.scopes.emit(lambda b, x: memory_to_value(b, buffer.dtype, x), raw)
        address = self.address(buffer, position, gather)
        mask = self._and(mask, self._in_bounds(buffer, address, mask))
        lanes = self.positions.lanes
        vector = address.contiguous or lanes_of(address.pointer[0]) > 1
        if vector and lanes is not None and lanes.mask is not None:
            mask = self._and((lanes.mask, self.scopes.depth), mask)
        load = self._load_vector if vector else self._load_scalar
        raw = load(buffer, address, mask)
        return self.scopes.emit(lambda b, x: memory_to_value(b, buffer.dtype, x), raw)

    def _load_scalar(self, buffer: Buffer, address: Address, mask: Placed | None) -> Placed:
        """One element; a vector mask gives a vector with that element or 0 in each lane."""
        kind, align = memory_type(buffer.dtype), buffer.dtype.size
        pointer = address.pointer
        if mask is not None:
            some = self.scopes.emit(Builder.any_lane, mask)
            spare: Placed = (self._zeros(), 0)
            pointer = self.scopes.emit(lambda b, c, x, y: b.select(c, x, y), some, pointer, spare)
        depth = max(pointer[1], self._floor(buffer))
        value: Placed = (self.scopes.at(depth).load(pointer[0], kind, align), depth)
        if mask is not None and lanes_of(mask[0]) > 1:
            nothing: Placed = (zero(kind), 0)
            value = self.scopes.emit(lambda b, c, x, y: b.select(c, x, y), mask, value, nothing)
        return value

    def _load_vector(self, buffer: Buffer, address: Address, mask: Placed | None) -> Placed:
        element, align = memory_type(buffer.dtype), buffer.dtype.size
        count = self._count()
        kind = widen(element, count)
        if mask is not None or not address.contiguous:
            mask = self.scopes.splat(mask or _TRUE, count)
        depth = max(address.pointer[1], self._floor(buffer), mask[1] if mask else 0)
        builder = self.scopes.at(depth)
        if not address.contiguous:
            assert mask is not None
            return builder.masked_gather(address.pointer[0], element, mask[0], align), depth
        if mask is None:
            return builder.load(address.pointer[0], kind, align), depth
        return builder.masked_load(address.pointer[0], kind, mask[0], align), depth

    def _shuffles(self, position: Dim) -> bool:
        """Whether whole vectors and a shuffle give the lanes: reversed, or every second element."""
        lanes = self.positions.lanes
        if lanes is None or lanes.mask is not None or self.checks is not None:
            return False
        return self.positions.stride(position) in (-1, 2)

    def _load_shuffled(self, buffer: Buffer, position: Dim) -> Placed:
        """Vectors that hold exactly the elements between the first and the last lane's."""
        count, reverse = self._count(), self.positions.stride(position) == -1
        kind, align = widen(memory_type(buffer.dtype), count), buffer.dtype.size
        starts = (position - (count - 1),) if reverse else (position, position + (count - 1))
        base, element = self.pointers[buffer], memory_type(buffer.dtype)
        pointers = [self.positions.pointer(base, element, start) for start in starts]
        depth = max(self._floor(buffer), *(level for _, level in pointers))
        builder = self.scopes.at(depth)
        vectors = [builder.load(pointer, kind, align) for pointer, _ in pointers]
        if reverse:
            return builder.permute(vectors[0], range(count - 1, -1, -1)), depth
        evens = [lane if lane < count else lane + 1 for lane in range(0, 2 * count, 2)]
        return builder.pick(vectors[0], vectors[1], evens), depth

    def store(
        self,
        buffer: Buffer,
        position: Dim,
        value: Placed,
        scatter: Placed | None,
        mask: Placed | None,
        streaming: bool = False,
    ) -> None:
        """`buffer[position + scatter] = value` where `mask` holds, in the innermost scope."""
        address = self.address(buffer, position, scatter)
        mask = self._and(mask, self._in_bounds(buffer, address, mask))
        value = self.scopes.emit(lambda b, x: value_to_memory(b, buffer.dtype, x), value)
        lanes = self.positions.lanes
        if lanes is None:
            self._store_scalar(buffer, address, value, mask)
            return
        if lanes.mask is not None:
            mask = self._and((lanes.mask, self.scopes.depth), mask)
        self._store_vector(buffer, address, value, mask, streaming)

    def is_aligned(self, buffer: Buffer, position: Dim) -> Value:
        """Whether a streaming store may begin at `position`."""
        pointer = self.positions.pointer(self.pointers[buffer], memory_type(buffer.dtype), position)
        builder = self.scopes.here()
        address = builder.cast("ptrtoint", pointer[0], I64)
        offset = builder.and_(address, integer(self.streaming_alignment - 1))
        return builder.icmp_unsigned("==", offset, integer(0))

    def _store_scalar(
        self, buffer: Buffer, address: Address, value: Placed, mask: Placed | None
    ) -> None:
        builder, align = self.scopes.here(), buffer.dtype.size
        if mask is None:
            builder.store(value[0], address.pointer[0], align=align)
            return
        with builder.if_then(mask[0]):
            builder.store(value[0], address.pointer[0], align=align)
        self.scopes.continue_in(builder.block)

    def _store_vector(
        self,
        buffer: Buffer,
        address: Address,
        value: Placed,
        mask: Placed | None,
        streaming: bool,
    ) -> None:
        count, align = self._count(), buffer.dtype.size
        value = self.scopes.splat(value, count)
        pointer = address.pointer
        if mask is not None or not address.contiguous:
            mask = self.scopes.splat(mask or _TRUE, count)
        if not address.contiguous:
            assert mask is not None
            pointers = self.scopes.splat(pointer, count)
            self.scopes.here().masked_scatter(value[0], pointers[0], mask[0], align)
        elif mask is not None:
            self.scopes.here().masked_store(value[0], pointer[0], mask[0], align)
        else:
            self._store_whole_vector(value[0], pointer[0], align, streaming)

    def _store_whole_vector(
        self, value: Value, pointer: Value, align: int, streaming: bool
    ) -> None:
        builder = self.scopes.here()
        if not streaming:
            builder.store(value, pointer, align=align)
            return
        size = value.type.lanes * align
        builder.store_streaming(value, pointer, min(size, self.streaming_alignment))

    # Addresses

    def address(self, buffer: Buffer, position: Dim, offset: Placed | None) -> Address:
        """The address of `buffer[position + offset]` in the current lanes."""
        element = memory_type(buffer.dtype)
        stride = self.positions.stride(position)
        base = self.pointers[buffer]
        if stride is None:
            offset = self._sum(self.positions.vector(position), offset)
            position, stride = 0, 0
        pointer = self.positions.pointer(base, element, position)
        varying = offset is not None and lanes_of(offset[0]) > 1
        contiguous = stride == 1 and not varying
        if stride != 0 and not contiguous:
            offset = self._sum(self.positions.lane_offsets(stride), offset)
        if offset is not None:
            depth = max(pointer[1], offset[1])
            moved = self.scopes.at(depth).gep(pointer[0], element, offset[0])
            pointer = (moved, depth)
        index = None if self.checks is None else self._index(position, offset, contiguous)
        return Address(pointer, contiguous, index)

    def _index(self, position: Dim, offset: Placed | None, contiguous: bool) -> Placed:
        index = self._sum(self.positions.scalar(position), offset)
        return self._sum(index, self.positions.lane_offsets(1) if contiguous else None)

    def _sum(self, left: Placed, right: Placed | None) -> Placed:
        return left if right is None else self.scopes.emit(Builder.add, left, right)

    def _and(self, left: Placed | None, right: Placed | None) -> Placed | None:
        if left is None or right is None:
            return left or right
        return self.scopes.emit(Builder.and_, left, right)

    def _count(self) -> int:
        assert self.positions.lanes is not None
        return self.positions.lanes.count

    def _floor(self, buffer: Buffer) -> int:
        """The outermost scope where a load may stand: here, if the kernel writes the buffer."""
        return self.scopes.depth if buffer in self.written else self.scopes.guard_depth

    def _zeros(self) -> Value:
        found = self.module.variables.get("zeros")
        if found is None:
            nothing = zero(array_type(I8, _ZEROS))
            found = self.module.define_variable("zeros", nothing, constant=True, align=_ZEROS)
        return found

    # Bounds checks

    def _in_bounds(self, buffer: Buffer, address: Address, mask: Placed | None) -> Placed | None:
        """The lanes whose element exists; remembers an error for others that are not masked."""
        if self.checks is None:
            return None
        assert address.index is not None
        lanes = self.positions.lanes
        if lanes is not None and lanes.mask is not None and lanes_of(address.index[0]) > 1:
            mask = self._and((lanes.mask, self.scopes.depth), mask)
        size = self.positions.scalar(buffer.size)
        inside = self.scopes.emit(lambda b, x, y: b.icmp_unsigned("<", x, y), address.index, size)
        self.report(buffer, inside, mask)
        return inside

    def report(self, buffer: Buffer, inside: Placed, mask: Placed | None) -> None:
        """Store the error number of `buffer` where an active lane is not `inside`."""
        assert self.checks is not None and self.error_cell is not None
        outside = self.scopes.emit(lambda b, x: b.xor(x, literal(I1, "true", lanes_of(x))), inside)
        wrong = self._and(outside, mask)
        assert wrong is not None
        builder = self.scopes.here()
        bad = builder.any_lane(wrong[0])
        cell = self.error_cell[0]
        old = builder.load(cell, I32, 4)
        unset = builder.icmp_signed("==", old, integer(0, I32))
        code = integer(self.checks.code(buffer), I32)
        builder.store(builder.select(builder.and_(bad, unset), code, old), cell, align=4)


def index_offset(scopes: Scopes, value: Placed, unsigned: bool) -> Placed:
    """An integer value as the i64 offset of a gather or scatter."""
    return scopes.emit(lambda b, x: b.resize(x, I64, not unsigned), value)
