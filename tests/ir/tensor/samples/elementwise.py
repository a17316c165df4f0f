"""Samples of the elementwise primitives and conversions."""

from __future__ import annotations

import math
from typing import Any

import ml_dtypes
import numpy as np

from flowc.ir import dtypes
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from tests.ir.tensor.samples.sample import Sample, bools, f32, i32, sample

INF, NAN = math.inf, math.nan
F64, U8, I8 = np.float64, np.uint8, np.int8
BF16, F16, C64, C128 = ml_dtypes.bfloat16, np.float16, np.complex64, np.complex128
METHODS = {"not": "not_", "and": "and_", "or": "or_"}


def call(primitive: str) -> Any:
    """The builder's method for a primitive, as a sample's program."""
    method = METHODS.get(primitive, primitive)

    def build(b: Builder, *operands: Value) -> Value:
        result: Value = getattr(b, method)(*operands)
        return result

    return build


# Per primitive: arguments in double, and the answers. They are also run in float32 and bfloat16
# where the arguments are exact in those; constants are from mathematical tables.
REAL: dict[str, tuple[list[float], list[float]]] = {
    "abs": ([-2.5, -0.0, 3.0, -INF, NAN], [2.5, 0.0, 3.0, INF, NAN]),
    "ceil": ([-1.5, -0.5, 0.25, INF, NAN], [-1.0, -0.0, 1.0, INF, NAN]),
    "floor": ([-1.5, -0.0, 0.75, -INF, NAN], [-2.0, -0.0, 0.0, -INF, NAN]),
    "round_nearest_even": ([0.5, 1.5, -2.5, -0.25, INF], [0.0, 2.0, -2.0, -0.0, INF]),
    "round_nearest_afz": ([0.5, 1.5, -2.5, -0.25, INF], [1.0, 2.0, -3.0, -0.0, INF]),
    "sign": ([-3.0, -0.0, 0.0, 2.0, NAN, -INF], [-1.0, -0.0, 0.0, 1.0, NAN, -1.0]),
    "negate": ([-3.0, -0.0, 0.0, INF, NAN], [3.0, 0.0, -0.0, -INF, NAN]),
    "sqrt": ([0.0, -0.0, 4.0, 2.0, -1.0, INF], [0.0, -0.0, 2.0, 1.4142135623730951, NAN, INF]),
    "rsqrt": ([0.0, 4.0, 2.0, -1.0, INF], [INF, 0.5, 0.7071067811865476, NAN, 0.0]),
    "cbrt": ([0.0, -8.0, 2.0, INF], [0.0, -2.0, 1.2599210498948732, INF]),
    "exponential": (
        [0.0, 1.0, -1.0, -INF, INF, NAN],
        [1.0, 2.718281828459045, 0.36787944117144233, 0.0, INF, NAN],
    ),
    "exponential_minus_one": (
        [0.0, -0.0, 1.0, -INF, INF],
        [0.0, -0.0, 1.7182818284590453, -1.0, INF],
    ),
    "log": ([1.0, 2.0, 0.0, -1.0, INF], [0.0, 0.6931471805599453, -INF, NAN, INF]),
    "log_plus_one": ([0.0, 1.0, -1.0, -2.0, INF], [0.0, 0.6931471805599453, -INF, NAN, INF]),
    "logistic": (
        [0.0, 1.0, -1.0, -INF, INF],
        [0.5, 0.7310585786300049, 0.2689414213699951, 0.0, 1.0],
    ),
    "sine": ([0.0, -0.0, 1.0, 2.0, INF], [0.0, -0.0, 0.8414709848078965, 0.9092974268256817, NAN]),
    "cosine": ([0.0, 1.0, 2.0, INF], [1.0, 0.5403023058681398, -0.4161468365471424, NAN]),
    "tan": ([0.0, 1.0, -1.0, INF], [0.0, 1.5574077246549023, -1.5574077246549023, NAN]),
    "tanh": ([0.0, -0.0, 1.0, INF, -INF], [0.0, -0.0, 0.7615941559557649, 1.0, -1.0]),
    "asin": ([0.0, 1.0, 0.5, 2.0], [0.0, 1.5707963267948966, 0.5235987755982989, NAN]),
    "acos": ([1.0, -1.0, 0.5, 2.0], [0.0, 3.141592653589793, 1.0471975511965979, NAN]),
    "atan": ([0.0, 1.0, -INF], [0.0, 0.7853981633974483, -1.5707963267948966]),
    "sinh": ([0.0, 1.0, -INF], [0.0, 1.1752011936438014, -INF]),
    "cosh": ([0.0, 1.0, -INF], [1.0, 1.543080634815244, INF]),
    "asinh": ([0.0, 1.0, -INF], [0.0, 0.881373587019543, -INF]),
    "acosh": ([1.0, 2.0, 0.5, INF], [0.0, 1.3169578969248167, NAN, INF]),
    "atanh": ([0.0, 0.5, 1.0, 2.0], [0.0, 0.5493061443340548, INF, NAN]),
    "erf": ([0.0, 0.5, -1.0, INF], [0.0, 0.5204998778130465, -0.8427007929497149, 1.0]),
    "erfc": ([0.0, 0.5, -1.0, INF], [1.0, 0.4795001221869535, 1.8427007929497148, 0.0]),
    "erf_inv": (
        [0.0, 0.5, -0.75, 1.0, 2.0],
        [0.0, 0.4769362762044699, -0.8134198475976185, INF, NAN],
    ),
    "lgamma": (
        [1.0, 3.0, 0.5, -0.5, 0.0, -1.0, INF],
        [0.0, 0.6931471805599453, 0.5723649429247001, 1.2655121234846454, INF, INF, INF],
    ),
    "digamma": (
        [1.0, 0.5, 20.0, -1.5, 0.0, -1.0],
        [-0.5772156649015329, -1.9635100260214235, 2.970523992242149, 0.7031566406452432, NAN, NAN],
    ),
}
REAL_PAIRS: dict[str, tuple[list[float], list[float], list[float]]] = {
    "add": ([1.5, INF, INF, -0.0], [2.25, 1.0, -INF, -0.0], [3.75, INF, NAN, -0.0]),
    "subtract": ([1.5, INF, INF], [2.25, 1.0, INF], [-0.75, INF, NAN]),
    "multiply": ([1.5, INF, -0.0], [-2.0, 0.0, 2.0], [-3.0, NAN, -0.0]),
    "divide": ([1.0, -1.0, 0.0, 3.0], [4.0, 0.0, 0.0, -INF], [0.25, -INF, NAN, -0.0]),
    "remainder": (
        [5.5, -5.5, 5.5, 1.0, 1.0],
        [2.0, 2.0, -2.0, 0.0, INF],
        [1.5, -1.5, 1.5, NAN, 1.0],
    ),
    "power": ([2.0, 2.0, -2.0, 0.0, -8.0], [3.0, -1.0, 3.0, 0.0, 0.5], [8.0, 0.5, -8.0, 1.0, NAN]),
    "maximum": ([1.0, NAN, 2.0, -INF], [3.0, 1.0, NAN, 0.0], [3.0, NAN, NAN, 0.0]),
    "minimum": ([1.0, NAN, 2.0, -INF], [3.0, 1.0, NAN, 0.0], [1.0, NAN, NAN, -INF]),
    "atan2": (
        [1.0, -1.0, 0.0],
        [1.0, 0.0, -1.0],
        [0.7853981633974483, -1.5707963267948966, math.pi],
    ),
}
# Wraparound, truncation, division by zero, shifts beyond the width.
INT8_PAIRS: dict[str, tuple[list[int], list[int], list[int]]] = {
    "add": ([127, -5], [1, 2], [-128, -3]),
    "subtract": ([-128, 5], [1, 7], [127, -2]),
    "multiply": ([64, -3], [2, 5], [-128, -15]),
    "divide": ([7, -7, 7, 5, -128], [2, 2, -2, 0, -1], [3, -3, -3, -1, -128]),
    "remainder": ([7, -7, 7, 5, -128], [2, 2, -2, 0, -1], [1, -1, 1, 5, 0]),
    "power": ([3, -2, 2, 1, -1, -1, 5], [4, 3, 7, -3, -3, -2, -1], [81, -8, -128, 1, -1, 1, 0]),
    "maximum": ([1, -5], [-3, 4], [1, 4]),
    "minimum": ([1, -5], [-3, 4], [-3, -5]),
    "and": ([12, -1], [10, 7], [8, 7]),
    "or": ([12, -1], [10, 7], [14, -1]),
    "xor": ([12, -1], [10, 7], [6, -8]),
    "shift_left": ([1, 3, -1, 1], [3, 7, 9, -1], [8, -128, 0, 0]),
    "shift_right_arithmetic": ([-128, 64, -1, 5], [3, 2, 9, -1], [-16, 16, -1, 0]),
    "shift_right_logical": ([-128, 64, -1, 5], [3, 2, 9, -1], [16, 16, 0, 0]),
}
INT8: dict[str, tuple[list[int], list[int]]] = {
    "abs": ([-5, 7, -128], [5, 7, -128]),
    "sign": ([-5, 0, 7], [-1, 0, 1]),
    "negate": ([-5, 0, -128], [5, 0, -128]),
    "not": ([0, 5, -1], [-1, -6, 0]),
    "popcnt": ([0, 5, -1], [0, 2, 8]),
    "count_leading_zeros": ([0, 5, -1, 1], [8, 5, 0, 7]),
}


