"""What elementwise instructions mean, to z3: bit vectors, and floats of IEEE 754.

A program of scalars becomes a term. Integers wrap around; every NaN is one value; -0.0 is not 0.0.
Of zeros of different sign, maximum and minimum may give either: each such instruction has an
unknown of its own that says which (`choices`).

Compiled code takes denormal floats for zero, as operands and as results of arithmetic. No
instruction can tell a denormal from the zero of its sign, so with `flush` none occurs: parameters
are others, and results are flushed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, TypeAlias

import z3

from flowc.ir.dtypes import DType
from flowc.ir.tensor.core import Instruction, Parameter, Result, Value
from flowc.ir.tensor.primitive import Array
from flowc.ir.tensor.rewrite import post_order

Term: TypeAlias = Any  # z3 has no types

_SORTS = {"float16": (5, 11), "bfloat16": (8, 8), "float32": (8, 24), "float64": (11, 53)}


def is_expressible(values: Sequence[Value]) -> bool:
    """Whether z3 has words for all that the values are made of."""
    return all(map(_has_term, post_order(values)))


def _has_term(i: Instruction) -> bool:
    kinds = {v.type.dtype.kind for v in (*i.operands, *i.results)}
    if "complex" in kinds:
        return False
    if i.primitive == "convert":
        return i.operands[0].type.dtype.kind != "float" or i.types[0].dtype.is_floating
    of = i.operands[-1].type.dtype if i.operands else i.types[0].dtype
    table = _FLOAT if of.is_floating else _BOOL if of.is_bool else _INTEGER
    return i.primitive in {**_ANY, **table} or i.primitive in _ELSEWHERE


_ELSEWHERE = ("constant", "broadcast_in_dim", "reshape", "compare", "maximum", "minimum")


def sort(dtype: DType) -> Term:
    """The z3 sort of the type's values."""
    if dtype.is_bool:
        return z3.BoolSort()
    return z3.FPSort(*_SORTS[dtype.name]) if dtype.is_floating else z3.BitVecSort(dtype.bits)


def number(array: Array, dtype: DType) -> Term:
    """A constant."""
    if dtype.is_bool:
        return z3.BoolVal(bool(array))
    bits = int.from_bytes(array.tobytes(), "little")
    vector = z3.BitVecVal(bits, dtype.bits)
    return z3.fpBVToFP(vector, sort(dtype)) if dtype.is_floating else vector


class Meaning:
    """The terms of values that share parameters."""

    def __init__(self, flush: bool = False) -> None:
        self.flush = flush
        self.choices: dict[Instruction, Term] = {}
        self.given: list[Term] = []  # what holds of the parameters
        self._terms: dict[Value, Term] = {}

    def term(self, value: Value) -> Term:
        """The value as a z3 term."""
        if value not in self._terms:
            made = self._parameter(value) if isinstance(value, Parameter) else self._result(value)
            self._terms[value] = made
        return self._terms[value]

    def _parameter(self, value: Parameter) -> Term:
        made = z3.FreshConst(sort(value.type.dtype), value.name)
        if self.flush and z3.is_fp(made):
            self.given.append(z3.Not(z3.fpIsSubnormal(made)))
        return made

    def _result(self, value: Result) -> Term:
        i, dtype = value.instruction, value.type.dtype
        if i.primitive == "constant":
            return self._flushed(number(i.attributes["value"], dtype))
        operands = [self.term(v) for v in i.operands]
        of = i.operands[-1].type.dtype
        if i.primitive in ("maximum", "minimum") and of.is_floating:
            return self._extreme(i, operands)
        match i.primitive:
            case "broadcast_in_dim" | "reshape":
                return operands[0]
            case "compare":
                return _compare(i.attributes["comparison_direction"], operands, of)
            case "convert":
                return self._flushed(_convert(operands[0], of, dtype))
        if i.primitive in _ANY:  # none makes a denormal of what is none
            return _ANY[i.primitive](operands, of)
        table = _FLOAT if of.is_floating else _BOOL if of.is_bool else _INTEGER
        return self._flushed(table[i.primitive](operands, of))

    def _flushed(self, x: Term) -> Term:
        """The result of arithmetic, a denormal as the zero of its sign."""
        if not self.flush or not z3.is_fp(x):
            return x
        zero = z3.If(z3.fpIsNegative(x), z3.fpMinusZero(x.sort()), z3.fpPlusZero(x.sort()))
        return z3.If(z3.fpIsSubnormal(x), zero, x)

    def _extreme(self, i: Instruction, operands: Sequence[Term]) -> Term:
        x, y = operands
        first = z3.fpGT(x, y) if i.primitive == "maximum" else z3.fpLT(x, y)
        chosen = self.choices.setdefault(i, z3.FreshBool("zero"))
        nan = z3.Or(z3.fpIsNaN(x), z3.fpIsNaN(y))
        either = z3.If(z3.fpEQ(x, y), z3.If(chosen, x, y), z3.If(first, x, y))
        return z3.If(nan, z3.fpNaN(x.sort()), either)


