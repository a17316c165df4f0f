"""`Instructions`: appends instructions to a block. Each method writes one and gives its result.

Results are named after the number of the instruction in its module: `%v12`. They are names and not
LLVM's own numbers, since blocks are not filled in the order in which they are printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

from flowc.codegen.llvm.module import Block, Function
from flowc.codegen.llvm.types import I1, POINTER, VOID, FunctionType, Type, struct_type, vector_type
from flowc.codegen.llvm.values import Value, literal, zero

_CONDITIONS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_SIGNED = {s: name if s in ("==", "!=") else f"s{name}" for s, name in _CONDITIONS.items()}
_UNSIGNED = {s: name if s in ("==", "!=") else f"u{name}" for s, name in _CONDITIONS.items()}
_FLOAT_ORDERED = {sign: f"o{name}" for sign, name in _CONDITIONS.items()}
_FLOAT_UNORDERED = {sign: f"u{name}" for sign, name in _CONDITIONS.items()} | {"uno": "uno"}

_NOTHING = Value(VOID, "")

Binary: TypeAlias = Callable[["Instructions", Value, Value], Value]


class Phi(Value):
    """A value that depends on the block from which its own is entered."""

    __slots__ = ("_incoming", "_line", "_lines")

    def __init__(self, value: Value, lines: list[str]) -> None:
        super().__init__(value.type, value.text)
        self._lines = lines  # of its block, which it is the last of now
        self._line = len(lines) - 1
        self._incoming: list[str] = []

    def add_incoming(self, value: Value, block: Block) -> None:
        """The value when it is entered from `block`."""
        self._incoming.append(f"[{value.text}, %{block.label}]")
        incoming = ", ".join(self._incoming)
        self._lines[self._line] = f"{self.text} = phi {self.type.text} {incoming}"


def _binary(opcode: str) -> Binary:
    """The method that writes an operation on two operands of one type, which is the result's."""

    def build(self: Instructions, left: Value, right: Value) -> Value:
        kind = left.type
        return self._value(kind, f"{opcode} {kind.text} {left.text}, {right.text}")

    return build


