"""Kernels of blocks and threads: their rules, what they compute, and the barriers they miss."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from flowc.ir.errors import InternalError
from flowc.ir.loops.interpreter import run_kernel
from flowc.ir.loops.kernel import Barrier, For, If, Kernel, Statement
from flowc.ir.loops.parser import parse_kernel
from flowc.ir.loops.races import RaceError
from flowc.ir.loops.ranges import outside
from flowc.ir.loops.verifier import verify_kernel
from flowc.ir.loops.walk import block_shape, written_parameters
from flowc.passes.math import expand

Array = NDArray[Any]
GOLDEN = Path(__file__).parent / "golden"


def backwards(count: int) -> Sequence[int]:
    return range(count - 1, -1, -1)


def shuffled(count: int) -> Sequence[int]:
    return [int(n) for n in np.random.default_rng(count).permutation(count)]


ORDERS: dict[str, Callable[[int], Sequence[int]]] = {
    "in order": range,
    "backwards": backwards,
    "shuffled": shuffled,
}
each_order = pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)


def golden(name: str) -> Kernel:
    return expand(parse_kernel((GOLDEN / f"{name}.loops").read_text()))


def numbers(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float32)


# Rules

HEAD = "kernel k(b0: float32[n], b1: int32[n]) {\n"
STORE = "store b0[0] = 1.0:float32\n"
TILE = "multiply_matrices(rows=2, columns=2, depth=2, lanes=4) b0[0; 2, 1] += "
COPY = "copy_matrix(rows=2, columns=2, lanes=4) b0[0; 2, 1] = "
CARRY = "carry v0: int32 = 0:int32\nnext v0\n} "

RULES = {
    "thread i0 < 4 {\n}": "thread loop i0 is outside of a block",
    "barrier": "a Barrier is outside of a block",
    "serial i0 < 2 {\nblock i1 < 2 {\n}\n}": "block loop i1 is not outermost",
    "allocate shared b2: int32[4]": "'b2' is shared memory in a kernel without blocks",
    "block i0 < 2 {\n}\n" + STORE: "a Store stands beside block loops",
    "allocate b2: int32[4]\nblock i0 < 2 {\n}": "'b2' is private memory outside of a block",
    "block i0 < 2 {\n" + CARRY + "results v1: int32": "block loop i0 carries values",
    "block i0 < 2 {\nblock i1 < 2 {\n}\n" + STORE + "}": "block loop i0 holds more than the block",
    "block i0 < 2 {\nserial i1 < 2 {\nblock i2 < 2 {\n}\n}\n}": "loop i2 is inside of a block",
    "block i0 < 4 {\nblock i1 < i0 {\n}\n}": "the extent of block loop i1 is not known before",
    "block i0 < 4 {\nthread i1 < i0 {\n}\n}": "the extent of thread loop i1 is not known before",
    "block(unroll=2) i0 < 4 {\n}": "block loop i0 has a width or is unrolled",
    "block i0 < 4 {\nvector(width=4) i1 < 4 {\n}\n}": "vector loop i1 is inside of a block",
    "parallel i0 < 4 {\n}\nblock i1 < 4 {\n}": "parallel loop i0 stands beside block loops",
    "block i0 < 4 {\nthread i1 < 4 {\n" + CARRY + "results v1: int32\n}":
        "carries values without a combiner",
    "block i0 < 4 {\nthread i1 < 4 {\nif compare_EQ(index<int32>[i1], 0:int32) {\nbarrier\n}\n}\n}":
        "a Barrier is inside of an If whose condition may differ",
    "block i0 < 4 {\nthread i1 < 4 {\nlet v0: int32 = load b1[i1]\n"
    "if compare_EQ(v0, 0:int32) {\nbarrier\n}\n}\n}": "an If whose condition may differ",
    "block i0 < 4 {\nthread i1 < 4 {\nserial i2 < i1 {\nbarrier\n}\n}\n}":
        "a Barrier is inside of serial loop i2, whose extent differs",
    "block i0 < 4 {\nthread i1 < 4 {\nbarrier\n}\nthread i2 < 8 {\n}\n}":
        "a Barrier is inside of thread loop i1, which is shorter than the block",
    "block i0 < 4 {\nthread i1 < 4 {\nallocate shared b2: int32[4]\n}\n}":
        "shared memory 'b2' is not allocated in the block's own body",
    "block i0 < 4 {\nallocate shared b2: int32[i0]\n}": "has an index in it",
    "block i0 < 4 {\nallocate global b2: int32[4]\n}": "global memory 'b2' is allocated inside",
    "block i0 < 4 {\nallocate b2: int32[n]\n}": "private memory 'b2' has no constant size",
    "block i0 < 4 {\nallocate b2: float32[4]\nstore b0[0] = load b2[0]\nthread i1 < 4 {\n}\n}":
        "private memory 'b2' is read by several threads at once",
    "block i0 < 4 {\nallocate fragment b2: float32[4]\nstore b2[0] = 1.0:float32\n}":
        "an element of fragment 'b2' is read or written",
    "block i0 < 4 {\nallocate fragment b2: float32[4]\nstore b0[0] = load b2[0]\n}":
        "an element of fragment 'b2' is read or written",
    "block i0 < 4 {\nthread i1 < 8 {\n}\n" + TILE + "b0[0; 2, 1] * b0[0; 2, 1] "
    "accumulate true:bool\n}": "a MultiplyMatrices of 4 threads is done by 8",
    "block i0 < 4 {\n" + TILE + "b0[0; 2, 1] * b1[0; 2, 1] accumulate true:bool\n}":
        "the matrices of a MultiplyMatrices differ in type: float32 and int32",
    "block i0 < 4 {\n" + TILE + "b0[0; 2, 1] * b0[0; 2, 1] accumulate 1:int32\n}": None,
    "block i0 < 4 {\n" + TILE + "b0[0; 2, 1] * b0[0; 2, 1] accumulate load b1[0]\n}":
        "'accumulate' of a MultiplyMatrices is not a bool",
    "block i0 < 4 {\n" + COPY + "b1[0; 2, 1]\n}": "the matrices of a CopyMatrix differ in type",
    "block i0 < 4 {\nallocate b2: float32[4]\n" + COPY + "b2[0; 2, 1]\n}":
        "a CopyMatrix touches private memory",
}  # fmt: skip


@pytest.mark.parametrize("body", RULES)
def test_rule(body: str) -> None:
    kernel = parse_kernel(HEAD + body + "\n}")
    wanted = RULES[body]
    if wanted is None:
        verify_kernel(kernel)
        return
    with pytest.raises(InternalError) as caught:
        verify_kernel(kernel)
    assert wanted in str(caught.value)
    assert "in 'k'" in str(caught.value)


ALLOWED = (
    "block i0 < 4 {\nif compare_EQ(load b1[i0], 0:int32) {\nbarrier\n}\n}",
    "block i0 < 4 {\nthread i1 < n {\nserial i2 < i0 {\nbarrier\n}\n}\n}",
    "block i0 < 4 {\nthread i1 < n {\nthread i2 < 3 {\nbarrier\n}\nthread i3 < 2 {\n}\n}\n}",
    "block i0 < 4 {\nthread i1 < 4 {\nif compare_EQ(load b1[i0], 0:int32) {\nbarrier\n}\n}\n}",
    "block i0 < 4 {\nallocate b2: float32[4]\nthread i1 < 4 {\nstore b0[0] = load b2[0]\n}\n}",
)


@pytest.mark.parametrize("body", ALLOWED)
def test_what_is_allowed(body: str) -> None:
    verify_kernel(parse_kernel(HEAD + body + "\n}"))


def test_shape_of_a_block() -> None:
    (grid,) = golden("warp_sums").body
    assert isinstance(grid, For)
    assert block_shape(grid) == (2, 4)
    grid = next(s for s in golden("matrices").body if isinstance(s, For))
    assert block_shape(grid) == (2, 4)


# What they compute


@each_order
@pytest.mark.parametrize(("n", "m"), [(3, 9), (2, 4), (1, 1), (2, 0), (0, 5), (2, 3)])
def test_softmax_of_a_block(n: int, m: int, order: Callable[[int], Sequence[int]]) -> None:
    x, y = numbers(n, m), np.zeros((n, m), np.float32)
    sizes = {"n": n, "m": m}
    kernel = golden("block_softmax")
    assert outside(kernel, sizes) is None
    run_kernel(kernel, [x.ravel(), y.ravel()], sizes, order)
    if m:
        powers = np.exp(x - x.max(axis=1, keepdims=True))
        np.testing.assert_allclose(y, powers / powers.sum(axis=1, keepdims=True), rtol=1e-6)


@each_order
@pytest.mark.parametrize(("n", "m"), [(3, 9), (4, 4), (1, 1), (2, 0), (0, 5)])
def test_sums_of_warps(n: int, m: int, order: Callable[[int], Sequence[int]]) -> None:
    x, y = numbers(n, m), np.full(n, 7, np.float32)
    run_kernel(golden("warp_sums"), [x.ravel(), y], {"n": n, "m": m}, order)
    np.testing.assert_array_equal(y, x.sum(axis=1))


@each_order
@pytest.mark.parametrize("n", [1, 4, 6, 9])
def test_product_of_tiles(n: int, order: Callable[[int], Sequence[int]]) -> None:
    a, b, c = numbers(n, n), numbers(n, n, seed=1), np.zeros((n, n), np.float32)
    run_kernel(golden("tiled_product"), [a.ravel(), b.ravel(), c.ravel()], {"n": n}, order)
    np.testing.assert_array_equal(c, a @ b)


@each_order
@pytest.mark.parametrize("k", [0, 4, 12])
def test_product_of_matrices(k: int, order: Callable[[int], Sequence[int]]) -> None:
    """Two grids: the second adds a number to what the first left in global memory."""
    a, b = numbers(16, k).astype(np.float16), numbers(8, k, seed=1).astype(np.float16)
    c, one = numbers(16, 8, seed=2), np.ones(1, np.float32)
    wanted = c + a.astype(np.float32) @ b.astype(np.float32).T + 1
    kernel = golden("matrices")
    run_kernel(
        kernel, [np.resize(a, 64 * k), np.resize(b, 32 * k), c.ravel(), one], {"k": k}, order
    )
    np.testing.assert_array_equal(c, wanted)


def test_written_parameters() -> None:
    kernel = golden("matrices")
    assert {b.name for b in written_parameters(kernel)} == {"b2", "b4", "b5", "b6", "b7", "b8"}


# Missing barriers


def without_a_barrier(body: tuple[Statement, ...]) -> Iterator[tuple[Statement, ...]]:
    """The bodies that lack one of the barriers."""
    for number, statement in enumerate(body):
        before, after = body[:number], body[number + 1 :]
        if isinstance(statement, Barrier):
            yield before + after
        if isinstance(statement, For | If):
            for inner in without_a_barrier(statement.body):
                yield (*before, replace(statement, body=inner), *after)


@each_order
@pytest.mark.parametrize("name", ["block_softmax", "tiled_product", "matrices"])
def test_each_missing_barrier_is_found(name: str, order: Callable[[int], Sequence[int]]) -> None:
    kernel, sizes = golden(name), {"n": 9, "m": 9, "k": 12}
    bodies = list(without_a_barrier(kernel.body))
    assert len(bodies) == 2
    for body in bodies:
        arrays = [np.ones(1024, np.dtype(b.dtype.numpy)) for b in kernel.parameters]
        with pytest.raises(RaceError, match="without a barrier between them"):
            run_kernel(replace(kernel, body=body), arrays, sizes, order)


RACES = {
    "block i0 < 1 {\nthread i1 < 4 {\nstore b0[i1] = 1.0:float32\n}\nthread i2 < 4 {\n"
    "store b1[i2] = convert<int32>(load b0[3 - i2])\n}\n}":
        "element 3 of 'b0' is read by thread (0) of block (0), and written by thread (3) of "
        "block (0) before, without a barrier between them",
    "block i0 < 1 {\nthread i1 < 4 {\nstore b0[0] = 1.0:float32\n}\n}":
        "element 0 of 'b0' is written by thread (1) of block (0), and written by thread (0)",
    "block i0 < 1 {\nthread i1 < 4 {\nlet v0: float32 = load b0[0]\n}\nthread i2 < 2 {\n"
    "store b0[0] = 1.0:float32 if compare_EQ(index<int32>[i2], 1:int32)\n}\n}":
        "element 0 of 'b0' is written by thread (1) of block (0), and read by thread (0)",
    "block i0 < 1 {\nthread i1 < 4 {\nlet v0: float32 = load b0[0]\n}\nthread i2 < 1 {\n"
    "store b0[0] = 1.0:float32\n}\n}":
        "element 0 of 'b0' is written by thread (0) of block (0), and read by thread (1)",
    "block i0 < 1 {\nstore b0[0] = 1.0:float32\nthread i1 < 2 {\nlet v0: float32 = load b0[0]\n"
    "}\n}": "element 0 of 'b0' is read by thread (1) of block (0), and written by thread (0)",
    "block i0 < 2 {\nthread i1 < 2 {\nstore b0[i1] = 1.0:float32\n}\n}":
        "element 0 of 'b0' is written by thread (0) of block (1), and written by thread (0) of "
        "block (0) before, without the end of a grid between them",
    "block i0 < 2 {\nstore b0[i0] = load b0[0]\n}":
        "is read by thread () of block (1), and written by thread () of block (0)",
    "block i0 < 1 {\nthread i1 < 2 {\nstore b0[i1] = 1.0:float32\n}\n"
    "copy_matrix(rows=1, columns=2, lanes=2) b0[2; 2, 1] = b0[0; 2, 1]\n}":
        "element 0 of 'b0' is read by thread (1) of block (0), and written by thread (0)",
}  # fmt: skip


@pytest.mark.parametrize("body", RACES)
def test_race(body: str) -> None:
    kernel = parse_kernel(HEAD + body + "\n}")
    verify_kernel(kernel)
    arrays = [np.zeros(8, np.float32), np.zeros(8, np.int32)]
    with pytest.raises(RaceError) as caught:
        run_kernel(kernel, arrays, {"n": 8})
    assert RACES[body] in str(caught.value)
    assert "kernel 'k'" in str(caught.value)


NO_RACES = (
    "block i0 < 2 {\nthread i1 < 4 {\nstore b0[4*i0 + i1] = 1.0:float32\n}\n}",
    "block i0 < 1 {\nthread i1 < 1 {\nstore b0[0] = 1.0:float32\n}\nstore b0[1] = load b0[0]\n}",
    "block i0 < 1 {\nstore b0[0] = 1.0:float32\nstore b0[0] = 2.0:float32\nthread i1 < 2 {\n}\n}",
    "block i0 < 2 {\nstore b0[i0] = 1.0:float32\n}\nblock i1 < 2 {\n"
    "store b0[i1 + 2] = load b0[1 - i1]\n}",
    "block i0 < 1 {\nallocate b2: float32[1]\nstore b2[0] = 1.0:float32\nthread i1 < 4 {\n"
    "store b2[0] = add(load b2[0], index<float32>[i1])\n}\nthread i2 < 4 {\n"
    "store b0[i2] = load b2[0]\n}\n}",
)


@each_order
@pytest.mark.parametrize("body", NO_RACES)
def test_no_race(body: str, order: Callable[[int], Sequence[int]]) -> None:
    kernel = parse_kernel(HEAD + body + "\n}")
    verify_kernel(kernel)
    x = np.zeros(8, np.float32)
    run_kernel(kernel, [x, np.zeros(8, np.int32)], {"n": 8}, order)
    if "allocate" in body:
        np.testing.assert_array_equal(x[:4], [1, 2, 3, 4])


def test_threads_that_come_to_a_barrier_apart() -> None:
    """Found by the interpreter where data decides, which the verifier refuses beforehand."""
    body = "block i0 < 1 {\nthread i1 < 2 {\nserial i2 < i1 {\nbarrier\n}\n}\n}"
    kernel = parse_kernel(HEAD + body + "\n}")
    with pytest.raises(RaceError, match="do not come to a barrier together: 0 is not 1"):
        run_kernel(kernel, [np.zeros(8, np.float32), np.zeros(8, np.int32)], {"n": 8})


def test_accesses_outside_of_buffers() -> None:
    kernel = golden("matrices")
    arrays = [np.ones(b, t) for b, t in [(64, "e"), (32, "e"), (127, "f"), (1, "f")]]
    with pytest.raises(IndexError, match="element 127 of buffer 'b2', which has 127"):
        run_kernel(kernel, arrays, {"k": 1})
    tile = "copy_matrix(rows=2, columns=3, lanes=1) b0[0; 4, 1] = b0[8; 4, 1]"
    found = outside(parse_kernel(HEAD + "block i0 < 1 {\n" + tile + "\n}\n}"), {"n": 14})
    assert found is not None and "element 14 of 'b0', which has 14" in found
