"""Complex contractions expanded into real ones give the complex product, run either way."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.codegen.cpu.host import host_target
from flowc.ir.tensor import interpreter
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Module, Value
from flowc.ir.tensor.primitives.contraction import ConvDimensionNumbers, DotDimensionNumbers
from flowc.ir.tensor.rewrite import all_instructions
from flowc.ir.tensor.verifier import verify
from flowc.passes.expand_complex_products import ExpandComplexProducts
from flowc.passes.expand_fourier import ExpandFourier
from tests.passes.lowering.harness import Array, Build, Compiled, Names, build_module, few_examples

SIZES = st.sampled_from([0, 1, 3, 8, 17])


def gaussian(shape: tuple[int, ...], dtype: Any, seed: int) -> Array:
    """Small whole numbers, whose products and sums are exact in any order."""
    draw = np.random.default_rng(seed).integers
    return (draw(-4, 5, shape) + 1j * draw(-4, 5, shape)).astype(dtype)


def expanded(module: Module) -> Module:
    result = ExpandComplexProducts().run(module)
    verify(result)
    products = [
        i for i in all_instructions(result.main) if i.primitive in ("dot_general", "convolution")
    ]
    assert products and not any(i.operands[0].type.dtype.is_complex for i in products)
    return result


def check(build: Build, arrays: list[Array], names: Names = None) -> None:
    module = build_module(build, arrays, names)
    wanted = interpreter.run(module, arrays)
    real = expanded(module)
    for results in (interpreter.run(real, arrays), Compiled(real, host_target())(arrays)):
        for got, want in zip(results, wanted, strict=True):
            assert got.dtype == want.dtype
            np.testing.assert_array_equal(got, want)


@few_examples
@given(
    SIZES,
    SIZES,
    SIZES,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([np.complex64, np.complex128]),
)
def test_products_of_matrices(
    m: int, n: int, k: int, tx: bool, ty: bool, batched: bool, symbolic: bool, dtype: Any
) -> None:
    def build(b: Builder, x: Value, y: Value) -> Value:
        return b.matmul(x, y, tx, ty)

    left, right = ((k, m) if tx else (m, k)), ((n, k) if ty else (k, n))
    outer = (2,) if batched else ()
    names: Any = [("k", "m") if tx else ("m", "k"), ("n", "k") if ty else ("k", "n")]
    names = [(*(("b",) if batched else ()), *pair) for pair in names] if symbolic else None
    check(build, [gaussian(outer + left, dtype, 1), gaussian(outer + right, dtype, 2)], names)


def test_products_over_no_axis_and_over_two() -> None:
    x, y = gaussian((3, 4), np.complex64, 1), gaussian((4, 3), np.complex64, 2)
    check(lambda b, x, y: b.dot_general(x, y, DotDimensionNumbers()), [x, y])
    both = DotDimensionNumbers((), (), (0, 1), (1, 0))
    check(lambda b, x, y: b.dot_general(x, y, both), [x, y], [("a", "b"), ("b", "a")])


def test_convolutions() -> None:
    numbers = ConvDimensionNumbers(0, 2, (1,), 1, 2, (0,), 0, 2, (1,))
    x, w = gaussian((2, 9, 3), np.complex64, 1), gaussian((4, 3, 5), np.complex64, 2)

    def build(b: Builder, x: Value, w: Value) -> Value:
        return b.convolution(x, w, numbers, window_strides=(2,), padding=((1, 2),))

    check(build, [x, w])
    check(build, [x, w], [("n", None, None), None])


def test_products_and_transforms_in_a_loop() -> None:
    def build(b: Builder, x: Value, n: Value) -> Value:
        def body(i: Value, value: Value) -> list[Value]:
            turned = b.fft(b.matmul(value, x), "FFT", (4,))
            return [b.add(i, b.scalar(1, i.type.dtype)), turned]

        zero = b.scalar(0, n.type.dtype)
        return b.while_(lambda i, value: b.compare(i, n, "LT"), body, [zero, x])[1]

    arrays = [gaussian((4, 4), np.complex128, 1), np.asarray(3, np.int32)]
    module = build_module(build, arrays)
    (wanted,) = interpreter.run(module, arrays)
    real = expanded(ExpandFourier().run(module))
    assert all(i.primitive != "fft" for i in all_instructions(real.main))
    for results in (interpreter.run(real, arrays), Compiled(real, host_target())(arrays)):
        np.testing.assert_allclose(results[0], wanted, rtol=1e-13, atol=1e-9)


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_an_infinity_reaches_the_products_that_it_is_in(value: float) -> None:
    """inf * (1 + i) is infinite in both parts: with three products, sums of them would be NaN."""
    x, y = np.full((1, 1), value + 0j, np.complex64), np.full((1, 1), 1 + 1j, np.complex64)
    module = build_module(lambda b, x, y: b.matmul(x, y), [x, y])
    (got,) = Compiled(expanded(module), host_target())([x, y])
    wanted = np.full((1, 1), complex(value, value), np.complex64)
    np.testing.assert_array_equal(got, wanted)
