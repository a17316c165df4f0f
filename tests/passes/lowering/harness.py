"""Running a computation every way: interpreted, fused and interpreted, fused and compiled."""

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from flowc.codegen.cpu.host import host_target
from flowc.codegen.cpu.program import NativeProgram, compile_program
from flowc.ir import dims, dtypes
from flowc.ir.loops.kernel import Call
from flowc.ir.loops.ranges import check_ranges
from flowc.ir.loops.verifier import verify_program
from flowc.ir.tensor import interpreter
from flowc.ir.tensor.assumptions import Specialising
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import ArgumentDim, Module, Parameter, Result, TensorType, Value
from flowc.passes.fusion.fuse import Fuse
from flowc.passes.lowering.program import Lowered, lower_module
from flowc.passes.target import CpuTarget
from tests.codegen.native import Guarded, avx2_target

Array = NDArray[Any]
Build = Callable[..., Value | Sequence[Value]]
Names = Sequence[Sequence[str | None] | None] | None


# Each example is compiled, so there are few and they may take their time.
few_examples = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
WAYS: list[dict[str, Any]] = [
    {"threads": 1},
    {"threads": 2},
    {"threads": 2, "bounds_checks": True},
    {"target": avx2_target(2)},
]
ways = st.sampled_from(WAYS)


def build_module(
    build: Build,
    arrays: Sequence[Array],
    names: Names = None,
    donated: Mapping[int, int] | None = None,
) -> Module:
    """The module that `build(builder, *parameters)` makes for arguments like `arrays`.

    `names[i][a]` is the symbol of axis a of argument i, None for an axis of constant size. Axes of
    one name share a symbol.
    """
    assumptions = Specialising({})
    builder = Builder(assumptions)
    symbols: dict[dims.Symbol, ArgumentDim] = {}
    parameters = []
    for number, array in enumerate(arrays):
        shape: list[dims.Dim] = list(array.shape)
        for axis, name in enumerate((names and names[number]) or ()):
            if name is not None:
                symbol = dims.symbol(f"size_{name}")
                assumptions.hints[f"size_{name}"] = array.shape[axis]
                symbols.setdefault(dims.Symbol(f"size_{name}"), ArgumentDim(number, axis))
                shape[axis] = symbol
        dtype = dtypes.as_dtype(array.dtype)
        parameters.append(Parameter(TensorType(dtype, tuple(shape)), f"x{number}"))
    built = build(builder, *parameters)
    results = [built] if isinstance(built, Parameter | Result) else list(built)
    return Module(
        "test",
        builder.computation(parameters, results),
        symbols,
        tuple(assumptions.guards),
        dict(donated or {}),
        (),
    )


@dataclass
class Compiled:
    """A module as native code."""

    module: Module
    target: CpuTarget
    bounds_checks: bool = False
    joins: bool = True  # whether instructions share kernels
    lowered: Lowered = field(init=False)
    native: NativeProgram = field(init=False)

    def __post_init__(self) -> None:
        self.fused = Fuse(joins=self.joins).run(self.module)
        self.lowered = lower_module(self.fused, self.target)
        verify_program(self.lowered.program)
        self.native = compile_program(
            self.lowered.program, self.target, bounds_checks=self.bounds_checks
        )

    @property
    def kernels(self) -> list[str]:
        """The kinds of the kernels that the program calls, in order."""
        steps = self.lowered.program.steps
        return [s.kernel.name.split("_")[0] for s in steps if isinstance(s, Call)]

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        """The results; every buffer stands between guard bytes, and arguments must not change."""
        sizes = interpreter.bind_symbols(self.module, arrays)
        program, places = self.lowered.program, self.lowered.places
        check_ranges(program, sizes)
        memory = [Guarded(np.ascontiguousarray(a).reshape(-1)) for a in arrays]
        count = len(program.arguments) - len(arrays)
        results = [r.type for r in self.module.main.results]
        shapes = [tuple(dims.evaluate(d, sizes) for d in t.shape) for t in results]
        for place in range(len(arrays), len(arrays) + count):
            number = places.index(place)
            size = int(np.prod(shapes[number], dtype=np.int64))
            memory.append(Guarded(np.zeros(size, results[number].dtype.numpy)))
        self._enter(memory, sizes)
        for number, (held, array) in enumerate(zip(memory, arrays, strict=False)):
            held.check()
            if number not in places:
                np.testing.assert_array_equal(_bytes(held.array), _bytes(array))
        return [memory[p].array.reshape(s) for p, s in zip(places, shapes, strict=True)]

    def _enter(self, memory: Sequence[Guarded], sizes: Mapping[str, int]) -> None:
        program = self.lowered.program
        pointers = (ctypes.c_void_p * max(1, len(memory)))(*(m.address for m in memory))
        values = [sizes[s.name] for s in program.symbols]
        symbols = (ctypes.c_int64 * max(1, len(values)))(*values)
        arena = np.full(dims.evaluate(program.arena_size, sizes) + 64, 0xA5, np.uint8)
        code = self.native.entry(pointers, symbols, (arena.ctypes.data + 63) & -64, None)
        assert code == 0, self.native.describe_error(code)


def _bytes(array: Array) -> Array:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def check(
    build: Build,
    arrays: Sequence[Array],
    names: Names = None,
    *,
    threads: int = 1,
    bounds_checks: bool = False,
    donated: Mapping[int, int] | None = None,
    rtol: float = 0.0,
    target: CpuTarget | None = None,
) -> Compiled:
    """Compare the interpreter before fusion, after fusion, and native code.

    With `rtol` results may differ by that much of the larger of 1 and their own size.
    """
    module = build_module(build, arrays, names, donated)
    compiled = Compiled(module, target or host_target(threads), bounds_checks)
    expected = interpreter.run(module, arrays)
    for got, want in zip(interpreter.run(compiled.fused, arrays), expected, strict=True):
        assert_same(got, want)
    for got, want in zip(compiled(arrays), expected, strict=True):
        assert_same(got, want, rtol)
    return compiled


def assert_same(got: Array, want: Array, rtol: float = 0.0) -> None:
    """Equal, NaN being equal to NaN, or close."""
    assert got.shape == want.shape and got.dtype == want.dtype
    if got.dtype.kind == "V":  # bfloat16
        got, want = got.astype(np.float64), want.astype(np.float64)
    np.testing.assert_allclose(got, want, rtol, rtol) if rtol else (
        np.testing.assert_array_equal(got, want)
    )