class Instructions:
    """Appends to `block`, which is one of `function`'s."""

    __slots__ = ("block", "function", "module")

    def __init__(self, block: Block) -> None:
        self.block = block
        self.function = block.function
        self.module = block.function.module

    def position_at_end(self, block: Block) -> None:
        """Go on in another block."""
        self.block = block

    def append_basic_block(self, label: str) -> Block:
        """A new block at the function's end."""
        return self.function.append_basic_block(label)

    def _value(self, kind: Type, instruction: str) -> Value:
        """Append an instruction that has a result."""
        module, block = self.module, self.block
        module.instructions = number = module.instructions + 1
        name = f"%v{number}"
        assert not block.is_terminated
        block.lines.append(f"{name} = {instruction}")
        return Value(kind, name)

    def _effect(self, instruction: str) -> None:
        """Append an instruction that has no result."""
        self.module.instructions += 1
        assert not self.block.is_terminated
        self.block.lines.append(instruction)

    def _end(self, instruction: str) -> None:
        """Append what leaves the block."""
        self._effect(instruction)
        self.block.is_terminated = True

    # Arithmetic

    add, sub, mul = _binary("add"), _binary("sub"), _binary("mul")
    sdiv, udiv, srem, urem = _binary("sdiv"), _binary("udiv"), _binary("srem"), _binary("urem")
    and_, or_, xor = _binary("and"), _binary("or"), _binary("xor")
    shl, lshr, ashr = _binary("shl"), _binary("lshr"), _binary("ashr")
    fadd, fsub, fmul = _binary("fadd"), _binary("fsub"), _binary("fmul")
    fdiv, frem = _binary("fdiv"), _binary("frem")

    def fneg(self, value: Value) -> Value:
        """`-value` of floats."""
        return self._value(value.type, f"fneg {value.type.text} {value.text}")

    def neg(self, value: Value) -> Value:
        """`0 - value` of integers."""
        return self.sub(zero(value.type), value)

    def not_(self, value: Value) -> Value:
        """The bits of `value` inverted."""
        kind = value.type
        return self.xor(value, literal(kind.element, "-1", kind.lanes))

    def cast(self, operation: str, value: Value, element: Type) -> Value:
        """Apply the conversion `operation` (an LLVM opcode) lane by lane."""
        source = value.type
        target = element if source.lanes == 1 else vector_type(element, source.lanes)
        if source is target:
            return value
        return self._value(target, f"{operation} {source.text} {value.text} to {target.text}")

    # Comparisons

    def icmp_signed(self, sign: str, left: Value, right: Value) -> Value:
        """Compare signed integers, or any for equality."""
        return self._compare("icmp", _SIGNED[sign], left, right)

    def icmp_unsigned(self, sign: str, left: Value, right: Value) -> Value:
        """Compare unsigned integers or pointers."""
        return self._compare("icmp", _UNSIGNED[sign], left, right)

    def fcmp_ordered(self, sign: str, left: Value, right: Value) -> Value:
        """Compare floats; false where one is NaN."""
        return self._compare("fcmp", _FLOAT_ORDERED[sign], left, right)

    def fcmp_unordered(self, sign: str, left: Value, right: Value) -> Value:
        """Compare floats; true where one is NaN. `uno` is only that."""
        return self._compare("fcmp", _FLOAT_UNORDERED[sign], left, right)

    def _compare(self, opcode: str, condition: str, left: Value, right: Value) -> Value:
        kind = left.type
        result = I1 if kind.lanes == 1 else vector_type(I1, kind.lanes)
        return self._value(result, f"{opcode} {condition} {kind.text} {left.text}, {right.text}")

    def select(self, condition: Value, chosen: Value, other: Value) -> Value:
        """`chosen` where the condition holds."""
        kind = chosen.type.text
        test = f"{condition.type.text} {condition.text}"
        return self._value(chosen.type, f"select {test}, {kind} {chosen.text}, {kind} {other.text}")

    # Vectors and structs

    def insert_element(self, vector: Value, value: Value, lane: int) -> Value:
        """`vector` with another value in one lane."""
        return self._value(vector.type, f"insertelement {vector.typed}, {value.typed}, i32 {lane}")

    def extract_element(self, vector: Value, lane: int) -> Value:
        """One lane of a vector."""
        return self._value(vector.type.element, f"extractelement {vector.typed}, i32 {lane}")

    def shuffle_vector(self, left: Value, right: Value, mask: Value) -> Value:
        """The lanes that the constant `mask` names of two vectors."""
        kind = vector_type(left.type.element, mask.type.lanes)
        return self._value(kind, f"shufflevector {left.typed}, {right.typed}, {mask.typed}")

    def extract_value(self, pair: Value, index: int, kind: Type) -> Value:
        """One field, of type `kind`, of a struct."""
        return self._value(kind, f"extractvalue {pair.typed}, {index}")

    # Memory

    def alloca(self, kind: Type, align: int | None = None) -> Value:
        """Space in the function's frame."""
        return self._value(POINTER, f"alloca {kind.text}{_alignment(align)}")

    def load(self, pointer: Value, kind: Type, align: int | None = None) -> Value:
        """Read a value of type `kind`."""
        return self._value(kind, f"load {kind.text}, ptr {pointer.text}{_alignment(align)}")

    def store(self, value: Value, pointer: Value, align: int | None = None) -> None:
        """Write a value."""
        self._effect(f"store {value.typed}, ptr {pointer.text}{_alignment(align)}")

    def store_streaming(self, value: Value, pointer: Value, align: int) -> None:
        """Write a value past the cache."""
        self.module.has_streaming_stores = True
        self._effect(f"store {value.typed}, ptr {pointer.text}, align {align}, !nontemporal !0")

    def load_atomic(self, pointer: Value, kind: Type, ordering: str, align: int) -> Value:
        """Read a value that other threads may write."""
        where = f"ptr {pointer.text} {ordering}, align {align}"
        return self._value(kind, f"load atomic {kind.text}, {where}")

    def store_atomic(self, value: Value, pointer: Value, ordering: str, align: int) -> None:
        """Write a value that other threads may read."""
        self._effect(f"store atomic {value.typed}, ptr {pointer.text} {ordering}, align {align}")

    def atomic_rmw(self, operation: str, pointer: Value, value: Value, ordering: str) -> Value:
        """Change a value in one step; the old one."""
        text = f"atomicrmw {operation} ptr {pointer.text}, {value.typed} {ordering}"
        return self._value(value.type, text)

    def compare_and_swap(
        self, pointer: Value, old: Value, new: Value, ordering: str, failure_ordering: str
    ) -> Value:
        """Write `new` in place of `old`; whether it was there."""
        pair = self._value(
            struct_type(old.type, I1),
            f"cmpxchg ptr {pointer.text}, {old.typed}, {new.typed} {ordering} {failure_ordering}",
        )
        return self.extract_value(pair, 1, I1)

    def fence(self, ordering: str) -> None:
        """Order what is before and after it."""
        self._effect(f"fence {ordering}")

    def gep(self, pointer: Value, element: Type, *indices: Value) -> Value:
        """The address `pointer + index` elements, and further indices into an element.

        A vector index, or a vector of pointers, gives a vector of pointers.
        """
        lanes = max(pointer.type.lanes, indices[0].type.lanes)
        kind = POINTER if lanes == 1 else vector_type(POINTER, lanes)
        where = ", ".join(index.typed for index in indices)
        return self._value(kind, f"getelementptr {element.text}, {pointer.typed}, {where}")

    # Calls

    def call(self, function: Function, arguments: Iterable[Value]) -> Value:
        """Call a function."""
        return self.call_pointer(function, function.kind, arguments)

    def call_pointer(self, pointer: Value, kind: FunctionType, arguments: Iterable[Value]) -> Value:
        """Call what a pointer points to."""
        return self._call(pointer, kind, [argument.typed for argument in arguments])

    def _call(self, pointer: Value, kind: FunctionType, arguments: Iterable[str]) -> Value:
        """Call with arguments that are texts: type, attributes, value."""
        result = kind.text if kind.variadic else kind.result.text
        text = f"call {result} {pointer.text}({', '.join(arguments)})"
        if kind.result is VOID:
            self._effect(text)
            return _NOTHING
        return self._value(kind.result, text)

    # Control flow

    def phi(self, kind: Type, *incoming: tuple[Value, Block]) -> Phi:
        """A value that depends on where its block is entered from."""
        phi = Phi(self._value(kind, "phi"), self.block.lines)
        for value, block in incoming:
            phi.add_incoming(value, block)
        return phi

    def branch(self, target: Block) -> None:
        """Go to a block."""
        self._end(f"br label %{target.label}")

    def cbranch(self, condition: Value, then: Block, otherwise: Block) -> None:
        """Go to one of two blocks."""
        self._end(f"br i1 {condition.text}, label %{then.label}, label %{otherwise.label}")

    def switch(self, value: Value, cases: Sequence[Block], default: Block) -> None:
        """Go to the block that has the number `value`, or to `default`."""
        kind = value.type.text
        targets = " ".join(f"{kind} {n}, label %{c.label}" for n, c in enumerate(cases))
        self._end(f"switch {value.typed}, label %{default.label} [{targets}]")

    def ret(self, value: Value) -> None:
        """Return a value."""
        self._end(f"ret {value.typed}")

    def ret_void(self) -> None:
        """Return."""
        self._end("ret void")

    @contextmanager
    def if_then(self, condition: Value) -> Iterator[None]:
        """What is written inside runs where the condition holds."""
        inside, after = self.append_basic_block("then"), self.append_basic_block("endif")
        self.cbranch(condition, inside, after)
        with self._branch(inside, after):
            yield
        self.position_at_end(after)

    @contextmanager
    def if_else(
        self, condition: Value
    ) -> Iterator[tuple[AbstractContextManager[None], AbstractContextManager[None]]]:
        """Two contexts: what is written in the first runs where the condition holds."""
        blocks = [self.append_basic_block(label) for label in ("then", "else", "endif")]
        inside, outside, after = blocks
        self.cbranch(condition, inside, outside)
        yield self._branch(inside, after), self._branch(outside, after)
        self.position_at_end(after)

    @contextmanager
    def _branch(self, block: Block, after: Block) -> Iterator[None]:
        self.position_at_end(block)
        yield
        if not self.block.is_terminated:
            self.branch(after)


def _alignment(align: int | None) -> str:
    return "" if align is None else f", align {align}"
