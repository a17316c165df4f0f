"""Index expressions (`Dim`) as i64 arithmetic, and addresses.

Sums are emitted scope by scope: the part that an outer loop fixes is computed there, once, and
shared by all expressions that contain it. Within a vector loop an expression splits into its value
at the first lane, which is a scalar, and a stride over the lanes.
"""

from __future__ import annotations

from dataclasses import dataclass

from flowc.codegen.builder import Builder
from flowc.codegen.llvm.types import I64, Type
from flowc.codegen.llvm.values import Value, integer, iota
from flowc.codegen.scopes import Placed, Scopes
from flowc.ir import dims
from flowc.ir.dims import Atom, Dim, Expr, Monomial, Operation, Symbol


@dataclass(frozen=True, slots=True)
class Lanes:
    """The vector loop being emitted: lane `l` stands for `index == first + l`."""

    index: Symbol
    first: Dim
    count: int
    mask: Value | None = None  # the lanes that exist; None for all


class Positions:
    """Emits index expressions of one function."""

    def __init__(self, scopes: Scopes) -> None:
        self.scopes = scopes
        self.known: dict[Symbol, Dim] = {}  # indices that stand for an expression, e.g. a constant
        self.known_since: dict[Symbol, int] = {}  # the depth of the stretch where they do
        self.lanes: Lanes | None = None

    # Scalars

    def scalar(self, value: Dim) -> Placed:
        """The i64 value of an expression, at the first lane of a vector loop."""
        return self._scalar(self.at_first_lane(value))

    def at_first_lane(self, value: Dim) -> Dim:
        """`value` with known indices replaced, the vector index by that of the first lane."""
        if isinstance(value, int) or not (self.known or self.lanes):
            return value
        return dims.substitute(value, self._replacement)

    def depth_of(self, value: Dim) -> int:
        """The depth of the innermost stretch in which `value` means what it means here.

        A copy of a loop body and the next copy disagree, though both are computed further out.
        """
        if not self.known_since:
            return 0
        return max((self.known_since.get(s, 0) for s in dims.symbols(value)), default=0)

    def _replacement(self, symbol: Symbol) -> Dim | None:
        if self.lanes is not None and symbol == self.lanes.index:
            return self.lanes.first
        return self.known.get(symbol)

    def _scalar(self, value: Dim) -> Placed:
        if isinstance(value, int):
            return integer(value), 0
        found = self.scopes.find(value)
        return found or self.scopes.remember(value, self._sum(value))

    def _sum(self, value: Expr) -> Placed:
        inner, outer = self._split_by_depth(value)
        if outer:
            return self._add(self._scalar(Expr(outer)), self._scalar(Expr(inner)))
        terms = sorted(inner.items(), key=lambda term: term[1] < 0)
        total = self._product(*terms[0])
        for monomial, coefficient in terms[1:]:
            if coefficient < 0:
                total = self._subtract(total, self._product(monomial, -coefficient))
            else:
                total = self._add(total, self._product(monomial, coefficient))
        return total

    def _split_by_depth(self, value: Expr) -> tuple[dict[Monomial, int], dict[Monomial, int]]:
        """The terms that belong to the innermost scope of all, and the others."""
        depths = {m: max((self._atom(a)[1] for a in m), default=0) for m in value.terms}
        deepest = max(depths.values())
        inner = {m: c for m, c in value.terms.items() if depths[m] == deepest}
        return inner, {m: c for m, c in value.terms.items() if depths[m] < deepest}

    def _product(self, monomial: Monomial, coefficient: int) -> Placed:
        factors = sorted((self._atom(atom) for atom in monomial), key=lambda placed: placed[1])
        if coefficient != 1 or not factors:
            factors.insert(0, (integer(coefficient), 0))
        result = factors[0]
        for factor in factors[1:]:
            result = self.scopes.emit(Builder.mul, result, factor)
        return result

    def _add(self, left: Placed, right: Placed) -> Placed:
        return self.scopes.emit(Builder.add, left, right)

    def _subtract(self, left: Placed, right: Placed) -> Placed:
        return self.scopes.emit(Builder.sub, left, right)

    def _atom(self, atom: Atom) -> Placed:
        found = self.scopes.find(atom)
        if found is not None:
            return found
        assert isinstance(atom, Operation), f"index {atom} is not bound here"
        operands = self._scalar(atom.left), self._scalar(atom.right)
        return self.scopes.remember(atom, self._operation(atom, *operands))

    def _operation(self, atom: Operation, left: Placed, right: Placed) -> Placed:
        if atom.operator in ("min", "max"):
            sign = "<" if atom.operator == "min" else ">"
            return self.scopes.emit(
                lambda b, x, y: b.select(b.icmp_signed(sign, x, y), x, y), left, right
            )
        if not dims.is_positive(atom.right):  # hoisted code may run where the size is 0
            right = self.scopes.emit(_at_least_one, right)
        divides = atom.operator == "floordiv"
        if dims.is_nonnegative(atom.left):
            return self.scopes.emit(Builder.udiv if divides else Builder.urem, left, right)
        return self.scopes.emit(_floor_divide if divides else _floor_remainder, left, right)

    # Vectors

    def stride(self, value: Dim) -> Dim | None:
        """How `value` grows from lane to lane: 0 for a uniform one, None where it is not linear."""
        if self.lanes is None:
            return 0
        found = dims.coefficient_of(value, self.lanes.index)
        if found is None and isinstance(value, Expr):
            return _stride_within_vector(value, self.lanes)
        return found

    def vector(self, value: Dim) -> Placed:
        """The value in every lane; a scalar where all lanes agree."""
        stride = self.stride(value)
        if stride == 0:
            return self.scalar(value)
        if stride is not None:
            return self._add(self.scalar(value), self.lane_offsets(stride))
        assert isinstance(value, Expr)
        total: Placed = (integer(0), 0)
        for monomial, coefficient in value.terms.items():
            total = self._add(total, self._vector_product(monomial, coefficient))
        return total

    def lane_offsets(self, stride: Dim) -> Placed:
        """The vector `<0, stride, 2*stride, ...>`."""
        assert self.lanes is not None
        count = self.lanes.count
        if isinstance(stride, int):
            return iota(I64, count, stride), 0
        return self.scopes.emit(Builder.mul, (iota(I64, count), 0), self.scalar(stride))

    def _vector_product(self, monomial: Monomial, coefficient: int) -> Placed:
        result: Placed = (integer(coefficient), 0)
        for atom in monomial:
            if isinstance(atom, Operation) and self.stride(Expr({(atom,): 1})) is None:
                factor = self._operation(atom, self.vector(atom.left), self.vector(atom.right))
            else:
                factor = self.vector(Expr({(atom,): 1}))
            result = self.scopes.emit(Builder.mul, result, factor)
        return result

    # Addresses

    def pointer(self, base: Placed, element: Type, position: Dim) -> Placed:
        """The address of `base[position]` at the first lane. Constant offsets are added last."""
        return self._pointer(base, element, self.at_first_lane(position))

    def _pointer(self, base: Placed, element: Type, position: Dim) -> Placed:
        if position == 0:
            return base
        key = ("pointer", base[0], position)
        found = self.scopes.find(key)
        if found is None:
            found = self.scopes.remember(key, self._new_pointer(base, element, position))
        return found

    def _new_pointer(self, base: Placed, element: Type, position: Dim) -> Placed:
        if isinstance(position, int):
            return self._offset(base, element, (integer(position), 0))
        last = position.terms.get((), 0)
        if last:
            base = self._pointer(base, element, position - last)
            return self._offset(base, element, (integer(last), 0))
        inner, outer = self._split_by_depth(position)
        if outer:
            base = self._pointer(base, element, Expr(outer))
        return self._offset(base, element, self._scalar(Expr(inner)))

    def _offset(self, base: Placed, element: Type, index: Placed) -> Placed:
        depth = max(base[1], index[1])
        return self.scopes.at(depth).gep(base[0], element, index[0]), depth