def _exact(values: list[float], dtype: Any) -> bool:
    rounded = np.array(values, dtype).astype(F64)
    return np.array_equal(rounded, values, equal_nan=True)


def _real() -> list[Sample]:
    found = []
    for name, (x, expected) in REAL.items():
        for dtype in (F64, np.float32, BF16, F16):
            found.append(sample(name, call(name), [np.array(x, dtype)], expected, ulps=16))
    for name, (x, y, answer) in REAL_PAIRS.items():
        for dtype in (F64, np.float32, BF16):
            arguments = [np.array(x, dtype), np.array(y, dtype)]
            assert _exact(x, dtype) and _exact(y, dtype)
            found.append(sample(name, call(name), arguments, answer, ulps=2))
    return found


def _integers() -> list[Sample]:
    pairs = [
        sample(name, call(name), [np.array(x, I8), np.array(y, I8)], answer)
        for name, (x, y, answer) in INT8_PAIRS.items()
    ]
    single = [sample(n, call(n), [np.array(x, I8)], answer) for n, (x, answer) in INT8.items()]
    scalars = [
        *(sample(n, call(n), [np.array(x[0], I8)], answer[0]) for n, (x, answer) in INT8.items()),
        *(
            sample(n, call(n), [np.array(x[0], I8), np.array(y[0], I8)], answer[0])
            for n, (x, y, answer) in INT8_PAIRS.items()
        ),
    ]
    u8 = [np.array([200, 7, 5], U8), np.array([100, 2, 0], U8)]
    return [
        *pairs,
        *single,
        *scalars,
        sample("add", call("add"), u8, [44, 9, 5]),
        sample("divide", call("divide"), u8, [2, 3, 255]),
        sample("remainder", call("remainder"), u8, [0, 1, 5]),
        sample("shift_right_arithmetic", call("shift_right_arithmetic"), u8, [255, 1, 5]),
        sample("not", call("not"), [bools(True, False)], [False, True]),
        sample("xor", call("xor"), [bools(True, True), bools(True, False)], [False, True]),
    ]


