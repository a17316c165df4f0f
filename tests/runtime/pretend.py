"""A pretend machine: its memory is a byte array of its own, and its code the loop interpreter.

Addresses are offsets into that array, so whatever takes one for an address of this process, or a
buffer for an array, fails at once.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from flowc.codegen.backend import Array, StoredCode
from flowc.codegen.cpu.host import make_target
from flowc.ir import dims
from flowc.ir.errors import ResourceExhaustedError
from flowc.ir.loops.interpreter import run_program
from flowc.ir.loops.kernel import Program
from flowc.passes.target import CpuTarget

FIRST = 4096  # below it are no addresses, so that null is none
SPOILED = 0xA5  # what memory holds that nobody has written


class PretendMemory:
    """Blocks of one byte array, each aligned to 64; what is freed is spoiled and used again."""

    def __init__(self, size: int = 1 << 22) -> None:
        self.bytes = np.full(size, SPOILED, np.uint8)
        self.used: dict[int, int] = {}  # address -> bytes

    def allocate(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> PretendBuffer:
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        address = self._gap(size)
        self.used[address] = size
        return PretendBuffer(self, address, shape, dtype)

    def hold(self, array: Array) -> PretendBuffer:
        buffer = self.allocate(array.shape, array.dtype)
        buffer.write(array)
        return buffer

    def _gap(self, size: int) -> int:
        """The first place with so much room."""
        start = FIRST
        for address, taken in sorted(self.used.items()):
            if start + size <= address:
                break
            start = -(-(address + max(taken, 1)) // 64) * 64
        if start + size > len(self.bytes):
            raise ResourceExhaustedError(None, None, f"OOM: the machine has no {size} bytes left")
        return start

    def free(self, address: int) -> None:
        size = self.used.pop(address)
        self.bytes[address : address + size] = SPOILED

    def at(self, address: int, dtype: np.dtype[Any], count: int) -> Array:
        """The elements at an address, which must lie in one block."""
        size = count * dtype.itemsize
        inside = (a <= address and address + size <= a + s for a, s in self.used.items())
        assert any(inside), f"{size} bytes at {address} are not allocated"
        return self.bytes[address : address + size].view(dtype)


@dataclass(eq=False)
class PretendBuffer:
    memory: PretendMemory
    address: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def _elements(self) -> Array:
        count = int(np.prod(self.shape, dtype=np.int64))
        return self.memory.at(self.address, self.dtype, count).reshape(self.shape)

    def write(self, array: Array) -> None:
        assert (array.shape, array.dtype) == (self.shape, self.dtype)
        self._elements()[...] = array

    def read(self) -> Array:
        return self._elements().copy()

    def value(self) -> Any:
        array = self.read()
        return array if array.ndim else array[()]

    def take(self) -> Array:
        return self.read()

    def __del__(self) -> None:
        self.memory.free(self.address)


@dataclass(eq=False)
class PretendCode:
    """A program as the interpreter runs it."""

    program: Program
    memory: PretendMemory
    stored: StoredCode | None = None
    stopped: int = -(2**31)
    exhausted: int = 1 - 2**31
    times: Mapping[str, float] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    runs: int = 0

    @property
    def entry(self) -> Callable[[int, int, int, int], int]:
        return self._run

    def describe_error(self, code: int) -> str:
        return f"code {code}"

    def _run(self, arguments: int, symbols: int, arena: int, control: int) -> int:
        self.runs += 1
        numbers = (ctypes.c_int64 * len(self.program.symbols)).from_address(symbols)
        sizes = {s.name: n for s, n in zip(self.program.symbols, numbers, strict=True)}
        room = dims.evaluate(self.program.arena_size, sizes)
        if room:
            self.memory.at(arena, np.dtype(np.uint8), room)
        addresses = (ctypes.c_void_p * len(self.program.arguments)).from_address(arguments)
        arrays = [
            self.memory.at(address or 0, b.dtype.numpy, dims.evaluate(b.size, sizes))
            for b, address in zip(self.program.arguments, addresses, strict=True)
        ]
        return run_program(self.program, arrays, sizes)


class PretendBackend:
    """The machine."""

    device_type = "PRETEND"

    def __init__(self) -> None:
        self.memory = PretendMemory()
        self.target: CpuTarget = make_target("x86_64-unknown-linux-gnu", "generic", "+avx2")
        self.compiled: list[PretendCode] = []

    def compile(self, program: Program) -> PretendCode:
        self.compiled.append(PretendCode(program, self.memory))
        return self.compiled[-1]

    def load(self, stored: StoredCode) -> None:
        return None
