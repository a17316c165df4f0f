"""Instructions with what vectors need: splats, shuffles, masked memory, typed intrinsics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from flowc.codegen.llvm.instructions import Instructions
from flowc.codegen.llvm.types import I1, I32, POINTER, VOID, FunctionType, Type, vector_type
from flowc.codegen.llvm.values import Constant, Value, lanes_of, literal, poison, vector_of, zero


@cache
def _shuffle_mask(indices: tuple[int, ...]) -> Constant:
    """The index vector of a shuffle."""
    mask = vector_of(I32, map(str, indices))
    return mask if any(indices) else zero(mask.type)


@cache
def _intrinsic_name(name: str, overloads: tuple[Type, ...]) -> str:
    return ".".join(["llvm", name, *(kind.suffix for kind in overloads)])


class Builder(Instructions):
    """Adds to `Instructions`; every method works on scalars and vectors alike."""

    __slots__ = ()

    def intrinsic(
        self, name: str, result: Type, args: Sequence[Value], overloads: tuple[Type, ...]
    ) -> Value:
        """Call `llvm.<name>`, overloaded on the given types."""
        return self._aligned_intrinsic(name, result, args, overloads, -1, 0)

    def _aligned_intrinsic(
        self,
        name: str,
        result: Type,
        args: Sequence[Value],
        overloads: tuple[Type, ...],
        pointer: int,
        align: int,
    ) -> Value:
        """Call an intrinsic whose argument number `pointer` points to aligned memory."""
        full = _intrinsic_name(name, overloads)
        function = self.module.functions.get(full)
        if function is None:
            kind = FunctionType(result, tuple(a.type for a in args))
            function = self.module.declare(full, kind)
        texts = [a.typed for a in args]
        if pointer >= 0:
            texts[pointer] = f"{args[pointer].type.text} align {align} {args[pointer].text}"
        return self._call(function, function.kind, texts)

    def unary_intrinsic(self, name: str, value: Value) -> Value:
        """Call an intrinsic of one operand and the same result type."""
        return self.intrinsic(name, value.type, [value], (value.type,))

    def binary_intrinsic(self, name: str, left: Value, right: Value) -> Value:
        """Call an intrinsic of two operands and a result of one type."""
        return self.intrinsic(name, left.type, [left, right], (left.type,))

    def fused_multiply_add(self, a: Value, b: Value, c: Value) -> Value:
        """`a * b + c` rounded once."""
        return self.intrinsic("fma", a.type, [a, b, c], (a.type,))

    def splat(self, value: Value, lanes: int) -> Value:
        """`value` in every lane; a vector is returned as it is."""
        if lanes_of(value) == lanes:
            return value
        if isinstance(value, Constant):
            return literal(value.type, value.text, lanes)
        nothing = poison(vector_type(value.type, lanes))
        first = self.insert_element(nothing, value, 0)
        return self.shuffle_vector(first, nothing, _shuffle_mask((0,) * lanes))

    def permute(self, value: Value, indices: Iterable[int]) -> Value:
        """The lanes `indices` of `value`."""
        return self.pick(value, poison(value.type), indices)

    def pick(self, left: Value, right: Value, indices: Iterable[int]) -> Value:
        """The lanes `indices` of two vectors, those of `right` counted after those of `left`."""
        return self.shuffle_vector(left, right, _shuffle_mask(tuple(indices)))

    def any_lane(self, value: Value) -> Value:
        """True where a bool vector has a true lane; a scalar is itself."""
        if lanes_of(value) == 1:
            return value
        return self.intrinsic("vector.reduce.or", I1, [value], (value.type,))

    def masked_load(self, pointer: Value, kind: Type, mask: Value, align: int) -> Value:
        """Load contiguous elements where `mask` holds, 0 elsewhere; others are not touched."""
        args, overloads = [pointer, mask, zero(kind)], (kind, POINTER)
        return self._aligned_intrinsic("masked.load", kind, args, overloads, 0, align)

    def masked_store(self, value: Value, pointer: Value, mask: Value, align: int) -> None:
        """Store contiguous elements where `mask` holds."""
        args, overloads = [value, pointer, mask], (value.type, POINTER)
        self._aligned_intrinsic("masked.store", VOID, args, overloads, 1, align)

    def masked_gather(self, pointers: Value, element: Type, mask: Value, align: int) -> Value:
        """Load from a vector of pointers where `mask` holds, 0 elsewhere."""
        kind = vector_type(element, lanes_of(pointers))
        args, overloads = [pointers, mask, zero(kind)], (kind, pointers.type)
        return self._aligned_intrinsic("masked.gather", kind, args, overloads, 0, align)

    def masked_scatter(self, value: Value, pointers: Value, mask: Value, align: int) -> None:
        """Store to a vector of pointers where `mask` holds, in the order of the lanes."""
        args, overloads = [value, pointers, mask], (value.type, pointers.type)
        self._aligned_intrinsic("masked.scatter", VOID, args, overloads, 1, align)

    def resize(self, value: Value, element: Type, signed: bool) -> Value:
        """Truncate or extend integers to `element`."""
        width = value.type.element.bits
        if width == element.bits:
            return value
        operation = "trunc" if width > element.bits else "sext" if signed else "zext"
        return self.cast(operation, value, element)
