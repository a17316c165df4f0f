"""What a builder knows of sizes, and how it fits operands to each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Symbol
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.tensor.assumptions import Optimistic, Specialising
from flowc.ir.tensor.builder import Builder, DataDependent, UnknownShape, UnknownValue
from flowc.ir.tensor.core import ArgumentDim, Module, Parameter, TensorType, Value
from flowc.ir.tensor.interpreter import run
from flowc.ir.tensor.primitives.contraction import DotDimensionNumbers
from flowc.ir.tensor.verifier import verify

N, M = dims.symbol("n"), dims.symbol("m")
I32 = dtypes.int32


def builder(**hints: int) -> Builder:
    return Builder(Specialising(hints or {"n": 4, "m": 7}))


def tensor(*shape: Dim, dtype: dtypes.DType = dtypes.float32) -> Parameter:
    return Parameter(TensorType(dtype, shape))


def vector(b: Builder, *sizes: Dim) -> Value:
    return b.concatenate([b.reshape(b.size(d), (1,)) for d in sizes], 0)


FOLLOWED: dict[str, tuple[Callable[[Builder], Value], Any]] = {
    "constant": (lambda b: b.constant([3, 4], I32), [3, 4]),
    "concatenate": (lambda b: vector(b, N, 3), [N, 3]),
    "slice": (lambda b: b.slice_axis(vector(b, N, 3, M), 0, 1, 3), [3, M]),
    "strided slice": (lambda b: b.slice_axis(vector(b, N, 3, M), 0, 0, 3, 2), [N, M]),
    "reverse": (lambda b: b.reverse(vector(b, N, M), [0]), [M, N]),
    "transpose": (lambda b: b.transpose(b.reshape(vector(b, N, M), (2, 1)), (1, 0)), [[N, M]]),
    "broadcast": (lambda b: b.broadcast_to(b.size(N), (2,)), [N, N]),
    "pad": (lambda b: b.pad(vector(b, N), 1, (2,), (0,)), [1, 1, N]),
    "iota": (
        lambda b: b.add(b.iota((3,), 0, I32), b.broadcast_to(b.size(N), (3,))),
        [N, N + 1, N + 2],
    ),
    "arithmetic": (lambda b: b.subtract(b.multiply(b.size(N), 3), b.size(M)), 3 * N - M),
    "divide": (lambda b: b.divide(b.size(6 * N + 1), 6), dims.floordiv(6 * N + 1, 6)),
    "remainder": (lambda b: b.remainder(b.size(6 * N), 6), 0),
    "maximum": (lambda b: b.maximum(b.size(N + M), b.size(M)), N + M),
    "minimum": (lambda b: b.minimum(b.size(N), b.size(M)), dims.minimum(N, M)),
    "clamp": (lambda b: b.clamp(0, b.size(N), 5), dims.minimum(N, 5)),
    "convert": (lambda b: b.convert(b.size(N), dtypes.int64), N),
    "compare": (lambda b: b.ge(b.size(N), 0), True),
    "not": (lambda b: b.not_(b.lt(b.size(N + 1), 1)), True),
    "and": (lambda b: b.and_(b.ge(b.size(N), 0), b.constant(False)), False),
    "select": (lambda b: b.select(b.gt(b.size(N + 1), 0), b.size(M), 5), M),
    "sign": (lambda b: b.sign(b.size(N + 1)), 1),
    "take": (lambda b: b.take(vector(b, N, 3, M), b.constant([2, 0], I32)), [M, N]),
    "dynamic_slice": (lambda b: b.dynamic_slice(vector(b, N, M), [b.scalar(1, I32)], (1,)), [M]),
    "product": (lambda b: b.reduce_prod(vector(b, N, 3, M)), 3 * N * M),
    "sum": (lambda b: b.reduce_sum(vector(b, N, 3, N)), 2 * N + 3),
    "greatest": (lambda b: b.reduce_max(vector(b, N, N + 3, 2)), dims.maximum(N + 3, 2)),
    "wraparound of known numbers": (lambda b: b.add(b.scalar(127, dtypes.int8), 1), -128),
    "float arithmetic of known numbers": (
        lambda b: b.convert(b.ceil(b.divide(b.scalar(1.0, dtypes.float32), 0.3)), I32),
        4,
    ),
}


@pytest.mark.parametrize(("build", "expected"), FOLLOWED.values(), ids=FOLLOWED.keys())
def test_contents_are_followed(build: Callable[[Builder], Value], expected: Any) -> None:
    b = builder()
    contents = b.symbolic(build(b))
    assert contents is not None
    assert contents.tolist() == expected


DEPENDENT: dict[str, Callable[[Builder], Value]] = {
    "parameter": lambda b: tensor(2, dtype=I32),
    "arithmetic with data": lambda b: b.add(tensor(dtype=I32), b.size(N)),
    "undecidable comparison": lambda b: b.lt(b.size(N), b.size(M)),
    "division by what may be zero": lambda b: b.divide(b.size(N), b.size(M)),
    "float of a size": lambda b: b.convert(b.size(N), dtypes.float32),
    "more than the limit": lambda b: b.iota((2000,), 0, I32),
    "symbolic number of elements": lambda b: b.iota((N,), 0, I32),
}


@pytest.mark.parametrize("build", DEPENDENT.values(), ids=DEPENDENT.keys())
def test_contents_that_depend_on_data(build: Callable[[Builder], Value]) -> None:
    b = builder()
    value = build(b)
    assert b.symbolic(value) is None
    with pytest.raises(DataDependent):
        b.dims(value)


def test_long_chains_do_not_exhaust_the_stack() -> None:
    b = builder()
    value = b.size(N)
    for _ in range(5000):
        value = b.add(value, 1)
    assert b.dims(value) == (N + 5000,)


def test_static_contents() -> None:
    b = builder()
    assert b.static(b.constant([1.5, 2.0], dtypes.float32)).tolist() == [1.5, 2.0]
    with pytest.raises(DataDependent):
        b.static(b.size(N))


def answer(b: Builder, parameters: list[Parameter], result: Value, *arrays: Any) -> Any:
    """Verify what was built, with the symbols n and m bound by the first axes, and run it."""
    main = b.computation(parameters, [result])
    symbols: dict[Symbol, ArgumentDim] = {}
    for number, parameter in enumerate(parameters):
        for axis, size in enumerate(parameter.type.shape):
            for symbol in dims.symbols(size):
                symbols.setdefault(Symbol(symbol.name), ArgumentDim(number, axis))
    guards = tuple(b.assumptions.guards) if isinstance(b.assumptions, Specialising) else ()
    module = Module("test", main, symbols, guards)
    verify(module)
    return run(module, arrays)[0]


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        ((2, 3), (3,), (2, 3)),
        ((2, 1), (1, 3), (2, 3)),
        ((N, 3), (1, 3), (N, 3)),
        ((N, 3), (N, 1), (N, 3)),
        ((), (N,), (N,)),
        ((0, 1), (1, 4), (0, 4)),
    ],
)
def test_broadcast(left: tuple[Dim, ...], right: tuple[Dim, ...], result: tuple[Dim, ...]) -> None:
    b = builder(n=5)
    x, y = tensor(*left), tensor(*right)
    total = b.add(*b.broadcast(x, y))
    assert b.shape(total) == result
    sizes = {"n": 5}
    arrays = [
        np.random.default_rng(0).random([dims.evaluate(d, sizes) for d in shape], np.float32)
        for shape in (left, right)
    ]
    np.testing.assert_array_equal(answer(b, [x, y], total, *arrays), arrays[0] + arrays[1])


def test_broadcast_assumes_what_holds_in_the_first_run() -> None:
    b = builder(n=4, m=4)
    x, y = tensor(N, 2), tensor(M, 1)
    total = b.multiply(*b.broadcast(x, y))
    arrays = [np.ones((4, 2), np.float32), np.full((4, 1), 3, np.float32)]
    np.testing.assert_array_equal(answer(b, [x, y], total, *arrays), arrays[0] * 3)
    assert [str(g) for g in b.assumptions.guards] in (["m == n"], ["n == m"])  # type: ignore[attr-defined]


def test_broadcast_of_a_size_that_is_one() -> None:
    b = builder(n=1, m=4)
    x, y = tensor(N), tensor(M)
    total = b.multiply(*b.broadcast(x, y))
    arrays = [np.full(1, 3, np.float32), np.ones(4, np.float32)]
    np.testing.assert_array_equal(answer(b, [x, y], total, *arrays), np.full(4, 3, np.float32))


@pytest.mark.parametrize(
    ("source", "target"),
    [((3,), (2,)), ((2, 3), (3,)), ((3,), (1,)), ((N,), (3,)), ((N,), (M,)), ((M,), (1,))],
)
def test_broadcast_to_another_size_is_an_error(
    source: tuple[Dim, ...], target: tuple[Dim, ...]
) -> None:
    b = builder(n=4, m=7)
    with pytest.raises(InvalidArgumentError):
        b.broadcast_to(tensor(*source), target)


def test_broadcast_to_one_is_no_enlargement_of_the_target() -> None:
    b = builder(n=1, m=7)
    with pytest.raises(InvalidArgumentError, match="Cannot broadcast"):
        b.broadcast_to(tensor(M), (N,))


def test_static_inference_assumes_that_the_program_is_right() -> None:
    b = Builder(Optimistic())
    assert b.shape(b.broadcast_to(tensor(N, 1), (5, 3))) == (5, 3)
    assert b.shape(b.add(*b.broadcast(tensor(N), tensor(5)))) == (5,)
    unknown = b.shape(b.add(*b.broadcast(tensor(N), tensor(M))))
    assert len(unknown) == 1
    assert b.shape(tensor(N)) == (N,), "an operand that may be 1 stays what it was"


def test_operands_of_equal_size_are_unified() -> None:
    b = builder(n=3, m=3)
    x, y = tensor(N), tensor(M)
    product = b.matmul(b.expand_dims(b.add(x, y), 0), b.expand_dims(y, 1))
    arrays = [np.array([1, 2, 3], np.float32), np.array([1, 0, 1], np.float32)]
    np.testing.assert_array_equal(answer(b, [x, y], product, *arrays), [[6]])


def test_sizes_that_no_symbol_can_stand_for() -> None:
    """n == 2 * (n // 2) cannot be solved for n: the operand is given the other's shape."""
    b = builder(n=4)
    x = tensor(N)
    halves = b.reshape(x, (dims.floordiv(N, 2), 2))
    total = b.add(x, b.reshape(halves, (2 * dims.floordiv(N, 2),)))
    array = np.arange(4, dtype=np.float32)
    np.testing.assert_array_equal(answer(b, [x], total, array), 2 * array)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda b: b.add(tensor(2), tensor(3)), r"tensor<2xf32>, tensor<3xf32>"),
        (lambda b: b.add(tensor(N), tensor(M)), r"tensor<\{n\}xf32>, tensor<\{m\}xf32>"),
        (lambda b: b.tanh(tensor(2, dtype=I32)), r"tanh is not defined for tensor<2xi32>"),
        (lambda b: b.matmul(tensor(2, 3), tensor(4, 5)), "inner dimensions differ: 3 and 4"),
        (lambda b: b.matmul(tensor(3), tensor(3)), "no matrices"),
        (lambda b: b.reshape(tensor(2, 3), (4,)), "tensor<2x3xf32> cannot be reshaped"),
        (lambda b: b.reshape(tensor(2, 3), (-2, -3)), "reshape"),
        (lambda b: b.squeeze(tensor(2, 3), 0), "not of size 1"),
        (lambda b: b.transpose(tensor(2, 3), (0, 0)), "no permutation"),
        (lambda b: b.slice_axis(tensor(4), 0, 2, 5), "not within"),
        (lambda b: b.slice_axis(tensor(4), 0, 3, 2), "not within"),
        (lambda b: b.concatenate([tensor(2, 3), tensor(2, 4)], 0), "along axis 0"),
        (lambda b: b.pad(tensor(2), 0, (-3,), (0,)), "leave nothing"),
        (lambda b: b.reverse(tensor(2), (1,)), "not distinct axes"),
        (lambda b: b.select(tensor(2, dtype=I32), tensor(2), tensor(2)), "predicate"),
        (lambda b: b.dynamic_slice(tensor(2), [tensor(1, dtype=I32)], (1,)), "integer scalars"),
        (lambda b: b.dynamic_slice(tensor(2), [b.scalar(0, I32)], (3,)), "does not fit"),
        (
            lambda b: b.dot_general(
                tensor(2, 3), tensor(2, 3), DotDimensionNumbers((), (), (0,), (1,))
            ),
            "differ in size",
        ),
        (lambda b: b.rng_bit_generator(tensor(2, dtype=dtypes.uint64), (3,)), "PHILOX"),
        (lambda b: b.fft(tensor(4), "FFT", (4,)), "FFT of length"),
        (lambda b: b.cholesky(tensor(2, 3)), "square"),
        (lambda b: b.case(tensor(dtype=dtypes.int64), [lambda: b.scalar(0, I32)]), "int32 scalar"),
        (lambda b: b.check(tensor(2), "no"), "bool scalar"),
        (lambda b: b.convert(tensor(2), dtypes.string), "convert is not defined"),
        (
            lambda b: b.bitcast_convert(tensor(3, dtype=dtypes.int8), I32),
            "last dimension must be 4",
        ),
    ],
)
def test_errors(build: Callable[[Builder], Value], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        build(builder(n=4, m=7))


def test_unknown_rank() -> None:
    b = Builder(Optimistic())
    x: Any = UnknownValue(dtypes.float32)
    with pytest.raises(UnknownShape):
        b.tanh(x)
    with pytest.raises(UnknownShape):
        b.add(x, 1)


def test_a_loop_whose_sizes_are_found_equal_within() -> None:
    b = builder(n=3, m=3)
    x, y = tensor(N), tensor(M)
    _, result = b.while_(
        lambda i, t: b.lt(i, 2),
        lambda i, t: (b.add(i, 1), b.add(t, y)),
        [b.scalar(0, I32), x],
    )
    arrays = [np.zeros(3, np.float32), np.array([1, 2, 3], np.float32)]
    np.testing.assert_array_equal(answer(b, [x, y], result, *arrays), [2, 4, 6])
