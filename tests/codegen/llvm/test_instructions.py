"""Every instruction is printed as expected, and is one to LLVM."""

from collections.abc import Callable

import pytest

from flowc.codegen.builder import Builder
from flowc.codegen.cpu import jit
from flowc.codegen.llvm.module import Module
from flowc.codegen.llvm.types import (
    DOUBLE,
    FLOAT,
    HALF,
    I1,
    I8,
    I16,
    I32,
    I64,
    POINTER,
    VOID,
    FunctionType,
    Type,
    array_type,
    struct_type,
    vector_type,
)
from flowc.codegen.llvm.values import (
    NULL,
    TRUE,
    Value,
    float_text,
    integer,
    iota,
    literal,
    poison,
    zero,
)

I32X4, FLOATX4, BOOLX4 = (vector_type(kind, 4) for kind in (I32, FLOAT, I1))
POINTERX4 = vector_type(POINTER, 4)
ARGUMENTS = {
    "i": I32,
    "j": I32,
    "l": I64,
    "c": I1,
    "b": I8,
    "x": FLOAT,
    "y": FLOAT,
    "d": DOUBLE,
    "p": POINTER,
    "q": POINTER,
    "v": FLOATX4,
    "w": FLOATX4,
    "m": BOOLX4,
    "n": I32X4,
    "ps": POINTERX4,
}


class Arguments:
    """The arguments of the function that a test writes, by name."""

    i: Value
    j: Value
    l: Value  # noqa: E741
    c: Value
    b: Value
    x: Value
    y: Value
    d: Value
    p: Value
    q: Value
    v: Value
    w: Value
    m: Value
    n: Value
    ps: Value


Write = Callable[[Builder, Arguments], object]


def written(write: Write) -> str:
    """The module with what is written; LLVM has parsed and verified it."""
    module = Module("test", "x86_64-unknown-linux-gnu")
    function = module.declare("f", FunctionType(VOID, tuple(ARGUMENTS.values())))
    arguments = Arguments()
    for name, argument in zip(ARGUMENTS, function.args, strict=True):
        argument.text = f"%{name}"
        setattr(arguments, name, argument)
    builder = Builder(function.append_basic_block("entry"))
    write(builder, arguments)
    if not builder.block.is_terminated:
        builder.ret_void()
    text = str(module)
    jit.parse(text).verify()
    return text


def lines(write: Write) -> list[str]:
    """The lines of the function's body, without the return at the end of `entry`."""
    body = written(write).split("{\n", 1)[1].split("\n}")[0].split("\n")
    return [line.strip() for line in body if line not in ("entry.0:", "  ret void")]