def _complex() -> list[Sample]:
    z = np.array([3 + 4j, complex(0, -1), 2], C64)
    return [
        sample("abs", call("abs"), [z], f32(5, 1, 2)),
        sample("real", call("real"), [z], f32(3, 0, 2)),
        sample("imag", call("imag"), [z], f32(4, -1, 0)),
        sample("sign", call("sign"), [z], [0.6 + 0.8j, -1j, 1], ulps=1),
        sample(
            "complex",
            call("complex"),
            [f32(1, 2), f32(-1, NAN)],
            np.array([1 - 1j, complex(2, NAN)], C64),
        ),
        sample(
            "complex", call("complex"), [np.array([1.0]), np.array([2.0])], np.array([1 + 2j], C128)
        ),
        sample("multiply", call("multiply"), [z, z], [-7 + 24j, -1, 4]),
        sample(
            "exponential",
            call("exponential"),
            [np.array([1j * math.pi], C128)],
            [-1 + 1.2246467991473532e-16j],
            ulps=2,
        ),
        sample("tanh", call("tanh"), [np.array([1j], C128)], [1.5574077246549023j], ulps=2),
        sample("rsqrt", call("rsqrt"), [np.array([-4], C64)], [-0.5j], ulps=1),
    ]


def _choices() -> list[Sample]:
    x, y = f32(1, NAN, 2, -0.0), f32(2, NAN, 1, 0.0)
    answers = {
        "EQ": (False, False, False, True),
        "NE": (True, True, True, False),
        "LT": (True, False, False, False),
        "LE": (True, False, False, True),
        "GT": (False, False, True, False),
        "GE": (False, False, True, True),
    }
    compared = [
        sample("compare", lambda b, x, y, d=d: b.compare(x, y, d), [x, y], bools(*answer))
        for d, answer in answers.items()
    ]
    u8 = [np.array([200], U8), np.array([100], U8)]
    return [
        *compared,
        sample("compare", lambda b, x, y: b.gt(x, y), u8, bools(True)),
        sample("compare", lambda b, x: b.eq(x, 1j), [np.array([1j, 1], C64)], bools(True, False)),
        sample("is_finite", call("is_finite"), [f32(1, INF, NAN)], bools(True, False, False)),
        sample("select", call("select"), [bools(True, False), i32(1, 2), i32(3, 4)], i32(1, 4)),
        sample("select", call("select"), [np.array(False), f32(1, NAN), f32(3, 4)], f32(3, 4)),
        sample(
            "clamp",
            call("clamp"),
            [f32(0, 0, 0), f32(-1, 0.5, NAN), f32(1, 1, 1)],
            f32(0, 0.5, NAN),
        ),
        sample("clamp", lambda b, x: b.clamp(-1, x, 2), [i32(-5, 0, 5)], i32(-1, 0, 2)),
    ]