def _compare(direction: str, operands: Sequence[Term], dtype: DType) -> Term:
    x, y = operands
    if dtype.is_bool:
        x, y = (z3.If(v, z3.BitVecVal(1, 2), z3.BitVecVal(0, 2)) for v in operands)
    table = _FLOAT_ORDER if dtype.is_floating else _UNSIGNED if dtype.is_unsigned else _SIGNED
    return table[direction](x, y)


_FLOAT_ORDER: dict[str, Callable[[Term, Term], Term]] = {
    "EQ": z3.fpEQ,
    "NE": lambda x, y: z3.Not(z3.fpEQ(x, y)),
    "LT": z3.fpLT,
    "LE": z3.fpLEQ,
    "GT": z3.fpGT,
    "GE": z3.fpGEQ,
}
_SIGNED: dict[str, Callable[[Term, Term], Term]] = {
    "EQ": lambda x, y: x == y,
    "NE": lambda x, y: x != y,
    "LT": lambda x, y: x < y,
    "LE": lambda x, y: x <= y,
    "GT": lambda x, y: x > y,
    "GE": lambda x, y: x >= y,
}
_UNSIGNED: dict[str, Callable[[Term, Term], Term]] = {
    **_SIGNED,
    "LT": z3.ULT,
    "LE": z3.ULE,
    "GT": z3.UGT,
    "GE": z3.UGE,
}


def _convert(x: Term, old: DType, new: DType) -> Term:
    """Conversions between integers and floats that wrap or round; to bool `x != 0`."""
    if new.is_bool:
        return z3.Not(z3.fpIsZero(x)) if old.is_floating else x if old.is_bool else x != 0
    if old.is_bool:
        one, zero = (z3.BitVecVal(k, 8) for k in (1, 0))
        return _convert_integer(z3.If(x, one, zero), True, new)
    if old.is_integer:
        return _convert_integer(x, old.is_unsigned, new)
    assert old.is_floating and new.is_floating
    return z3.fpFPToFP(z3.RNE(), x, sort(new))


def _convert_integer(x: Term, unsigned: bool, new: DType) -> Term:
    if new.is_floating:
        convert = z3.fpUnsignedToFP if unsigned else z3.fpSignedToFP
        return convert(z3.RNE(), x, sort(new))
    missing = new.bits - x.size()
    if missing <= 0:
        return z3.Extract(new.bits - 1, 0, x)
    return (z3.ZeroExt if unsigned else z3.SignExt)(missing, x)


Function: TypeAlias = Callable[[Sequence[Term], DType], Term]


def _divide(v: Sequence[Term], dtype: DType) -> Term:
    x, y = v
    quotient = z3.UDiv(x, y) if dtype.is_unsigned else x / y
    return z3.If(y == 0, z3.BitVecVal(-1, dtype.bits), quotient)


def _remainder(v: Sequence[Term], dtype: DType) -> Term:
    x, y = v
    return z3.If(y == 0, x, z3.URem(x, y) if dtype.is_unsigned else z3.SRem(x, y))


def _extreme_of_integers(greater: bool) -> Function:
    def function(v: Sequence[Term], dtype: DType) -> Term:
        x, y = v
        order = z3.UGT if dtype.is_unsigned else lambda a, b: a > b
        return z3.If(order(x, y) if greater else order(y, x), x, y)

    return function


def _sorted(v: Sequence[Term]) -> Sequence[Term]:
    """Operands of a sum or product in one order, signs aside, so that z3 need not find it."""
    simple = [z3.simplify(x) for x in v]
    return sorted(simple, key=lambda x: (x.arg(0) if _is_negated(x) else x).get_id())