ONE: dict[str, Write] = {
    "%v1 = add i32 %i, %j": lambda b, a: b.add(a.i, a.j),
    "%v1 = sub i32 %i, 5": lambda b, a: b.sub(a.i, integer(5, I32)),
    "%v1 = mul i64 %l, -3": lambda b, a: b.mul(a.l, integer(-3)),
    "%v1 = sdiv i32 %i, %j": lambda b, a: b.sdiv(a.i, a.j),
    "%v1 = udiv i32 %i, %j": lambda b, a: b.udiv(a.i, a.j),
    "%v1 = srem i32 %i, %j": lambda b, a: b.srem(a.i, a.j),
    "%v1 = urem i32 %i, %j": lambda b, a: b.urem(a.i, a.j),
    "%v1 = and i1 %c, true": lambda b, a: b.and_(a.c, TRUE),
    "%v1 = or i32 %i, %j": lambda b, a: b.or_(a.i, a.j),
    "%v1 = xor i32 %i, %j": lambda b, a: b.xor(a.i, a.j),
    "%v1 = shl i32 %i, %j": lambda b, a: b.shl(a.i, a.j),
    "%v1 = lshr i32 %i, %j": lambda b, a: b.lshr(a.i, a.j),
    "%v1 = ashr i32 %i, %j": lambda b, a: b.ashr(a.i, a.j),
    "%v1 = fadd float %x, %y": lambda b, a: b.fadd(a.x, a.y),
    "%v1 = fsub <4 x float> %v, %w": lambda b, a: b.fsub(a.v, a.w),
    "%v1 = fmul float %x, 0x3FF8000000000000": lambda b, a: b.fmul(
        a.x, literal(FLOAT, float_text(1.5))
    ),
    "%v1 = fdiv float %x, %y": lambda b, a: b.fdiv(a.x, a.y),
    "%v1 = frem float %x, %y": lambda b, a: b.frem(a.x, a.y),
    "%v1 = fneg <4 x float> %v": lambda b, a: b.fneg(a.v),
    "%v1 = sub i32 0, %i": lambda b, a: b.neg(a.i),
    "%v1 = sub <4 x i32> zeroinitializer, %n": lambda b, a: b.neg(a.n),
    "%v1 = xor i1 %c, -1": lambda b, a: b.not_(a.c),
    "%v1 = xor <4 x i1> %m, splat (i1 -1)": lambda b, a: b.not_(a.m),
    "%v1 = fptrunc double %d to float": lambda b, a: b.cast("fptrunc", a.d, FLOAT),
    "%v1 = fptrunc <4 x float> %v to <4 x half>": lambda b, a: b.cast("fptrunc", a.v, HALF),
    "%v1 = ptrtoint ptr %p to i64": lambda b, a: b.cast("ptrtoint", a.p, I64),
    "%v1 = trunc i32 %i to i16": lambda b, a: b.resize(a.i, I16, signed=True),
    "%v1 = sext <4 x i32> %n to <4 x i64>": lambda b, a: b.resize(a.n, I64, signed=True),
    "%v1 = zext i32 %i to i64": lambda b, a: b.resize(a.i, I64, signed=False),
    "%v1 = icmp eq i32 %i, %j": lambda b, a: b.icmp_signed("==", a.i, a.j),
    "%v1 = icmp sle <4 x i32> %n, <i32 0, i32 2, i32 4, i32 6>": lambda b, a: b.icmp_signed(
        "<=", a.n, iota(I32, 4, 2)
    ),
    "%v1 = icmp ne ptr %p, null": lambda b, a: b.icmp_unsigned("!=", a.p, NULL),
    "%v1 = icmp ult i32 %i, %j": lambda b, a: b.icmp_unsigned("<", a.i, a.j),
    "%v1 = fcmp oge float %x, %y": lambda b, a: b.fcmp_ordered(">=", a.x, a.y),
    "%v1 = fcmp une <4 x float> %v, %w": lambda b, a: b.fcmp_unordered("!=", a.v, a.w),
    "%v1 = fcmp uno float %x, %x": lambda b, a: b.fcmp_unordered("uno", a.x, a.x),
    "%v1 = select i1 %c, <4 x float> %v, <4 x float> %w": lambda b, a: b.select(a.c, a.v, a.w),
    "%v1 = insertelement <4 x float> %v, float %x, i32 2": lambda b, a: b.insert_element(
        a.v, a.x, 2
    ),
    "%v1 = extractelement <4 x float> %v, i32 3": lambda b, a: b.extract_element(a.v, 3),
    "%v1 = shufflevector <4 x float> %v, <4 x float> poison, "
    "<4 x i32> <i32 3, i32 2, i32 1, i32 0>": lambda b, a: b.permute(a.v, (3, 2, 1, 0)),
    "%v1 = shufflevector <4 x float> %v, <4 x float> %w, <2 x i32> <i32 0, i32 5>": (
        lambda b, a: b.pick(a.v, a.w, (0, 5))
    ),
    "%v1 = alloca i32": lambda b, a: b.alloca(I32),
    "%v1 = alloca { ptr, i64 }, align 64": lambda b, a: b.alloca(struct_type(POINTER, I64), 64),
    "%v1 = load i32, ptr %p": lambda b, a: b.load(a.p, I32),
    "%v1 = load <4 x float>, ptr %p, align 4": lambda b, a: b.load(a.p, FLOATX4, 4),
    "store float %x, ptr %p": lambda b, a: b.store(a.x, a.p),
    "store <4 x float> zeroinitializer, ptr %p, align 4": lambda b, a: b.store(
        zero(FLOATX4), a.p, 4
    ),
    "store <4 x float> %v, ptr %p, align 16, !nontemporal !0": lambda b, a: b.store_streaming(
        a.v, a.p, 16
    ),
    "%v1 = load atomic i32, ptr %p monotonic, align 4": lambda b, a: b.load_atomic(
        a.p, I32, "monotonic", 4
    ),
    "store atomic i64 %l, ptr %p release, align 8": lambda b, a: b.store_atomic(
        a.l, a.p, "release", 8
    ),
    "%v1 = atomicrmw add ptr %p, i32 %i seq_cst": lambda b, a: b.atomic_rmw(
        "add", a.p, a.i, "seq_cst"
    ),
    "fence seq_cst": lambda b, a: b.fence("seq_cst"),
    "%v1 = getelementptr float, ptr %p, i64 %l": lambda b, a: b.gep(a.p, FLOAT, a.l),
    "%v1 = getelementptr float, ptr %p, <4 x i32> %n": lambda b, a: b.gep(a.p, FLOAT, a.n),
    "%v1 = getelementptr i8, <4 x ptr> %ps, i64 8": lambda b, a: b.gep(a.ps, I8, integer(8)),
    "%v1 = getelementptr { ptr, i64 }, ptr %p, i32 0, i32 1": lambda b, a: b.gep(
        a.p, struct_type(POINTER, I64), integer(0, I32), integer(1, I32)
    ),
    "%v1 = call double %p(i32 %i)": lambda b, a: b.call_pointer(
        a.p, FunctionType(DOUBLE, (I32,)), [a.i]
    ),
    'call void @"g"()': lambda b, a: b.call(b.module.declare("g", FunctionType(VOID)), []),
    '%v1 = call i64 (i64, ...) @"h"(i64 %l, ptr %p)': lambda b, a: b.call(
        b.module.declare("h", FunctionType(I64, (I64,), variadic=True)), [a.l, a.p]
    ),
    '%v1 = call float @"llvm.sqrt.f32"(float %x)': lambda b, a: b.unary_intrinsic("sqrt", a.x),
    '%v1 = call float @"llvm.copysign.f32"(float %x, float %y)': (
        lambda b, a: b.binary_intrinsic("copysign", a.x, a.y)
    ),
    '%v1 = call <4 x float> @"llvm.fma.v4f32"(<4 x float> %v, <4 x float> %w, <4 x float> %v)': (
        lambda b, a: b.fused_multiply_add(a.v, a.w, a.v)
    ),
    '%v1 = call i1 @"llvm.vector.reduce.or.v4i1"(<4 x i1> %m)': lambda b, a: b.any_lane(a.m),
    '%v1 = call <4 x float> @"llvm.masked.load.v4f32.p0"'
    "(ptr align 4 %p, <4 x i1> %m, <4 x float> zeroinitializer)": (
        lambda b, a: b.masked_load(a.p, FLOATX4, a.m, 4)
    ),
    'call void @"llvm.masked.store.v4f32.p0"(<4 x float> %v, ptr align 4 %p, <4 x i1> %m)': (
        lambda b, a: b.masked_store(a.v, a.p, a.m, 4)
    ),
    '%v1 = call <4 x float> @"llvm.masked.gather.v4f32.v4p0"'
    "(<4 x ptr> align 4 %ps, <4 x i1> %m, <4 x float> zeroinitializer)": (
        lambda b, a: b.masked_gather(a.ps, FLOAT, a.m, 4)
    ),
    'call void @"llvm.masked.scatter.v4f32.v4p0"'
    "(<4 x float> %v, <4 x ptr> align 4 %ps, <4 x i1> %m)": (
        lambda b, a: b.masked_scatter(a.v, a.ps, a.m, 4)
    ),
}


