"""Loops compiled: tails, carried values, strides, masks, threads, empty extents."""

import numpy as np
import pytest

from flowc.codegen.cpu.host import host_target, make_target
from flowc.codegen.cpu.machine import CpuMachine
from flowc.codegen.cpu.program import build_module
from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Expr, Symbol
from flowc.ir.dtypes import DType
from flowc.ir.errors import InternalError
from flowc.ir.loops.expressions import (
    Binary,
    Compare,
    Constant,
    Convert,
    Index,
    Load,
    Scalar,
    Select,
    Variable,
)
from flowc.ir.loops.kernel import (
    Allocate,
    Buffer,
    Carried,
    Combiner,
    For,
    If,
    Kernel,
    Kind,
    Let,
    Store,
)
from flowc.ir.loops.parser import parse_kernel
from flowc.passes.target import CpuTarget
from tests.codegen.native import avx2_target, check_kernel, one_kernel

F32, I32 = dtypes.float32, dtypes.int32
N = dims.symbol("n")
EXTENTS = (0, 1, 3, 15, 16, 17, 31, 32, 33, 47, 64, 65, 100)
AVX512 = "+avx512f,+avx512vl,+avx512bw,+avx512dq"
TARGETS = (host_target(1), avx2_target(1), host_target(2))


def index(name: str, extent: Dim) -> tuple[Expr, Symbol]:
    expression = dims.symbol(name, extent)
    (symbol,) = dims.symbols(expression)
    return expression, symbol


def integers(size: int, seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).integers(-50, 50, size).astype(np.float32)


def reduction(
    operator: str, start: float, width: int, unroll: int, kind: Kind = Kind.VECTOR
) -> Kernel:
    """y[0] = the reduction of x[0..n)."""
    i, i_index = index("i", N)
    x, y = Buffer("x", F32, N), Buffer("y", F32, 1)
    total, result, left, right = (Variable(F32, name) for name in ("t", "r", "a", "b"))
    carried = Carried(
        (total,),
        (Constant(F32, start),),
        (Binary(F32, operator, total, Load(x, i)),),
        (result,),
        Combiner((left,), (right,), (Binary(F32, operator, left, right),)),
    )
    loop = For(i_index, N, (), kind, width, unroll, carried=carried)
    return Kernel("reduce", (x, y), (loop, Store(y, 0, result)))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("operator", "start"), [("add", 0.0), ("maximum", -np.inf)])
@pytest.mark.parametrize(("width", "unroll"), [(16, 1), (16, 4), (8, 2), (1, 3)])
def test_reduction(operator: str, start: float, width: int, unroll: int, target: CpuTarget) -> None:
    kernel = reduction(operator, start, width, unroll)
    for n in EXTENTS:
        check_kernel(kernel, [integers(n), np.zeros(1, np.float32)], {"n": n}, target=target)


@pytest.mark.parametrize("unroll", [1, 4])
def test_maximum_keeps_nan(unroll: int) -> None:
    for n, place in [(1, 0), (17, 16), (64, 5), (100, 99)]:
        x = integers(n)
        x[place] = np.nan
        y = np.zeros(1, np.float32)
        _, result = check_kernel(reduction("maximum", -np.inf, 16, unroll), [x, y], {"n": n})
        assert np.isnan(result[0])


def argmax(width: int, unroll: int) -> Kernel:
    """y[0] = the first position of the greatest element: a reduction of pairs."""
    i, i_index = index("i", N)
    x, y = Buffer("x", F32, N), Buffer("y", I32, 1)
    names = ("v", "p", "rv", "rp", "av", "ap", "bv", "bp")
    v, p, rv, rp, av, ap, bv, bp = (Variable(I32 if "p" in n else F32, n) for n in names)

    def better(x1: Scalar, p1: Scalar, x2: Scalar, p2: Scalar) -> tuple[Scalar, Scalar]:
        equal = Compare(dtypes.bool_, "EQ", x1, x2)
        first = Compare(dtypes.bool_, "LT", p1, p2)
        greater = Compare(dtypes.bool_, "GT", x1, x2)
        take = Binary(dtypes.bool_, "or", greater, Binary(dtypes.bool_, "and", equal, first))
        return Select(F32, take, x1, x2), Select(I32, take, p1, p2)

    carried = Carried(
        (v, p),
        (Constant(F32, -np.inf), Constant(I32, 2**31 - 1)),
        better(v, p, Load(x, i), Index(I32, i)),
        (rv, rp),
        Combiner((av, ap), (bv, bp), better(av, ap, bv, bp)),
    )
    loop = For(i_index, N, (), Kind.VECTOR, width, unroll, carried=carried)
    return Kernel("argmax", (x, y), (loop, Store(y, 0, rp)))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("width", "unroll"), [(16, 1), (8, 4)])
