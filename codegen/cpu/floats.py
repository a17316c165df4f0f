"""The processor's control word of floating point: zeros in place of values too small to be normal.

TensorFlow's kernels run so. It matters for speed too: arithmetic on such values takes a hundred
cycles, and the moments of an optimizer decay into them. The word belongs to a thread; code that
others call puts back what it found.
"""

from __future__ import annotations

from flowc.codegen.builder import Builder
from flowc.codegen.llvm.types import I32, I64, POINTER, VOID, FunctionType
from flowc.codegen.llvm.values import Value, integer

_X86_BITS = 0x8040  # of MXCSR: flush to zero, denormals are zero
_ARM_BIT = 1 << 24  # of FPCR: FZ. Not FZ16: float16 keeps its small values


def flush_small_values(builder: Builder, triple: str) -> Value | None:
    """Set the control word; its old value, None on a machine where none is known."""
    if triple.startswith("x86_64"):
        space = builder.alloca(I32)
        _x86(builder, "stmxcsr", space)
        old = builder.load(space, I32)
        _set_x86(builder, builder.or_(old, integer(_X86_BITS, I32)))
        return old
    if triple.startswith("aarch64"):
        kind = FunctionType(I64)
        old = builder.call(builder.module.declare("llvm.aarch64.get.fpcr", kind), [])
        _set_arm(builder, builder.or_(old, integer(_ARM_BIT, I64)))
        return old
    return None


def restore_control_word(builder: Builder, old: Value | None) -> None:
    """Set the control word to what `flush_small_values` found."""
    if old is not None:
        (_set_x86 if old.type == I32 else _set_arm)(builder, old)


def _set_x86(builder: Builder, word: Value) -> None:
    space = builder.alloca(I32)
    builder.store(word, space)
    _x86(builder, "ldmxcsr", space)


def _x86(builder: Builder, name: str, space: Value) -> None:
    kind = FunctionType(VOID, (POINTER,))
    builder.call(builder.module.declare(f"llvm.x86.sse.{name}", kind), [space])


def _set_arm(builder: Builder, word: Value) -> None:
    kind = FunctionType(VOID, (I64,))
    builder.call(builder.module.declare("llvm.aarch64.set.fpcr", kind), [word])
