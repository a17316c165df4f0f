"""Scalar expressions of loop IR to LLVM values, each placed as far out as its inputs allow.

A node is emitted at its first use and remembered in its scope, so a shared node is computed once.
The walk keeps its own stack, because fused kernels have chains deeper than Python's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from flowc.codegen import arithmetic, conversions
from flowc.codegen.builder import Builder
from flowc.codegen.llvm.values import Value, iota
from flowc.codegen.memory import Memory, index_offset
from flowc.codegen.positions import Positions
from flowc.codegen.representation import constant, value_type
from flowc.codegen.scopes import Placed, Scopes
from flowc.ir.dtypes import float32, float64, int64
from flowc.ir.loops.expressions import (
    Binary,
    Bitcast,
    Compare,
    Constant,
    Convert,
    Fma,
    Index,
    Load,
    Scalar,
    Select,
    Unary,
    Variable,
)
from flowc.ir.loops.walk import operands


class Expressions:
    """Emits the scalar expressions of one function."""

    def __init__(self, scopes: Scopes, positions: Positions, memory: Memory) -> None:
        self.scopes = scopes
        self.positions = positions
        self.memory = memory

    def value(self, root: Scalar) -> Placed:
        """The value of `root`: a scalar, or a vector where it differs between lanes."""
        found = self._find(root)
        if found is not None:
            return found
        pending = [root]
        while pending:
            node = pending[-1]
            needed = operands(node)
            missing = [o for o in needed if self._find(o) is None]
            if missing:
                pending.extend(reversed(missing))
                continue
            pending.pop()
            if self._find(node) is None:
                self.scopes.remember(node, self._emit(node, needed))
        return self._known(root)

    def bind(self, variable: Variable, value: Value) -> None:
        """Give `variable` a value in the innermost scope."""
        self.scopes.bind(("variable", variable.name), value)

    def _find(self, node: Scalar) -> Placed | None:
        if isinstance(node, Variable):
            return self.scopes.find(("variable", node.name))
        return self.scopes.find(node)

    def _known(self, node: Scalar) -> Placed:
        found = self._find(node)
        assert found is not None
        return found

    def _optional(self, node: Scalar | None) -> Placed | None:
        return None if node is None else self._known(node)

    def _emit(self, node: Scalar, needed: tuple[Scalar, ...]) -> Placed:
        """The code of one node whose operands, those `needed`, are known."""
        operation = _OPERATIONS.get(type(node))
        if operation is not None:
            values = map(self._known, needed)
            return self.scopes.emit(lambda b, *values: operation(b, node, *values), *values)
        match node:
            case Constant(dtype=dtype, value=number):
                return constant(dtype, number), 0
            case Variable(name=name):
                raise AssertionError(f"variable {name} is not bound here")
            case Index(expression=position):
                value, depth = self._index(node)
                return value, max(depth, self.positions.depth_of(position))
            case Load(position=position):
                value, depth = self._load(node)
                return value, max(depth, self.positions.depth_of(position))
        raise AssertionError(node)

    def _index(self, node: Index) -> Placed:
        """The expression's value; the lanes are added after conversion, in the node's type."""
        dtype = node.dtype
        stride = self.positions.stride(node.expression)
        if not dtype.is_integer or not isinstance(stride, int):
            return self._convert_index(node, self.positions.vector(node.expression))
        first = self._convert_index(node, self.positions.scalar(node.expression))
        if stride == 0:
            return first
        assert self.positions.lanes is not None
        steps = iota(value_type(dtype), self.positions.lanes.count, stride)
        return self.scopes.emit(Builder.add, first, (steps, 0))

    def _convert_index(self, node: Index, value: Placed) -> Placed:
        return self.scopes.emit(lambda b, x: conversions.convert(b, int64, node.dtype, x), value)

    def _load(self, node: Load) -> Placed:
        gather = self._optional(node.gather)
        if gather is not None and node.gather is not None:
            gather = index_offset(self.scopes, gather, node.gather.dtype.is_unsigned)
        return self.memory.load(node.buffer, node.position, gather, self._optional(node.mask))


Operation: TypeAlias = Callable[..., Value]
"""Writes an arithmetic node: `(builder, node, *operands)`, where the operands have one shape."""


def _unary(b: Builder, node: Unary, operand: Value) -> Value:
    return arithmetic.unary(b, node.operator, node.operand.dtype, operand)


def _binary(b: Builder, node: Binary, left: Value, right: Value) -> Value:
    if node.dtype in (float32, float64):  # others are computed in float32, where they are normal
        if _changes_sign_at_most(node.operator, node.right):
            left = b.unary_intrinsic("canonicalize", left)
        elif node.operator in COMMUTATIVE and _changes_sign_at_most(node.operator, node.left):
            right = b.unary_intrinsic("canonicalize", right)
    return arithmetic.binary(b, node.operator, node.dtype, left, right)


def _changes_sign_at_most(operator: str, operand: Scalar) -> bool:
    """Whether LLVM drops an operation with such an operand: a small value would be left as it is.

    Arithmetic flushes it to zero, and so does `llvm.canonicalize`.
    """
    if not isinstance(operand, Constant):
        return False
    if operator in ("multiply", "divide"):
        return abs(operand.value) == 1
    zero = {"add": "-0.0", "subtract": "0.0"}  # the one that leaves zeros of either sign, too
    return str(float(operand.value)) == zero.get(operator)


COMMUTATIVE = frozenset({"add", "multiply"})


def _fma(b: Builder, node: Fma, x: Value, y: Value, z: Value) -> Value:
    return arithmetic.fused_multiply_add(b, node.dtype, x, y, z)


def _compare(b: Builder, node: Compare, left: Value, right: Value) -> Value:
    return arithmetic.compare(b, node.direction, node.left.dtype, left, right)


def _select(b: Builder, node: Select, predicate: Value, on_true: Value, on_false: Value) -> Value:
    return b.select(predicate, on_true, on_false)


def _convert(b: Builder, node: Convert, operand: Value) -> Value:
    return conversions.convert(b, node.operand.dtype, node.dtype, operand)


def _bitcast(b: Builder, node: Bitcast, operand: Value) -> Value:
    return conversions.bitcast(b, node.operand.dtype, node.dtype, operand)


_OPERATIONS: dict[type[Scalar], Operation] = {
    Unary: _unary,
    Binary: _binary,
    Fma: _fma,
    Compare: _compare,
    Select: _select,
    Convert: _convert,
    Bitcast: _bitcast,
}
