"""The seam between flowc and a machine: what a device offers. Nothing above knows more of it.

A new machine is a `Backend`: a `Target` that schedules read, a `Memory`, and how loop IR becomes
code. `codegen/cpu/backend.py` is the CPU's; `tests/runtime/pretend.py` is the smallest one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

if TYPE_CHECKING:  # `import flowc` comes here, and compiles nothing
    from flowc.ir.loops.kernel import Program
    from flowc.passes.target import CpuTarget

Array: TypeAlias = np.ndarray[Any, Any]


class Buffer(Protocol):
    """Memory of a device that holds a tensor, in row-major order without gaps.

    It is freed when the object goes.
    """

    @property
    def memory(self) -> Memory:
        """Where it is."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def address(self) -> int:
        """Where it begins, as the device's code counts."""

    def write(self, array: Array) -> None:
        """Copy in an array of the buffer's shape and dtype."""

    def read(self) -> Array:
        """A copy of the tensor."""

    def value(self) -> Any:
        """A copy as a session returns it: a scalar is no array."""

    def take(self) -> Array:
        """The tensor as an array of the caller's. Who takes it does not use the buffer again."""


class Memory(Protocol):
    """Where a device's buffers come from."""

    def allocate(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Buffer:
        """A buffer whose contents are not known, at a multiple of 64 bytes.

        Raises ResourceExhaustedError.
        """

    def hold(self, array: Array) -> Buffer:
        """A buffer with an array's elements, to be read while nobody writes to the array.

        Raises ResourceExhaustedError.
        """


@dataclass(frozen=True, slots=True)
class StoredCode:
    """The code of a program on disk: its key, and the constants that are too large to be in it."""

    key: str
    constants: Sequence[bytes | memoryview]


class Code(Protocol):
    """The code of a program, ready to run."""

    @property
    def entry(self) -> Any:
        """`entry(arguments, symbols, arena, control)`, which returns an int32.

        It takes addresses: of an array in the host's memory with the address of each argument in
        the device's, of an array of int64 in the host's, of the arena in the device's, and of a
        control block in the host's or 0. It returns 0, the code of the `Check` that has failed,
        `stopped`, `exhausted`, or another negative number.
        """

    @property
    def memory(self) -> Memory:
        """Where the arguments and the arena must be."""

    @property
    def stopped(self) -> int:
        """What `entry` gives where the run was ended from outside."""

    @property
    def exhausted(self) -> int:
        """What it gives where the device had no memory for scratch buffers."""

    @property
    def stored(self) -> StoredCode | None:
        """Under what it is kept on disk; None where it is not."""

    def describe_error(self, code: int) -> str:
        """What a negative result of `entry` means."""


class CompiledCode(Code, Protocol):
    """Code that was made just now."""

    @property
    def times(self) -> Mapping[str, float]:
        """Seconds of each stage of making it, in order."""

    @property
    def texts(self) -> Mapping[str, str]:
        """What it was made by way of, for a dump: texts by the names of files."""


class Backend(Protocol):
    """A machine, and the generator of its code."""

    @property
    def device_type(self) -> str:
        """What names of devices call it: `CPU` in `/device:CPU:0`."""

    @property
    def target(self) -> CpuTarget:
        """The machine as schedules see it."""

    @property
    def memory(self) -> Memory:
        """The machine's memory."""

    def compile(self, program: Program) -> CompiledCode:
        """Make code for a program."""

    def load(self, stored: StoredCode) -> Code | None:
        """Code that was kept on disk; None where it is not there any more."""
