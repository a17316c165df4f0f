"""Runs the statements of loop IR on NumPy arrays, one iteration and one element at a time.

The kinds of a CPU's loops run serially; carried values go from one iteration to the next, so a
combiner is not needed (its initial values are its identity). Every access is checked against its
buffer.

A node is computed at its first use and keeps that value to the end of the scope of that use: one
iteration of a loop, the body of an `If`, or the kernel.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowc.ir import dims
from flowc.ir.denormals import flushed
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.loops import scalar_semantics as semantics
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
from flowc.ir.loops.kernel import (
    Allocate,
    Buffer,
    For,
    If,
    Kernel,
    Let,
    MultiplyTile,
    Statement,
    Store,
)
from flowc.ir.loops.walk import operands

Array = NDArray[Any]


class KernelRun:
    """One execution of a kernel."""

    def __init__(self, kernel: Kernel, arrays: Sequence[Array], sizes: Mapping[str, int]) -> None:
        self.kernel = kernel
        self.arrays: dict[Buffer, Array] = dict(zip(kernel.parameters, arrays, strict=True))
        self.sizes = dict(sizes)
        self.values: dict[Hashable, Any] = {}
        self.scopes: list[list[Hashable]] = [[]]

    def run(self) -> None:
        """Execute all statements."""
        with flushed():
            self._statements(self.kernel.body)

    # Statements

    def _statements(self, body: Sequence[Statement]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, statement: Statement) -> None:
        match statement:
            case For():
                self._for(statement)
            case Store():
                self._store(statement)
            case Let(variable=variable, value=value):
                self._remember(variable.name, self._value(value))
            case If(condition=condition, body=body):
                if self._value(condition):
                    with self._scope():
                        self._statements(body)
            case Allocate(buffer=buffer):
                size = self._position(buffer.size)
                self.arrays[buffer] = np.full(size, _undefined(buffer.dtype), buffer.dtype.numpy)
            case MultiplyTile():
                self._multiply_tile(statement)

    def _for(self, loop: For) -> None:
        carried = loop.carried
        values = [] if carried is None else [self._value(v) for v in carried.initial]
        for number in range(self._position(loop.extent)):
            self.sizes[loop.index.name] = number
            with self._scope():
                if carried is None:
                    self._statements(loop.body)
                    continue
                for variable, value in zip(carried.variables, values, strict=True):
                    self._remember(variable.name, value)
                self._statements(loop.body)
                values = [self._value(v) for v in carried.next]
        self.sizes.pop(loop.index.name, None)
        if carried is not None:
            for variable, value in zip(carried.results, values, strict=True):
                self._remember(variable.name, value)

    def _store(self, store: Store) -> None:
        value = self._value(store.value)
        masked = store.mask is not None and not self._value(store.mask)
        offset = 0 if store.scatter is None else int(self._value(store.scatter))
        if not masked:
            self._element(store.buffer, self._position(store.position) + offset, value)

    def _multiply_tile(self, tile: MultiplyTile) -> None:
        add = tile.accumulate if isinstance(tile.accumulate, bool) else self._value(tile.accumulate)
        c_position, stride = self._position(tile.c_position), self._position(tile.c_stride)
        for row in range(tile.rows):
            for column in range(self._position(tile.valid_columns)):
                place = c_position + row * stride + column
                zero = constant(tile.c.dtype, 0)
                start = self._element(tile.c, place) if add else zero
                self._element(tile.c, place, self._tile_element(tile, row, column, start))

    def _tile_element(self, tile: MultiplyTile, row: int, column: int, total: Any) -> Any:
        dtype = tile.c.dtype
        a_position, b_position = self._position(tile.a_position), self._position(tile.b_position)
        a_position += row * self._position(tile.a_row_stride)
        a_step, b_step = self._position(tile.a_depth_stride), self._position(tile.b_stride)
        for k in range(self._position(tile.depth)):
            a = self._element(tile.a, a_position + k * a_step)
            b = self._element(tile.b, b_position + k * b_step + column)
            total = semantics.fused_multiply_add(dtype, a, b, total)
        return total

    def _element(self, buffer: Buffer, index: int, value: Any = None) -> Any:
        """Read one element, or write it where a value is given."""
        array = self.arrays[buffer]
        if not 0 <= index < len(array):
            raise IndexError(
                f"kernel '{self.kernel.name}': element {index} of buffer '{buffer.name}', "
                f"which has {len(array)}"
            )
        if value is not None:
            array[index] = value
        return array[index]

    # Values

    @contextmanager
    def _scope(self) -> Iterator[None]:
        self.scopes.append([])
        yield
        for key in self.scopes.pop():
            del self.values[key]

    def _remember(self, key: Hashable, value: Any) -> None:
        if key not in self.values:
            self.scopes[-1].append(key)
        self.values[key] = value

    def _position(self, value: Dim) -> int:
        return dims.evaluate(value, self.sizes)

    def _value(self, root: Scalar) -> Any:
        """The value of a node; operands first, with an own stack for deep expressions."""
        pending = [root]
        while pending:
            node = pending[-1]
            missing = [o for o in operands(node) if _key(o) not in self.values]
            if missing:
                pending.extend(reversed(missing))
                continue
            pending.pop()
            if _key(node) not in self.values:
                inputs = [self.values[_key(o)] for o in operands(node)]
                self._remember(_key(node), self._compute(node, inputs))
        return self.values[_key(root)]

    def _compute(self, node: Scalar, inputs: list[Any]) -> Any:
        match node:
            case Constant(dtype=dtype, value=value):
                return constant(dtype, value)
            case Index(dtype=dtype, expression=expression):
                return constant(dtype, self._position(expression))
            case Load():
                return self._load(node)
            case Unary(operator=operator, operand=operand):
                return semantics.unary(operator, operand.dtype, *inputs)
            case Binary(dtype=dtype, operator=operator):
                return semantics.binary(operator, dtype, *inputs)
            case Fma(dtype=dtype):
                return semantics.fused_multiply_add(dtype, *inputs)
            case Compare(direction=direction):
                return semantics.compare(direction, *inputs)
            case Select():
                return inputs[1] if inputs[0] else inputs[2]
            case Convert(dtype=dtype, operand=operand):
                return semantics.convert(operand.dtype, dtype, *inputs)
            case Bitcast(dtype=dtype):
                return semantics.bitcast(dtype, *inputs)
        raise AssertionError(f"variable {node} is not bound here")

    def _load(self, node: Load) -> Any:
        if node.mask is not None and not self.values[_key(node.mask)]:
            return constant(node.dtype, 0)
        offset = 0 if node.gather is None else int(self.values[_key(node.gather)])
        return self._element(node.buffer, self._position(node.position) + offset)


def _key(node: Scalar) -> Hashable:
    return node.name if isinstance(node, Variable) else node


def constant(dtype: DType, value: bool | int | float) -> Any:
    """A literal as NumPy has it."""
    if dtype.is_floating:
        return semantics.from_float(dtype, float(value))
    return semantics.wrap(dtype, int(value))


def _undefined(dtype: DType) -> Any:
    """What scratch memory holds in the interpreter: a value that spoils results that read it."""
    return np.nan if dtype.is_floating else dtype.numpy.type(1 if dtype.is_bool else 0x55)