def _is_negated(x: Term) -> bool:
    return bool(z3.is_app_of(x, z3.Z3_OP_FPA_NEG))


def _clamp(v: Sequence[Term], dtype: DType) -> Term:
    low, x, high = v
    if not dtype.is_floating:
        above = _extreme_of_integers(True)([x, low], dtype)
        return _extreme_of_integers(False)([above, high], dtype)
    above = z3.If(z3.fpIsNaN(low), low, z3.If(z3.fpLT(x, low), low, x))
    return z3.If(z3.fpIsNaN(high), high, z3.If(z3.fpGT(above, high), high, above))


_ANY: dict[str, Function] = {
    "select": lambda v, _: z3.If(v[0], v[1], v[2]),
    "not": lambda v, dtype: z3.Not(v[0]) if dtype.is_bool else ~v[0],
    "negate": lambda v, dtype: z3.fpNeg(v[0]) if dtype.is_floating else -v[0],
    "abs": lambda v, dtype: z3.fpAbs(v[0]) if dtype.is_floating else z3.If(v[0] < 0, -v[0], v[0]),
}
_BOOL: dict[str, Function] = {
    "and": lambda v, _: z3.And(*v),
    "or": lambda v, _: z3.Or(*v),
    "xor": lambda v, _: z3.Xor(*v),
    "maximum": lambda v, _: z3.Or(*v),
    "minimum": lambda v, _: z3.And(*v),
    "clamp": lambda v, _: z3.And(z3.Or(v[1], v[0]), v[2]),
}
_INTEGER: dict[str, Function] = {
    "add": lambda v, _: v[0] + v[1],
    "subtract": lambda v, _: v[0] - v[1],
    "multiply": lambda v, _: v[0] * v[1],
    "divide": _divide,
    "remainder": _remainder,
    "and": lambda v, _: v[0] & v[1],
    "or": lambda v, _: v[0] | v[1],
    "xor": lambda v, _: v[0] ^ v[1],
    "shift_left": lambda v, _: v[0] << v[1],
    "shift_right_logical": lambda v, _: z3.LShR(v[0], v[1]),
    "shift_right_arithmetic": lambda v, _: v[0] >> v[1],
    "maximum": _extreme_of_integers(True),
    "minimum": _extreme_of_integers(False),
    "clamp": _clamp,
}
_FLOAT: dict[str, Function] = {
    "add": lambda v, _: z3.fpAdd(z3.RNE(), *_sorted(v)),
    "subtract": lambda v, _: z3.fpAdd(z3.RNE(), *_sorted([v[0], z3.fpNeg(v[1])])),
    "multiply": lambda v, _: z3.fpMul(z3.RNE(), *_sorted(v)),
    "divide": lambda v, _: z3.fpDiv(z3.RNE(), *v),
    "clamp": _clamp,
    "floor": lambda v, _: z3.fpRoundToIntegral(z3.RTN(), *v),
    "ceil": lambda v, _: z3.fpRoundToIntegral(z3.RTP(), *v),
    "round_nearest_even": lambda v, _: z3.fpRoundToIntegral(z3.RNE(), *v),
    "round_nearest_afz": lambda v, _: z3.fpRoundToIntegral(z3.RNA(), *v),
}
EXPRESSIBLE = sorted({*_ANY, *_BOOL, *_INTEGER, *_FLOAT, "compare", "convert", "maximum"})
TIMEOUT = 20_000  # milliseconds


def counterexample(before: Value, after: Value, flush: bool = False) -> str | None:
    """Operands for which the values differ; None when z3 proves that there are none.

    Where `before` may give either of two zeros, `after` must give one of them.
    """
    meaning = Meaning(flush)
    new = meaning.term(after)
    shared = set(meaning.choices)
    old = meaning.term(before)
    free = [unknown for i, unknown in meaning.choices.items() if i not in shared]
    cases = product((z3.BoolVal(True), z3.BoolVal(False)), repeat=len(free))
    possible = [z3.substitute(old, *zip(free, case, strict=True)) for case in cases]
    solver = z3.Solver()
    solver.set("timeout", TIMEOUT)
    solver.add(*meaning.given, *(z3.simplify(new != p) for p in possible))
    answer = solver.check()
    if answer == z3.unsat:
        return None
    return f"{answer}: {solver.model() if answer == z3.sat else solver.reason_unknown()}"
