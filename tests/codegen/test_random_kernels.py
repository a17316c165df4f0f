"""Random kernels: compiled code gives the interpreter's numbers."""

from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import HealthCheck, given, note, settings

from flowc.codegen.cpu.host import host_target
from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Expr
from flowc.ir.dtypes import DType
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
)
from flowc.ir.loops.kernel import Buffer, For, Kernel, Kind, Store
from flowc.ir.loops.printer import print_kernel
from tests.codegen.native import avx2_target, check_kernel

TYPES = (
    dtypes.float32,
    dtypes.float64,
    dtypes.float16,
    dtypes.bfloat16,
    dtypes.bool_,
    dtypes.int8,
    dtypes.uint8,
    dtypes.int16,
    dtypes.uint16,
    dtypes.int32,
    dtypes.uint32,
    dtypes.int64,
    dtypes.uint64,
)
FLOAT_UNARY = (
    "abs",
    "negate",
    "sign",
    "sqrt",
    "ceil",
    "floor",
    "trunc",
    "round_nearest_even",
    "round_nearest_afz",
)
INTEGER_UNARY = ("abs", "negate", "sign", "not", "popcnt", "count_leading_zeros")
FLOAT_BINARY = ("add", "subtract", "multiply", "divide", "maximum", "minimum")
INTEGER_BINARY = (
    *FLOAT_BINARY,
    "remainder",
    "and",
    "or",
    "xor",
    "shift_left",
    "shift_right_arithmetic",
    "shift_right_logical",
    "multiply_high",
)
BOOL_BINARY = ("add", "subtract", "multiply", "maximum", "minimum", "and", "or", "xor")
ROWS = dims.symbol("rows")
COLUMNS = dims.symbol("columns")
ROW, COLUMN = dims.symbol("i", ROWS), dims.symbol("j", COLUMNS)
(ROW_INDEX,), (COLUMN_INDEX,) = dims.symbols(ROW), dims.symbols(COLUMN)


def specials(dtype: DType) -> list[Any]:
    if dtype.is_bool:
        return [False, True]
    if dtype.is_integer:
        return [int(dtype.min), int(dtype.max), 0, 1, 2, 3, 7, 100 % int(dtype.max), dtype.bits]
    large = float(dtype.max)
    small = 2.0 ** {16: -24, 32: -127, 64: -1023}[dtype.bits]  # not normal
    infinity = float("inf")
    return [0.0, -0.0, 1.0, -1.5, 0.5, 2.5, float("nan"), infinity, -infinity, large, 3e4, small]


