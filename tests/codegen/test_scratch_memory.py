"""Scratch memory that is not to be had: the run ends with that, and gives back what it took."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest

import flowc as tf
from flowc.codegen.cpu import program as programs
from flowc.codegen.cpu.host import host_target
from flowc.codegen.cpu.machine import EXHAUSTED
from flowc.codegen.cpu.program import compile_program
from flowc.ir import dims, dtypes
from flowc.ir.loops.expressions import Binary, Constant, Load
from flowc.ir.loops.kernel import Allocate, Buffer, For, Kernel, Kind, Program, Statement, Store
from tests.codegen.native import one_kernel, run_native

F32 = dtypes.float32
N = dims.symbol("n")
LARGE = 1 << 16  # elements: from the heap
_numbers = count(1)


class Allocator:
    """The C library's `aligned_alloc` and `free`, of which the first fails when it is told to."""

    def __init__(self) -> None:
        library = ctypes.CDLL(None)
        self._allocate, self._free = library.aligned_alloc, library.free
        self._allocate.restype, self._allocate.argtypes = ctypes.c_void_p, [ctypes.c_size_t] * 2
        self._free.restype, self._free.argtypes = None, [ctypes.c_void_p]
        self._lock = threading.Lock()
        self.begin(None)
        self._functions = (
            ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t)(self.allocate),
            ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.free),
        )

    def begin(self, successes: int | None) -> None:
        """Fail after so many successes; None: never."""
        self.left, self.calls = successes, 0
        self.taken: set[int] = set()

    def allocate(self, alignment: int, size: int) -> int | None:
        with self._lock:
            self.calls += 1
            if self.left == 0:
                return None
            self.left = None if self.left is None else self.left - 1
            address = int(self._allocate(alignment, size))
            self.taken.add(address)
            return address

    def free(self, address: int) -> None:
        with self._lock:
            self.taken.remove(address)
            self._free(address)

    @property
    def symbols(self) -> dict[str, int]:
        addresses = [int(ctypes.cast(f, ctypes.c_void_p).value or 0) for f in self._functions]
        return dict(zip(("aligned_alloc", "free"), addresses, strict=True))


@pytest.fixture
def allocator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Allocator]:
    """What code that is linked in the test takes its scratch memory from."""
    found, pool = Allocator(), programs._pool
    monkeypatch.setattr(programs, "_pool", lambda *of: {**pool(*of), **found.symbols})
    yield found
    _kept.append(found)  # the code stays loaded


_kept: list[Allocator] = []


def scaled(kind: Kind, depth: int) -> Program:
    """y[i] = x[i] * c by way of `depth` large buffers; each test has a kernel of its own (c)."""
    i = dims.symbol("i", N)
    (index,) = dims.symbols(i)
    x, y = Buffer("x", F32, N), Buffer("y", F32, N)
    scratch = [Buffer(f"s{number}", F32, LARGE) for number in range(depth)]
    factor = Constant(F32, float(next(_numbers)))
    body: list[Statement] = []
    value = Binary(F32, "multiply", Load(x, i), factor)
    for buffer in scratch:
        body += [Allocate(buffer), Store(buffer, 5, value)]
        value = Binary(F32, "multiply", Load(buffer, 5), Constant(F32, 1.0))
    body.append(Store(y, i, value))
    return one_kernel(Kernel("scaled", (x, y), (For(index, N, tuple(body), kind),)))


@pytest.mark.parametrize("bounds_checks", [False, True])
@pytest.mark.parametrize(("kind", "threads"), [(Kind.SERIAL, 1), (Kind.PARALLEL, 3)])
def test_all_is_given_back(
    allocator: Allocator, kind: Kind, threads: int, bounds_checks: bool
) -> None:
    program, size = scaled(kind, depth=3), 40
    native = compile_program(program, host_target(threads), bounds_checks=bounds_checks)
    arrays = [np.arange(size, dtype=np.float32), np.zeros(size, np.float32)]
    for successes in (None, 0, 1, 2, 3, 50, None):
        allocator.begin(successes)
        code, results = run_native(native, program, arrays, {"n": size})
        assert code == (0 if successes is None else EXHAUSTED)
        assert allocator.calls >= min(3 * size, (successes or 0) + 1)
        assert not allocator.taken
        if successes is None:
            assert results[1][1] > 0


def test_nothing_follows_a_kernel_that_failed(allocator: Allocator) -> None:
    """Neither the rest of the kernel nor the next one runs."""
    scratch, x, y = Buffer("s", F32, LARGE), Buffer("x", F32, N), Buffer("y", F32, N)
    i = dims.symbol("i", N)
    (index,) = dims.symbols(i)
    inner = (Allocate(scratch), Store(scratch, 0, Load(x, i)), Store(y, i, Load(scratch, 0)))
    last = Store(x, 0, Constant(F32, -1.0))
    program = one_kernel(Kernel("two", (x, y), (For(index, N, inner, Kind.PARALLEL), last)))
    native = compile_program(program, host_target(2))
    allocator.begin(0)
    arrays = [np.ones(8, np.float32), np.zeros(8, np.float32)]
    code, (first, second) = run_native(native, program, arrays, {"n": 8})
    assert code == EXHAUSTED
    assert first.tolist() == [1.0] * 8 and second.tolist() == [0.0] * 8


def test_a_session_goes_on(allocator: Allocator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packed panels of a product: no memory is an error of the step, with nothing changed."""
    monkeypatch.setenv("FLOWC_FLAGS", "--strict --no-cache")
    random = np.random.RandomState(0)
    a, b = (random.randn(1031, 1031).astype(np.float32) for _ in range(2))
    left, right = (tf.placeholder(tf.float32, [None, 1031]) for _ in range(2))
    total = tf.Variable(0.0)
    product = tf.matmul(left, right)
    step = tf.assign_add(total, tf.reduce_sum(product))
    with tf.Session() as session:
        session.run(total.initializer)
        for successes in (None, 0):
            allocator.begin(successes)
            if successes is None:
                want = session.run(step, {left: a, right: b})
                assert allocator.calls, "the product takes no scratch memory: choose another"
                continue
            with pytest.raises(tf.errors.ResourceExhaustedError, match="OOM when allocating"):
                session.run(step, {left: a, right: b})
            assert session.run(total) == want
        allocator.begin(None)
        np.testing.assert_allclose(session.run(product, {left: a, right: b}), a @ b, 1e-3, 1e-3)
    assert not allocator.taken