def _at_least_one(b: Builder, x: Value) -> Value:
    one = b.splat(integer(1), x.type.lanes)
    return b.select(b.icmp_signed("<", x, one), one, x)


def _floor_divide(b: Builder, x: Value, y: Value) -> Value:
    """Quotient rounded down, for a positive divisor."""
    quotient = b.sdiv(x, y)
    too_large = b.icmp_signed(">", b.mul(quotient, y), x)
    one = b.splat(integer(1), x.type.lanes)
    return b.select(too_large, b.sub(quotient, one), quotient)


def _floor_remainder(b: Builder, x: Value, y: Value) -> Value:
    """Remainder in [0, y), for a positive divisor."""
    rest = b.srem(x, y)
    zero = b.splat(integer(0), x.type.lanes)
    return b.select(b.icmp_signed("<", rest, zero), b.add(rest, y), rest)


def _stride_within_vector(value: Expr, lanes: Lanes) -> Dim | None:
    """The stride of an expression that is linear within each vector, if not from one to the next.

    The first lane's index is a multiple of the lanes. So where a divisor is one too, and the rest
    of the dividend, no vector crosses a multiple of it: the quotient is uniform, the remainder
    counts up.
    """
    total: Dim = 0
    for monomial, coefficient in value.terms.items():
        varying = [a for a in monomial if lanes.index in dims.symbols(Expr({(a,): 1}))]
        if len(varying) > 1:
            return None
        if varying:
            inner = _atom_stride_within_vector(varying[0], lanes)
            if inner is None:
                return None
            others = tuple(a for a in monomial if a is not varying[0])
            factor = dims.product([Expr({(a,): 1}) for a in others])
            total = total + factor * coefficient * inner
    return total


def _atom_stride_within_vector(atom: Atom, lanes: Lanes) -> int | None:
    match atom:
        case Operation(operator="floordiv" | "mod", left=Expr() as left, right=int() as right):
            rest = left - Expr({(lanes.index,): 1})
            terms = rest.terms.values() if isinstance(rest, Expr) else (rest,)
            aligned = right % lanes.count == 0 and all(t % lanes.count == 0 for t in terms)
            linear = dims.coefficient_of(left, lanes.index) == 1
            if aligned and linear:
                return 1 if atom.operator == "mod" else 0
        case Symbol():
            return 1
    return None