class Builder:
    """Draws expressions over three input buffers of random types."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        sizes: tuple[Dim, ...] = (ROWS * COLUMNS, COLUMNS, ROWS)
        self.inputs = [
            Buffer(f"x{n}", draw(st.sampled_from(TYPES)), size) for n, size in enumerate(sizes)
        ]
        positions: list[tuple[Dim, ...]] = [
            (ROW * COLUMNS + COLUMN, ROW * COLUMNS + (COLUMNS - 1 - COLUMN), COLUMN * ROWS + ROW),
            (COLUMN,),
            (ROW,),
        ]
        self.nodes: list[Scalar] = [
            Load(buffer, position)
            for buffer, places in zip(self.inputs, positions, strict=True)
            for position in places
        ]
        index: list[Dim] = [
            ROW,
            COLUMN,
            ROW * COLUMNS + 2 * COLUMN,
            dims.floordiv(COLUMN, 3),
            dims.mod(COLUMN, 5),
        ]
        kind = draw(st.sampled_from([dtypes.int32, dtypes.int64, dtypes.float32, dtypes.uint8]))
        self.nodes.append(Index(kind, draw(st.sampled_from(index))))

    def choose(self, nodes: list[Scalar]) -> Scalar:
        node: Scalar = self.draw(st.sampled_from(nodes))
        return node

    def of_type(self, dtype: DType) -> Scalar:
        found = [n for n in self.nodes if n.dtype is dtype]
        if not found or self.draw(st.integers(0, 5)) == 0:
            value = self.draw(st.sampled_from(specials(dtype)))
            return Constant(dtype, value)
        return self.choose(found)

    def any(self) -> Scalar:
        return self.choose(self.nodes)

    def grow(self) -> None:
        x = self.any()
        dtype = x.dtype
        floating, boolean = dtype.is_floating, dtype.is_bool
        match self.draw(st.integers(0, 7)):
            case 0:
                names: tuple[str, ...] = (
                    FLOAT_UNARY if floating else ("not",) if boolean else INTEGER_UNARY
                )
                node: Scalar = Unary(dtype, self.draw(st.sampled_from(names)), x)
            case 1 | 2:
                names = FLOAT_BINARY if floating else BOOL_BINARY if boolean else INTEGER_BINARY
                operator = self.draw(st.sampled_from(names))
                node = Binary(dtype, operator, x, self.of_type(dtype))
            case 3:
                direction = self.draw(st.sampled_from(("EQ", "NE", "LT", "LE", "GT", "GE")))
                node = Compare(dtypes.bool_, direction, x, self.of_type(dtype))
            case 4:
                node = Select(dtype, self.of_type(dtypes.bool_), x, self.of_type(dtype))
            case 5:
                node = Convert(self.draw(st.sampled_from(TYPES)), x)
            case 6:
                same = [t for t in TYPES if t.size == dtype.size and not t.is_bool]
                if boolean:
                    return
                node = Bitcast(self.draw(st.sampled_from(same)), x)
            case _:
                if boolean:
                    return
                node = Fma(dtype, x, self.of_type(dtype), self.of_type(dtype))
        self.nodes.append(node)


@st.composite
def kernels(draw: Any) -> Kernel:
    builder = Builder(draw)
    for _ in range(draw(st.integers(1, 8))):
        builder.grow()
    outputs, stores = [], []
    position: Expr = ROW * COLUMNS + COLUMN  # type: ignore[assignment]
    for number in range(draw(st.integers(1, 2))):
        value = builder.nodes[-1 - number]
        buffer = Buffer(f"y{number}", value.dtype, ROWS * COLUMNS)
        mask = builder.of_type(dtypes.bool_) if draw(st.booleans()) else None
        outputs.append(buffer)
        stores.append(Store(buffer, position, value, mask))
    kind = draw(st.sampled_from([Kind.VECTOR, Kind.VECTOR, Kind.SERIAL]))
    width = draw(st.sampled_from([4, 8, 16])) if kind is Kind.VECTOR else 1
    inner = For(COLUMN_INDEX, COLUMNS, tuple(stores), kind, width, draw(st.sampled_from([1, 2])))
    outer_kind = draw(st.sampled_from([Kind.SERIAL, Kind.PARALLEL]))
    return Kernel(
        "random", (*builder.inputs, *outputs), (For(ROW_INDEX, ROWS, (inner,), outer_kind),)
    )


def random_array(buffer: Buffer, sizes: dict[str, int], seed: int) -> Any:
    generator = np.random.default_rng(seed)
    size = dims.evaluate(buffer.size, sizes)
    dtype = buffer.dtype
    if dtype.is_floating:
        values = generator.normal(0, 10, size).astype(dtype.numpy)
    elif dtype.is_bool:
        values = generator.random(size) < 0.5
    else:
        values = generator.integers(int(dtype.min), int(dtype.max), size, dtype.numpy, True)
    special = np.array(specials(dtype)).astype(dtype.numpy)
    chosen = generator.random(size) < 0.2
    values[chosen] = generator.choice(special, int(chosen.sum()))
    return values


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    kernels(),
    st.integers(0, 3),
    st.integers(0, 40),
    st.integers(0, 2**31),
    st.booleans(),
    st.booleans(),
)
def test_compiled_equals_interpreted(
    kernel: Kernel, rows: int, columns: int, seed: int, checked: bool, masks: bool
) -> None:
    sizes = {"rows": rows, "columns": columns}
    note(print_kernel(kernel))
    with np.errstate(all="ignore"):
        arrays = [random_array(b, sizes, seed + n) for n, b in enumerate(kernel.parameters)]
        target = host_target(2) if masks else avx2_target(2)
        check_kernel(kernel, arrays, sizes, target=target, bounds_checks=checked)
