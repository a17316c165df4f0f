"""A theorem's terms as tensor IR: every program of that form, within bounds.

The left side of a rule's equation is a pattern: names are operands, calls and operators are
instructions. `Patterns.programs` builds it in every way that the `Domain` has: operands of every
type, attributes of every value that fits, every special number in place of each number, the
operands of a binary instruction in both orders. What the rule makes of a program is then held
against the right side by `Patterns.matches`.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.errors import InvalidArgumentError
from flowc.ir.tensor.builder import greatest, least
from flowc.ir.tensor.core import Computation, Instruction, Parameter, Result, TensorType, Value
from flowc.ir.tensor.primitive import PRIMITIVES
from flowc.passes.simplify.patterns import constant_array, producer, splat
from tests.proofs import attributes
from tests.proofs.attributes import Bounds

Env: TypeAlias = Mapping[str, Any]  # operands by name; the primitives that function names stand for
Found: TypeAlias = Iterator[tuple[Value, Env]]

_OPERATORS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Add: ("add",),
    ast.Sub: ("subtract",),
    ast.Mult: ("multiply",),
    ast.Div: ("divide",),
    ast.Mod: ("remainder",),
    ast.Pow: ("power",),
    ast.BitAnd: ("and",),
    ast.BitOr: ("or",),
    ast.BitXor: ("xor",),
    ast.LShift: ("shift_left",),
    ast.RShift: ("shift_right_logical", "shift_right_arithmetic"),
    ast.USub: ("negate",),
    ast.Not: ("not",),
    ast.Invert: ("not",),
}
_DIRECTIONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "EQ",
    ast.NotEq: "NE",
    ast.Lt: "LT",
    ast.LtE: "LE",
    ast.Gt: "GT",
    ast.GtE: "GE",
}
_CALLS: dict[str, tuple[str, ...]] = {
    "max": ("maximum",),
    "min": ("minimum",),
    "broadcast": ("broadcast_in_dim",),
    "bitcast": ("bitcast_convert",),
    "dot": ("dot_general",),
}
_NUMBERS = {"true": True, "false": False}
_LIMITS: dict[str, Callable[[DType], Any]] = {"least": least, "greatest": greatest}
_VANISHING = (  # where they would do nothing
    "reshape",
    "transpose",
    "reverse",
    "slice",
    "convert",
    "bitcast_convert",
    "broadcast_in_dim",
)


@dataclass(frozen=True)
class Domain:
    """What a theorem is proved of."""

    shapes: Sequence[tuple[Dim, ...]] = ((),)
    numbers: Callable[[DType], Sequence[Any]] = lambda _: ()  # that stand for each number
    number_shapes: Sequence[tuple[Dim, ...]] = ()  # as those of operands, if not given
    choices: Mapping[str, Sequence[Any]] = field(default_factory=dict)  # of function names
    bounds: Bounds = field(default_factory=Bounds)  # of attributes
    types: Mapping[str, Sequence[TensorType]] = field(default_factory=dict)  # of some operands
    sources: Callable[[str, TensorType], Sequence[Value]] = lambda *_: ()  # beside parameters


class Patterns:
    """Reads terms over one element type of a domain."""

    def __init__(self, domain: Domain, dtype: DType) -> None:
        self.domain = domain
        self.dtype = dtype
        bounds = domain.bounds
        self._bounds = replace(
            bounds, shapes=bounds.shapes or domain.shapes, dtypes=bounds.dtypes or (dtype,)
        )

    # Left sides

    def programs(self, node: ast.expr, env: Env | None = None) -> Found:
        """Every program that the term describes."""
        env = env or {}
        if self.is_number(node):
            yield from self._numbers(node, env)
            return
        match node:
            case ast.Name(id=name):
                yield from self._operands(name, env)
            case ast.UnaryOp(op=op, operand=x):
                yield from self._instructions(_OPERATORS[type(op)], [x], env)
            case ast.BinOp(left=x, op=op, right=y):
                yield from self._instructions(_OPERATORS[type(op)], [x, y], env)
            case ast.Compare(left=x, ops=[op], comparators=[y]):
                fixed = {"comparison_direction": _DIRECTIONS[type(op)]}
                yield from self._instructions(["compare"], [x, y], env, fixed)
            case ast.Subscript(value=x):
                yield from self._instructions(["slice"], [x], env)
            case ast.Call(func=ast.Name(id=name), args=args):
                yield from self._calls(name, args, env)
            case _:
                raise AssertionError(f"no tensor term: {ast.unparse(node)}")

    def _calls(self, name: str, args: Sequence[ast.expr], env: Env) -> Found:
        if name in env:
            yield from self._instructions([env[name]], args, env)
        elif name in self.domain.choices:
            for primitive in self.domain.choices[name]:
                yield from self._instructions([primitive], args, {**env, name: primitive})
        else:
            yield from self._instructions(_CALLS.get(name, (name,)), args, env)

    def is_number(self, node: ast.expr) -> bool:
        """True for `0`, `~0`, `-1`, `true`, `least`, `2**k`, and for c, d: constants."""
        match node:
            case ast.Constant():
                return True
            case ast.Name(id=name):
                return name in _NUMBERS or name in _LIMITS or name in ("c", "d")
            case ast.UnaryOp(op=ast.Invert() | ast.USub(), operand=ast.Constant()):
                return True
            case ast.BinOp(left=ast.Constant(), op=ast.Pow()):
                return True
            case ast.BinOp(left=x, right=y):
                return self.is_number(x) and self.is_number(y)
        return False

    def _numbers(self, node: ast.expr, env: Env) -> Found:
        name = ast.unparse(node)
        if name in env:
            yield env[name], env
            return
        dtype = dtypes.bool_ if name in _NUMBERS else self.dtype
        for number in self.domain.numbers(dtype):
            for shape in self.domain.number_shapes or self.domain.shapes:
                value = full(number, TensorType(dtype, shape))
                yield value, {**env, name: value}

    def _operands(self, name: str, env: Env) -> Found:
        if name in env:
            yield env[name], env
            return
        for type_ in self.domain.types.get(name) or self._types(name):
            for value in (Parameter(type_, name), *self.domain.sources(name, type_)):
                yield value, {**env, name: value}

    def _types(self, name: str) -> Sequence[TensorType]:
        """By the letter: p is a predicate, v and w are scalars, i an index; others any tensors."""
        if name in ("v", "w", "i"):
            return [TensorType(dtypes.int32 if name == "i" else self.dtype, ())]
        dtype = dtypes.bool_ if name == "p" else self.dtype
        return [TensorType(dtype, shape) for shape in self.domain.shapes]

    def _tuples(self, nodes: Sequence[ast.expr], env: Env) -> Iterator[tuple[list[Value], Env]]:
        if not nodes:
            yield [], env
            return
        for value, inner in self.programs(nodes[0], env):
            for values, last in self._tuples(nodes[1:], inner):
                yield [value, *values], last

    def _instructions(
        self,
        names: Sequence[str],
        args: Sequence[ast.expr],
        env: Env,
        fixed: Mapping[str, Any] | None = None,
    ) -> Found:
        for name, (operands, inner) in itertools.product(names, self._tuples(args, env)):
            for order in _orders(name, operands):
                found = attributes.of(name, order, self._bounds)
                for given, regions in [({**fixed}, ())] if fixed is not None else found:
                    instruction = make(name, order, given, regions)
                    if instruction is not None:
                        yield instruction.results[0], inner

    # Right sides

    def matches(self, node: ast.expr, value: Value, env: Env) -> bool:
        """Whether a value is made as the term says, of the operands in `env`."""
        if self.is_number(node):
            return self._is_number(node, value, env)
        if _does_nothing(value) and isinstance(value, Result):
            value = value.instruction.operands[0]
        match node:
            case ast.Name(id=name):
                return value is env[name] if name in env else splat(value) is not None
            case ast.UnaryOp(op=op, operand=x):
                return self._made(_OPERATORS[type(op)], [x], value, env)
            case ast.BinOp(left=x, op=op, right=y):
                return self._made(_OPERATORS[type(op)], [x, y], value, env)
            case ast.Compare(left=x, ops=[op], comparators=[y]):
                return _compares(value, _DIRECTIONS[type(op)]) and (
                    self._made(["compare"], [x, y], value, env)
                )
            case ast.Subscript(value=x):
                return self._made(["slice"], [x], value, env)
            case ast.Call(func=ast.Name(id=name), args=args):
                names = [env[name]] if name in env else _CALLS.get(name, (name,))
                if name == "combine" and isinstance(value, Result):
                    names = [value.instruction.primitive]
                return self._made(names, args, value, env)
        raise AssertionError(f"no tensor term: {ast.unparse(node)}")

    def _made(self, names: Sequence[str], args: Sequence[ast.expr], value: Value, env: Env) -> bool:
        if isinstance(value, Result) and value.instruction.primitive in names:
            operands = value.instruction.operands[: len(args)]
            pairs = zip(args, operands, strict=False)
            if all(self.matches(x, operand, env) for x, operand in pairs):
                return True
            if len(args) == 2 and all(map(self.matches, args, operands[::-1], [env, env])):
                return True
        return names[0] in _VANISHING and self.matches(args[0], value, env)

    def _is_number(self, node: ast.expr, value: Value, env: Env) -> bool:
        found = splat(value)
        if found is None:
            return False
        with np.errstate(all="ignore"):  # as it is written, or what stood in its place
            numbers = [number_of(node, value.type.dtype, e) for e in _readings(node, env)]
            bits = [np.asarray(n).astype(found.dtype).tobytes() for n in numbers]
        return found.tobytes() in bits


def _orders(name: str, operands: list[Value]) -> list[list[Value]]:
    """The operands, and those of a binary elementwise instruction the other way round too."""
    swap = PRIMITIVES[name].elementwise and len(operands) == 2 and operands[0] is not operands[1]
    return [operands, operands[::-1]] if swap else [operands]


def _compares(value: Value, direction: str) -> bool:
    made = producer(value, "compare")
    return made is not None and made.attributes["comparison_direction"] == direction


def _does_nothing(value: Value) -> bool:
    """True for a scalar broadcast or reshaped to a scalar, which no equation mentions."""
    moved = (producer(value, name) for name in ("broadcast_in_dim", "reshape"))
    sources = [i.operands[0] for i in moved if i is not None]
    return not value.type.shape and any(not source.type.shape for source in sources)


def _readings(node: ast.expr, env: Env) -> Sequence[Env]:
    """A written number is itself, or what stood in its place on the left."""
    return [env, {}] if isinstance(node, ast.Constant) else [env]


def number_of(node: ast.expr, dtype: DType, env: Env) -> Any:
    """The number that a term writes; one that stands in `env` is another."""
    written = env.get(ast.unparse(node))
    if written is not None:
        return splat(written)
    match node:
        case ast.Name(id=name):
            return _NUMBERS[name] if name in _NUMBERS else _LIMITS[name](dtype)
        case ast.UnaryOp(op=ast.Invert(), operand=x):
            return ~np.asarray(number_of(x, dtype, {})).astype(dtype.numpy)
        case ast.UnaryOp(operand=x):
            return -number_of(x, dtype, {})
        case ast.Constant(value=value):
            return value
        case ast.BinOp(left=two, op=ast.Pow(), right=ast.UnaryOp(operand=k)):
            return 1 / number_of(ast.BinOp(two, ast.Pow(), k), dtype, env)
        case ast.BinOp(left=x, op=op, right=y):
            operands = [np.asarray(number_of(z, dtype, env)) for z in (x, y)]
            return PRIMITIVES[_OPERATORS[type(op)][0]].evaluate(operands, {}, ())[0]
    raise AssertionError(f"no number: {ast.unparse(node)}")


def make(
    name: str,
    operands: Sequence[Value],
    given: Mapping[str, Any],
    regions: Sequence[Computation] = (),
) -> Instruction | None:
    """The instruction, or None where the operands do not fit."""
    try:
        types = PRIMITIVES[name].infer([v.type for v in operands], given, regions)
    except InvalidArgumentError:
        return None
    return Instruction(name, tuple(operands), given, types, tuple(regions))


def full(number: Any, type_: TensorType) -> Value:
    """A constant of one number."""
    with np.errstate(all="ignore"):
        array = np.asarray(number).astype(type_.dtype.numpy)
    constant = make("constant", [], {"value": array, "dtype": type_.dtype})
    assert constant is not None
    if not type_.shape:
        return constant.result
    spread = {"shape": type_.shape, "broadcast_dimensions": ()}
    broadcast = make("broadcast_in_dim", [constant.result], spread)
    assert broadcast is not None
    return broadcast.result


def is_constant(value: Value) -> bool:
    """True for constants of one number, whatever their shape."""
    return splat(value) is not None or constant_array(value) is not None