def test_argmax(width: int, unroll: int, target: CpuTarget) -> None:
    for n in EXTENTS:
        x = integers(n) // 10
        check_kernel(argmax(width, unroll), [x, np.zeros(1, np.int32)], {"n": n}, target=target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("extent", EXTENTS)
def test_constant_extent(extent: int, target: CpuTarget) -> None:
    i, i_index = index("i", extent)
    x, y = Buffer("x", F32, extent), Buffer("y", F32, extent)
    value = Binary(F32, "add", Load(x, i), Index(F32, i))
    loop = For(i_index, extent, (Store(y, i, value),), Kind.VECTOR, 16, 2)
    arrays = [integers(extent), np.zeros(extent, np.float32)]
    check_kernel(Kernel("add_index", (x, y), (loop,)), arrays, target=target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("stride", [-1, 2, 3, "s", "reverse"])
def test_strided_load_and_store(stride: int | str, target: CpuTarget) -> None:
    i, i_index = index("i", N)
    s: Dim = dims.symbol("s") if isinstance(stride, str) else abs(stride)
    last = (N - 1) * s
    reversed_ = stride in (-1, "reverse")
    x, y = Buffer("x", F32, last + 1), Buffer("y", F32, last + 1)
    position = last - i * s if reversed_ else i * s
    body = (Store(y, last - position, Load(x, position)),)
    kernel = Kernel("strided", (x, y), (For(i_index, N, body, Kind.VECTOR, 16),))
    for n in (1, 5, 16, 37):
        sizes = {"n": n, "s": 3}
        size = (n - 1) * (3 if isinstance(stride, str) else abs(stride)) + 1
        arrays = [integers(size), np.zeros(size, np.float32)]
        for bounds_checks in (False, True):
            check_kernel(kernel, arrays, sizes, target=target, bounds_checks=bounds_checks)


@pytest.mark.parametrize("target", TARGETS)
def test_gather_and_scatter(target: CpuTarget) -> None:
    i, i_index = index("i", N)
    x, p, y = Buffer("x", F32, 50), Buffer("p", I32, N), Buffer("y", F32, N)
    where = Load(p, i)
    body = (Store(y, 0, Load(x, 10, gather=where), scatter=Index(I32, N - 1 - i)),)
    kernel = Kernel("gather", (x, p, y), (For(i_index, N, body, Kind.VECTOR, 16),))
    for n in EXTENTS:
        places = np.random.default_rng(n).integers(-10, 40, n).astype(np.int32)
        check_kernel(
            kernel, [integers(50), places, np.zeros(n, np.float32)], {"n": n}, target=target
        )


@pytest.mark.parametrize("target", TARGETS)
def test_masked_loads_do_not_touch_memory(target: CpuTarget) -> None:
    """A window that reaches over both ends of x: outside of it the loads are masked."""
    i, i_index = index("i", N)
    x, y = Buffer("x", F32, N), Buffer("y", F32, N)
    inside = Binary(
        dtypes.bool_,
        "and",
        Compare(dtypes.bool_, "GE", Index(I32, i - 3), Constant(I32, 0)),
        Compare(dtypes.bool_, "LT", Index(I32, i - 3), Index(I32, N)),
    )
    body = (Store(y, i, Load(x, i - 3, inside)),)
    for kind, width in ((Kind.VECTOR, 16), (Kind.SERIAL, 1)):
        kernel = Kernel("shift", (x, y), (For(i_index, N, body, kind, width),))
        for n in EXTENTS:
            arrays = [integers(n), np.zeros(n, np.float32)]
            check_kernel(kernel, arrays, {"n": n}, target=target, bounds_checks=True)


def column_sums(width: int) -> Kernel:
    """A vector loop over columns with a serial loop over rows inside."""
    m = dims.symbol("m")
    (j, j_index), (i, i_index) = index("j", N), index("i", m)
    x, y = Buffer("x", F32, N * m), Buffer("y", F32, N)
    total, result = Variable(F32, "t"), Variable(F32, "r")
    added = Binary(F32, "add", total, Load(x, i * N + j))
    carried = Carried((total,), (Constant(F32, 0.0),), (added,), (result,))
    rows = For(i_index, m, (), carried=carried)
    return Kernel(
        "columns", (x, y), (For(j_index, N, (rows, Store(y, j, result)), Kind.VECTOR, width, 2),)
    )


@pytest.mark.parametrize("target", TARGETS)
def test_serial_loop_in_vector_loop(target: CpuTarget) -> None:
    for m, n in [(0, 5), (1, 16), (3, 33), (7, 70), (2, 0)]:
        arrays = [integers(m * n), np.ones(n, np.float32)]
        check_kernel(column_sums(16), arrays, {"m": m, "n": n}, target=target)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("size", [64, 1 << 16])
def test_parallel_loop_with_scratch(threads: int, size: int) -> None:
    """Each iteration fills scratch memory of its own; small in the frame, large on the heap."""
    (i, i_index), (j, j_index), (k, k_index) = index("i", N), index("j", 8), index("k", 8)
    x, y, scratch = Buffer("x", F32, N * 8), Buffer("y", F32, N * 8), Buffer("s", F32, size)
    factor = Variable(F32, "factor")
    fill = For(
        j_index, 8, (Store(scratch, j, Binary(F32, "multiply", Load(x, i * 8 + j), factor)),)
    )
    use = For(k_index, 8, (Store(y, i * 8 + k, Load(scratch, 7 - k)),), Kind.VECTOR, 8)
    loop = For(i_index, N, (Allocate(scratch), fill, use), Kind.PARALLEL)
    kernel = Kernel("scratch", (x, y), (Let(factor, Load(x, 0)), loop))
    for n in (1, 2, 5, 100):
        arrays = [integers(n * 8), np.zeros(n * 8, np.float32)]
        check_kernel(kernel, arrays, {"n": n}, threads=threads, bounds_checks=n == 5)


def test_if_and_unrolled() -> None:
    (i, i_index), (j, j_index) = index("i", N), index("j", 3)
    x, y = Buffer("x", F32, N), Buffer("y", F32, N * 3)
    positive = Compare(dtypes.bool_, "GT", Load(x, i), Constant(F32, 0.0))
    store = Store(y, i * 3 + j, Binary(F32, "add", Load(x, i), Index(F32, j)))
    body = (If(positive, (For(j_index, 3, (store,), Kind.UNROLLED),)),)
    kernel = Kernel("if", (x, y), (For(i_index, N, body),))
    check_kernel(kernel, [integers(20), np.zeros(60, np.float32)], {"n": 20})


def test_shared_load_keeps_its_value_after_a_store() -> None:
    """x[i] += 1; y[i] = the old x[i]; z[i] = the new one."""
    i, i_index = index("i", N)
    x, y, z = (Buffer(name, F32, N) for name in "xyz")
    old = Load(x, i)
    body = (
        Store(x, i, Binary(F32, "add", old, Constant(F32, 1.0))),
        Store(y, i, old),
        Store(z, i, Load(x, i)),
    )
    for kind, width in ((Kind.VECTOR, 16), (Kind.SERIAL, 1)):
        kernel = Kernel("update", (x, y, z), (For(i_index, N, body, kind, width),))
        arrays = [integers(37), np.zeros(37, np.float32), np.zeros(37, np.float32)]
        result = check_kernel(kernel, arrays, {"n": 37})
        np.testing.assert_array_equal(result[0], result[2])
        np.testing.assert_array_equal(result[0], result[1] + 1)


EDGES = (-(2**31), -(2**31) + 1, -7, -1, 0, 1, 7, 2**31 - 1)


@pytest.mark.parametrize("operator", ["divide", "remainder"])
@pytest.mark.parametrize("dtype", [dtypes.int32, dtypes.uint32, dtypes.int64])
def test_integer_division_never_traps(operator: str, dtype: DType) -> None:
    i, i_index = index("i", 64)
    x, y, z = (Buffer(name, dtype, 64) for name in "xyz")
    body = (Store(z, i, Binary(dtype, operator, Load(x, i), Load(y, i))),)
    left, right = (np.array(v).astype(dtype.numpy) for v in np.meshgrid(EDGES, EDGES))
    arrays = [left.ravel(), right.ravel(), np.zeros(64, dtype.numpy)]
    for kind, width in ((Kind.VECTOR, 16), (Kind.SERIAL, 1)):
        kernel = Kernel("division", (x, y, z), (For(i_index, 64, body, kind, width),))
        *_, result = check_kernel(kernel, arrays)
        if operator == "divide" and not dtype.is_unsigned:
            assert (result[arrays[1] == 0] == -1).all()


@pytest.mark.parametrize("width", [1, 8])
def test_bounds_check_names_kernel_and_buffer(width: int) -> None:
    i, i_index = index("i", N)
    x, y = Buffer("x", F32, N), Buffer("y", F32, N)
    from flowc.codegen.cpu.program import compile_program
    from tests.codegen.native import one_kernel, run_native

    for store_ahead, bad in ((0, "x"), (1, "y")):
        body = (Store(y, i + store_ahead, Load(x, i + 1 - store_ahead)),)
        kernel = Kernel("shift", (x, y), (For(i_index, N, body, Kind.VECTOR, width),))
        program = one_kernel(kernel)
        native = compile_program(program, host_target(1), bounds_checks=True)
        code, _ = run_native(native, program, [integers(19), integers(19)], {"n": 19})
        assert native.describe_error(code) == (
            f"kernel 'shift' reads or writes outside of buffer '{bad}'"
        )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [F32, dtypes.float64, dtypes.uint8])
def test_streaming_stores_at_any_alignment(dtype: DType, target: CpuTarget) -> None:
    """Rows of n elements begin at all alignments."""
    (i, i_index), (j, j_index) = index("i", 5), index("j", N)
    x, y = Buffer("x", dtype, N * 5), Buffer("y", dtype, N * 5)
    store = Store(y, i * N + j, Load(x, i * N + j), streaming=True)
    rows = For(j_index, N, (store,), Kind.VECTOR, target.lanes(dtype), 2)
    kernel = Kernel("copy", (x, y), (For(i_index, 5, (rows,)),))
    for n in (0, 1, 64, 100, 259):
        arrays = [integers(n * 5).astype(dtype.numpy), np.zeros(n * 5, dtype.numpy)]
        check_kernel(kernel, arrays, {"n": n}, target=target)


def test_a_machine_without_streaming_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    i, i_index = index("i", N)
    x, y = Buffer("x", F32, N), Buffer("y", F32, N)
    store = Store(y, i, Load(x, i), streaming=True)
    kernel = Kernel("copy", (x, y), (For(i_index, N, (store,), Kind.VECTOR, 16),))

    def text() -> str:
        return build_module(one_kernel(kernel), host_target(1)).llvm_ir

    assert "!nontemporal" in text()
    monkeypatch.setattr(CpuMachine, "streaming_alignment", 0)
    assert "!nontemporal" not in text()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("divisor", [16, 48, 40])
def test_quotients_and_remainders_of_the_vector_index(divisor: int, target: CpuTarget) -> None:
    """x[i // d], x[i % d]: uniform and contiguous within a vector if 16 divides d."""
    i, i_index = index("i", N)
    x, y = Buffer("x", F32, 200), Buffer("y", F32, N)
    quotient = Load(x, dims.floordiv(i + 32, divisor) * 2)
    remainder = Load(x, dims.mod(i, divisor) + dims.floordiv(i, divisor))
    body = (Store(y, i, Binary(F32, "add", quotient, remainder)),)
    kernel = Kernel("mixed", (x, y), (For(i_index, N, body, Kind.VECTOR, 16, 2),))
    for n in (1, 16, 47, 100, 200):
        check_kernel(kernel, [integers(200), np.zeros(n, np.float32)], {"n": n}, target=target)


@pytest.mark.parametrize("dtype", [dtypes.bfloat16, dtypes.uint8, dtypes.int16])
@pytest.mark.parametrize("extent", [1, 17])
def test_narrow_stores_keep_to_their_element(dtype: DType, extent: int) -> None:
    """The last iteration alone, of a known extent: what lies behind it is not touched."""
    i, i_index = index("i", extent)
    x, y = Buffer("x", I32, extent), Buffer("y", dtype, extent + 8)
    double = Binary(I32, "add", Load(x, i), Load(x, i))
    loop = For(i_index, extent, (Store(y, i, Convert(dtype, double)),), Kind.VECTOR, 16)
    kernel = Kernel("narrow", (x, y), (loop,))
    behind = np.full(extent + 8, 7).astype(dtype.numpy)
    check_kernel(kernel, [np.arange(extent, dtype=np.int32), behind], {}, target=TARGETS[0])


def over(extent: int, width: int, unroll: int) -> Kernel:
    """y[i] = x[2i] + x[n-1-i], and s = the sum of y."""
    i, i_index = index("i", extent)
    x, y, s = Buffer("x", F32, 2 * extent), Buffer("y", F32, extent), Buffer("s", F32, 1)
    total, result, left, right = (Variable(F32, name) for name in ("t", "r", "a", "b"))
    value = Binary(F32, "add", Load(x, 2 * i), Load(x, extent - 1 - i))
    carried = Carried(
        (total,),
        (Constant(F32, 0.0),),
        (Binary(F32, "add", total, value),),
        (result,),
        Combiner((left,), (right,), (Binary(F32, "add", left, right),)),
    )
    loop = For(i_index, extent, (Store(y, i, value),), Kind.VECTOR, width, unroll, carried=carried)
    return Kernel("short", (x, y, s), (loop, Store(s, 0, result)))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("unroll", [1, 2, 4])
def test_short_loops(unroll: int, target: CpuTarget) -> None:
    for extent in (1, 7, 8, 9, 16, 17, 31, 33, 64, 100, 127, 129, 1000):
        arrays = [integers(2 * extent), np.zeros(extent, np.float32), np.zeros(1, np.float32)]
        check_kernel(over(extent, 8, unroll), arrays, target=target)


@pytest.mark.parametrize(
    ("extent", "whole", "masked"), [(96, 2, 0), (100, 0, 1), (128, 2, 0), (1001, 2, 1)]
)
def test_a_short_loop_has_one_body(extent: int, whole: int, masked: int) -> None:
    target = make_target("x86_64-unknown-linux-gnu", "skylake-avx512", AVX512)
    text = build_module(one_kernel(over(extent, 8, 2)), target).llvm_ir
    assert text.count("store <8 x float>") == whole
    assert text.count('call void @"llvm.masked.store') == masked


@pytest.mark.parametrize("dtype", [F32, dtypes.float64])
@pytest.mark.parametrize(
    ("operator", "constant"),
    [("add", -0.0), ("subtract", 0.0), ("multiply", 1.0), ("multiply", -1.0), ("divide", 1.0)],
)
def test_arithmetic_that_changes_nothing_flushes_small_values(
    dtype: DType, operator: str, constant: float
) -> None:
    i, i_index = index("i", 8)
    x, y = Buffer("x", dtype, 8), Buffer("y", dtype, 8)
    operands: list[tuple[Scalar, Scalar]] = [(Load(x, i), Constant(dtype, constant))]
    if operator in ("add", "multiply"):
        operands.append((Constant(dtype, constant), Load(x, i)))
    for left, right in operands:
        body = (Store(y, i, Binary(dtype, operator, left, right)),)
        small = np.finfo(dtype.numpy).tiny / 4
        values = np.array([small, -small, 0.0, -0.0, 1.0, -2.0, np.inf, 3.0], dtype.numpy)
        kernel = Kernel("same", (x, y), (For(i_index, 8, body, Kind.VECTOR, width=4),))
        check_kernel(kernel, [values, np.ones(8, dtype.numpy)])


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("block i0 < 2 {\nthread i1 < 2 {\n}\n}", "block loop i0"),
        ("block i0 < 2 {\nbarrier\n}", "block loop i0"),
        ("allocate global b0: float32[2]\nblock i0 < 2 {\n}", "global memory 'b0'"),
    ],
)
def test_kinds_of_a_gpu_are_refused(body: str, what: str) -> None:
    kernel = parse_kernel(f"kernel k() {{\n{body}\n}}")
    with pytest.raises(InternalError, match=f"'.*' is no kernel for a CPU: {what} is a GPU's"):
        build_module(one_kernel(kernel), host_target(1))