def _conversions() -> list[Sample]:
    x = f32(1.9, -1.9, 300.0, -300.0, NAN, INF)

    def to(dtype: dtypes.DType) -> Any:
        return lambda b, x: b.convert(x, dtype)

    def bits(dtype: dtypes.DType) -> Any:
        return lambda b, x: b.bitcast_convert(x, dtype)

    largest = np.array([2**31 - 1, -(2**31)], np.int32)
    return [
        sample("convert", to(dtypes.int8), [x], np.array([1, -1, 127, -128, 0, 127], I8)),
        sample("convert", to(dtypes.uint8), [x], np.array([1, 0, 255, 0, 0, 255], U8)),
        sample("convert", to(dtypes.int32), [f32(3e9, -3e9)], largest),
        sample("convert", to(dtypes.int64), [f32(9.3e18, -INF)], np.array([2**63 - 1, -(2**63)])),
        sample("convert", to(dtypes.uint64), [f32(-1, INF)], np.array([0, 2**64 - 1], np.uint64)),
        sample("convert", to(dtypes.bool_), [x[:1] * 0], bools(False)),
        sample("convert", to(dtypes.bool_), [f32(-0.0, 0.1, NAN)], bools(False, True, True)),
        sample("convert", to(dtypes.float32), [bools(True, False)], f32(1, 0)),
        sample("convert", to(dtypes.int8), [i32(130, -129)], np.array([-126, 127], I8)),
        sample("convert", to(dtypes.bfloat16), [f32(1 + 2**-8, 3e38)], np.array([1, 3e38], BF16)),
        sample("convert", to(dtypes.float16), [f32(65520, 1e-8)], np.array([INF, 0], F16)),
        sample("convert", to(dtypes.float32), [np.array([1 + 2j], C64)], f32(1)),
        sample("convert", to(dtypes.complex64), [f32(1.5)], np.array([1.5], C64)),
        sample("bitcast_convert", bits(dtypes.int32), [f32(1.0, -0.0)], i32(0x3F800000, -(2**31))),
        sample(
            "bitcast_convert", bits(dtypes.uint8), [i32(0x01020304)], np.array([[4, 3, 2, 1]], U8)
        ),
        sample(
            "bitcast_convert", bits(dtypes.int32), [np.array([[4, 3, 2, 1]], U8)], i32(0x01020304)
        ),
    ]


SAMPLES = [*_real(), *_integers(), *_complex(), *_choices(), *_conversions()]