@pytest.mark.parametrize("line", ONE)
def test_one_instruction(line: str) -> None:
    assert lines(ONE[line]) == [line]


def test_nothing_is_written_where_nothing_changes() -> None:
    assert lines(lambda b, a: [b.splat(a.v, 4), b.resize(a.i, I32, True), b.any_lane(a.c)]) == []


def test_splat() -> None:
    assert lines(lambda b, a: b.fadd(b.splat(a.x, 4), b.splat(literal(FLOAT, "1.0"), 4))) == [
        "%v1 = insertelement <4 x float> poison, float %x, i32 0",
        "%v2 = shufflevector <4 x float> %v1, <4 x float> poison, <4 x i32> zeroinitializer",
        "%v3 = fadd <4 x float> %v2, splat (float 1.0)",
    ]


def test_compare_and_swap() -> None:
    assert lines(lambda b, a: b.compare_and_swap(a.p, a.i, a.j, "seq_cst", "monotonic")) == [
        "%v1 = cmpxchg ptr %p, i32 %i, i32 %j seq_cst monotonic",
        "%v2 = extractvalue { i32, i1 } %v1, 1",
    ]


def test_results_have_the_types_that_llvm_gives_them() -> None:
    def write(b: Builder, a: Arguments) -> None:
        for value in (
            b.icmp_signed("<", a.n, a.n),
            b.fcmp_ordered("<", a.x, a.y),
            b.gep(a.ps, I8, a.l),
            b.gep(a.p, I8, a.n),
            b.permute(a.v, (0, 1)),
            b.extract_element(a.v, 0),
            b.compare_and_swap(a.p, a.i, a.j, "seq_cst", "monotonic"),
            b.splat(a.d, 2),
        ):
            b.store(value, a.q)

    written(write)


