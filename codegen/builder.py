"""llvmlite's builder with what vectors need: splats, shuffles, masked memory, typed intrinsics."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from llvmlite import ir

from flowc.codegen.representation import (
    I1,
    I32,
    POINTER,
    VOID,
    element_type,
    lanes_of,
    literal,
    poison,
    type_suffix,
    widen,
    zero,
)


class _ShuffleMask(ir.Constant):  # type: ignore[misc]
    """The index vector of a shuffle, kept in its shortest spelling."""

    def __init__(self, indices: Sequence[int]) -> None:
        kind = ir.VectorType(I32, len(indices))
        super().__init__(kind, [ir.Constant(I32, i) for i in indices])
        self._text = "zeroinitializer" if not any(indices) else _list_text(indices)

    def _get_reference(self) -> str:
        return self._text


def _list_text(indices: Sequence[int]) -> str:
    return "<" + ", ".join(f"i32 {i}" for i in indices) + ">"


@cache
def _splat_mask(lanes: int) -> _ShuffleMask:
    return _ShuffleMask([0] * lanes)


class Builder(ir.IRBuilder):  # type: ignore[misc]
    """Adds to `ir.IRBuilder`; every method works on scalars and vectors alike."""

    def intrinsic(
        self, name: str, result: ir.Type, args: Sequence[ir.Value], overloads: Sequence[ir.Type]
    ) -> ir.Value:
        """Call `llvm.<name>`, overloaded on the given types."""
        full = ".".join(["llvm", name, *map(type_suffix, overloads)])
        function = self.module.globals.get(full)
        if function is None:
            kind = ir.FunctionType(result, [a.type for a in args])
            function = declare(self.module, full, kind)
        return self.call(function, args)

    def unary_intrinsic(self, name: str, value: ir.Value) -> ir.Value:
        """Call an intrinsic of one operand and the same result type."""
        return self.intrinsic(name, value.type, [value], [value.type])

    def binary_intrinsic(self, name: str, left: ir.Value, right: ir.Value) -> ir.Value:
        """Call an intrinsic of two operands and a result of one type."""
        return self.intrinsic(name, left.type, [left, right], [left.type])

    def fused_multiply_add(self, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
        """`a * b + c` rounded once."""
        return self.intrinsic("fma", a.type, [a, b, c], [a.type])

    def alloca(self, typ: ir.Type, size: object = None, name: str = "") -> ir.Value:
        """Space in the function's frame, as an opaque pointer."""
        space = super().alloca(typ, size, name)
        space.type = POINTER
        return space

    def store_atomic(self, value: ir.Value, ptr: ir.Value, ordering: str, align: int) -> ir.Value:
        """Store atomically; llvmlite's own method knows typed pointers only."""
        store = ir.instructions.StoreAtomicInstr(self.block, value, ptr, ordering, align)
        self._insert(store)
        return store

    def offset(self, pointer: ir.Value, element: ir.Type, index: ir.Value) -> ir.Value:
        """`pointer + index` elements; a vector index gives a vector of pointers."""
        result = self.gep(pointer, [index], source_etype=element)
        lanes = max(lanes_of(pointer), lanes_of(index))
        result.type = widen(POINTER, lanes)
        return result

    def splat(self, value: ir.Value, lanes: int) -> ir.Value:
        """`value` in every lane; a vector is returned as it is."""
        if lanes_of(value) == lanes:
            return value
        if isinstance(value, ir.Constant):
            return literal(value.type, value.get_reference(), lanes)
        kind = ir.VectorType(value.type, lanes)
        first = self.insert_element(poison(kind), value, ir.Constant(I32, 0))
        return self.shuffle_vector(first, poison(kind), _splat_mask(lanes))

    def permute(self, value: ir.Value, indices: Sequence[int]) -> ir.Value:
        """The lanes `indices` of `value`."""
        return self.shuffle_vector(value, poison(value.type), _ShuffleMask(indices))

    def pick(self, left: ir.Value, right: ir.Value, indices: Sequence[int]) -> ir.Value:
        """The lanes `indices` of two vectors, those of `right` counted after those of `left`."""
        return self.shuffle_vector(left, right, _ShuffleMask(indices))

    def lane(self, value: ir.Value, index: int) -> ir.Value:
        """One lane of a vector."""
        return self.extract_element(value, ir.Constant(I32, index))

    def any_lane(self, value: ir.Value) -> ir.Value:
        """True where a bool vector has a true lane; a scalar is itself."""
        if lanes_of(value) == 1:
            return value
        return self.intrinsic("vector.reduce.or", I1, [value], [value.type])

    def load_elements(self, pointer: ir.Value, kind: ir.Type, align: int) -> ir.Value:
        """Load a scalar or a vector of contiguous elements."""
        return self.load(pointer, align=align, typ=kind)

    def masked_load(self, pointer: ir.Value, kind: ir.Type, mask: ir.Value, align: int) -> ir.Value:
        """Load contiguous elements where `mask` holds, 0 elsewhere; others are not touched."""
        call = self.intrinsic("masked.load", kind, [pointer, mask, zero(kind)], [kind, POINTER])
        return _aligned(call, 0, align)

    def masked_store(self, value: ir.Value, pointer: ir.Value, mask: ir.Value, align: int) -> None:
        """Store contiguous elements where `mask` holds."""
        args, overloads = [value, pointer, mask], [value.type, POINTER]
        _aligned(self.intrinsic("masked.store", VOID, args, overloads), 1, align)

    def masked_gather(
        self, pointers: ir.Value, element: ir.Type, mask: ir.Value, align: int
    ) -> ir.Value:
        """Load from a vector of pointers where `mask` holds, 0 elsewhere."""
        kind = ir.VectorType(element, lanes_of(pointers))
        args, overloads = [pointers, mask, zero(kind)], [kind, pointers.type]
        return _aligned(self.intrinsic("masked.gather", kind, args, overloads), 0, align)

    def masked_scatter(
        self, value: ir.Value, pointers: ir.Value, mask: ir.Value, align: int
    ) -> None:
        """Store to a vector of pointers where `mask` holds, in the order of the lanes."""
        args, overloads = [value, pointers, mask], [value.type, pointers.type]
        _aligned(self.intrinsic("masked.scatter", VOID, args, overloads), 1, align)

    def cast(self, operation: str, value: ir.Value, element: ir.Type) -> ir.Value:
        """Apply the conversion `operation` (an LLVM opcode) lane by lane."""
        target = widen(element, lanes_of(value))
        return value if value.type == target else getattr(self, operation)(value, target)

    def resize(self, value: ir.Value, element: ir.IntType, signed: bool) -> ir.Value:
        """Truncate or extend integers to `element`."""
        width = element_type(value).width
        if width == element.width:
            return value
        operation = "trunc" if width > element.width else "sext" if signed else "zext"
        return self.cast(operation, value, element)


def declare(module: ir.Module, name: str, kind: ir.FunctionType) -> ir.Function:
    """The function `name` of `module`, declared at first use."""
    found: Any = module.globals.get(name)
    return ir.Function(module, kind, name) if found is None else found


def _aligned(call: Any, argument: int, align: int) -> ir.Value:
    attributes = ir.values.ArgumentAttributes()
    attributes.align = align
    call.arg_attributes[argument] = attributes
    return call


def define_global(module: ir.Module, name: str, kind: ir.Type, initializer: ir.Constant) -> Any:
    """A global variable of `module`, as an opaque pointer."""
    found = ir.GlobalVariable(module, kind, name)
    found.initializer = initializer
    found.type = POINTER
    return found