def test_if_then() -> None:
    def write(b: Builder, a: Arguments) -> None:
        with b.if_then(a.c):
            b.store(a.x, a.p)
        b.store(a.y, a.p)

    assert lines(write) == [
        "br i1 %c, label %then.1, label %endif.2",
        "then.1:",
        "store float %x, ptr %p",
        "br label %endif.2",
        "endif.2:",
        "store float %y, ptr %p",
    ]


def test_if_else_and_phi() -> None:
    def write(b: Builder, a: Arguments) -> None:
        with b.if_else(a.c) as (then, otherwise):
            with then:
                b.ret_void()
            with otherwise:
                last = b.block
        phi = b.phi(FLOAT, (a.x, last))
        b.store(phi, a.p)

    assert lines(write) == [
        "br i1 %c, label %then.1, label %else.2",
        "then.1:",
        "else.2:",
        "br label %endif.3",
        "endif.3:",
        "%v4 = phi float [%x, %else.2]",
        "store float %v4, ptr %p",
    ]


def test_phi_of_a_loop() -> None:
    def write(b: Builder, a: Arguments) -> None:
        before, loop = b.block, b.append_basic_block("loop")
        b.branch(loop)
        b.position_at_end(loop)
        phi = b.phi(I32)
        following = b.add(phi, integer(1, I32))
        phi.add_incoming(integer(0, I32), before)
        phi.add_incoming(following, loop)
        after = b.append_basic_block("after")
        b.cbranch(a.c, loop, after)
        b.position_at_end(after)

    assert "%v2 = phi i32 [0, %entry.0], [%v3, %loop.1]" in lines(write)


def test_switch() -> None:
    def write(b: Builder, a: Arguments) -> None:
        blocks = [b.append_basic_block("case") for _ in range(3)]
        b.switch(a.i, blocks[:2], blocks[2])
        for block in blocks:
            b.position_at_end(block)
            b.ret_void()

    assert (
        lines(write)[0]
        == "switch i32 %i, label %case.3 [i32 0, label %case.1 i32 1, label %case.2]"
    )


def test_nothing_comes_after_the_end_of_a_block() -> None:
    def write(b: Builder, a: Arguments) -> None:
        b.ret_void()
        b.store(a.x, a.p)

    with pytest.raises(AssertionError):
        written(write)


def test_wrong_operands_are_llvms_errors() -> None:
    with pytest.raises(RuntimeError, match="defined with type"):
        written(lambda b, a: b.add(a.i, a.l))
    with pytest.raises(RuntimeError, match="integer constant must have integer type"):
        written(lambda b, a: b.fadd(a.x, integer(1)))


@pytest.mark.parametrize(
    "kind",
    [
        I1,
        I8,
        I64,
        HALF,
        FLOAT,
        DOUBLE,
        POINTER,
        FLOATX4,
        POINTERX4,
        array_type(I8, 3),
        struct_type(I32, POINTER),
    ],
)
def test_zeros(kind: Type) -> None:
    def write(b: Builder, a: Arguments) -> None:
        b.store(zero(kind), a.p)
        b.store(poison(kind), a.p)

    written(write)
