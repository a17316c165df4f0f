"""Every rule is proved: its docstring's equations are the theorems, its code rewrites.

An equation's left side is built in every way that fits (`tests.proofs.terms`). Where the rule
rewrites what was built, the result must be what the right side says, and mean the same:

- Elementwise rules: for all numbers, by z3, as bit vectors and IEEE floats, with denormals and
  without; and in the interpreter for special numbers, or all of a narrow type.
- Rules of shapes and axes: in the interpreter, over all small shapes, empty ones among them, and
  with a symbol in place of a size, which stands for 0 to 4.
- Control flow: in the interpreter, for all predicates and several numbers of iterations.

`--hypothesis-profile=thorough` takes more types, numbers and shapes. A rule without an entry in
`PROOFS` fails, as one whose equations never apply does.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim
from flowc.ir.dtypes import DType
from flowc.ir.tensor.builder import least
from flowc.ir.tensor.core import Instruction, Parameter, Shape, TensorType, Value
from flowc.ir.tensor.primitive import Array
from flowc.passes.simplify.arithmetic import multiply_one
from flowc.passes.simplify.engine import Rule, RuleBuilder
from flowc.passes.simplify.patterns import ELEMENTWISE as ELEMENTWISE_PRIMITIVES
from flowc.passes.simplify.patterns import is_number, operand_of, producer, splat
from flowc.passes.simplify.simplify import RULES
from tests.passes.simplify.control_programs import (
    captured_generators,
    cases,
    checks,
    constants,
    loops,
)
from tests.proofs import numbers
from tests.proofs.attributes import Bounds
from tests.proofs.rules import (
    EVERY,
    FLOATS,
    INTEGERS,
    THOROUGH,
    Elementwise,
    Programs,
    Proof,
    Shapes,
)
from tests.proofs.terms import Domain, make


def not_negative(name: str, type_: TensorType) -> Sequence[Value]:
    """Values that cannot be -0.0, in place of an operand."""
    if not type_.dtype.is_floating:
        return ()
    x, k = Parameter(type_, "x"), Parameter(TensorType(dtypes.int32, type_.shape), "k")
    positive = make("abs", [x], {})
    made = [positive, make("convert", [k], {"dtype": type_.dtype}), make("exponential", [x], {})]
    assert positive is not None
    made.append(make("add", [x, positive.result], {}))
    return [i.result for i in made if i is not None]


def few(dtype: DType) -> Sequence[Array]:
    return numbers.specials(dtype)[-4:]


def one_and_least(dtype: DType) -> Sequence[Array]:
    return tuple(np.asarray(n).astype(dtype.numpy) for n in (1, least(dtype)))


def dividers(dtype: DType) -> Sequence[Array]:
    return (*numbers.specials(dtype), *numbers.powers_of_two(dtype))


def exponents(dtype: DType) -> Sequence[Array]:
    wanted = (0, 1, 2, -1, 3, 0.5, -0.5, -2, 0.25)
    kept = (
        n
        for n in wanted
        if dtype.is_floating or (n == int(n) and (n >= 0 or not dtype.is_unsigned))
    )
    return tuple(np.asarray(n).astype(dtype.numpy) for n in kept)


def signed_zeros(dtype: DType) -> Sequence[Array]:
    numbers = (0.0, -0.0, 1.0) if dtype.is_floating else (0, 1)
    return tuple(np.asarray(n).astype(dtype.numpy) for n in numbers)


def identities(dtype: DType) -> Sequence[Array]:
    """What may be the identity of a combiner, and what is none."""
    if dtype.is_bool:
        return numbers.specials(dtype)
    limits = (-np.inf, np.inf) if dtype.is_floating else (dtype.min, dtype.max)
    wanted = (0, 1, *limits, *(() if dtype.is_unsigned else (-1,)))
    return tuple(np.asarray(n).astype(dtype.numpy) for n in wanted)


def ranges(name: str, type_: TensorType) -> Sequence[Value]:
    """Constants for indices: one after the other, and not."""
    if name != "y":
        return ()
    lists = (
        [0],
        [0, 1],
        [1, 2],
        [2, 3],
        [1, 0],
        [-1, 0],
        [0, 2],
        [[0], [1]],
        [[0, 1]],
        [[1, 2]],
        1,
    )
    found = [
        make("constant", [], {"value": np.array(n, np.int32), "dtype": dtypes.int32}) for n in lists
    ]
    return [i.result for i in found if i is not None]


N, M = dims.symbol("n"), dims.symbol("m")


def shapes(ranks: Iterable[int], sizes: Sequence[Dim]) -> Sequence[Shape]:
    """All shapes of these ranks over these sizes."""
    return tuple(s for rank in ranks for s in itertools.product(sizes, repeat=rank))


VECTORS = shapes(range(2), (0, 1, 2, 3, N))
MATRICES = shapes(range(3), (0, 1, 2, N))
BOXES = (
    shapes(range(4), (0, 1, 2, N))
    if THOROUGH
    else (*MATRICES, *shapes([3], (1, 2, N)), (0, 2, N), (2, 0, 1), (N, 2, 0))
)
REAL = (*INTEGERS, *FLOATS)
ROUNDINGS = ("floor", "ceil", "round_nearest_even", "round_nearest_afz")
SPECIAL = Domain(numbers=numbers.specials)
POWERS = Domain(numbers=exponents)
INDICES = {"y": (TensorType(dtypes.int32, (2,)),)}
PREDICATES = {"p": (TensorType(dtypes.bool_, ()), TensorType(dtypes.bool_, (2,)))}
COMBINERS = ("add", "multiply", "maximum", "minimum", "and", "or", "xor")
STRIDES = (1, 2, 3) if THOROUGH else (1, 2)
REDUCED = (dtypes.bool_, dtypes.int8, dtypes.float32, *((dtypes.uint8,) if THOROUGH else ()))
CONVERTED = tuple(d for d in EVERY if THOROUGH or d.name not in ("int16", "uint16", "uint64"))

PROOFS: dict[str, Proof] = {
    # arithmetic, bits, selections
    "add_zero": Elementwise(Domain(numbers=numbers.specials, sources=not_negative)),
    "extreme_again": Elementwise(SPECIAL, signs=False),
    "associate": Elementwise(Domain(numbers=few)),
    "divide_by_power_of_two": Elementwise(Domain(numbers=dividers), FLOATS, solved=False),
    "keep_integral": Elementwise(Domain(choices={"f": ROUNDINGS, "g": ROUNDINGS}), FLOATS),
    **dict.fromkeys(
        (
            "add_negated",
            "subtract_zero",
            "subtract_from_zero",
            "subtract_negated",
            "subtract_itself",
            "multiply_one",
            "multiply_zero",
            "multiply_minus_one",
            "multiply_negated",
            "divide_by_one",
            "negate_twice",
            "negate_difference",
            "absolute_of_sign",
            "same_operands",
            "and_constant",
            "or_constant",
            "xor_constant",
            "not_twice",
            "not_comparison",
            "shift_by_zero",
            "remainder_of_one",
            "compare_itself",
            "compare_with_bool",
            "compare_unsigned",
            "select_known",
            "select_same",
            "select_not",
            "select_bools",
            "select_again",
            "extreme_of_same",
            "extreme_identity",
            "clamp_unbounded",
        ),
        Elementwise(SPECIAL),
    ),
    # powers
    "power_of_constant": Elementwise(POWERS, REAL, ulps=1),
    "power_of_three": Elementwise(POWERS, REAL, ulps=1),
    "square_root": Elementwise(POWERS, REAL, ulps=1, arguments=np.abs),
    # broadcasts
    "broadcast_to_same": Shapes(Domain(MATRICES)),
    "broadcast_adding_ones": Shapes(Domain(MATRICES, bounds=Bounds(BOXES))),
    "broadcast_twice": Shapes(Domain(MATRICES)),
    "broadcast_of_reshape": Shapes(Domain(MATRICES)),
    # reshapes
    "reshape_to_same": Shapes(Domain(BOXES)),
    "reshape_twice": Shapes(Domain((*shapes(range(4), (1, 2, N)), *shapes(range(3), (0, 2))))),
    "reshape_of_broadcast": Shapes(Domain(MATRICES)),
    "reshape_of_iota": Shapes(Domain((), bounds=Bounds(BOXES))),
    # transposes
    "transpose_twice": Shapes(Domain(BOXES)),
    "transpose_moving_ones": Shapes(Domain(BOXES)),
    "transpose_of_broadcast": Shapes(Domain(MATRICES, bounds=Bounds(BOXES))),
    "transpose_of_iota": Shapes(Domain((), bounds=Bounds(BOXES))),
    "reverse_ones": Shapes(Domain(BOXES)),
    "reverse_twice": Shapes(Domain(BOXES)),
    "reverse_of_broadcast": Shapes(Domain(MATRICES, bounds=Bounds(BOXES))),
    # conversions
    "convert_to_same": Elementwise(Domain(bounds=Bounds(dtypes=EVERY)), EVERY),
    "convert_twice": Elementwise(Domain(bounds=Bounds(dtypes=CONVERTED)), CONVERTED),
    "bitcast_twice": Shapes(
        Domain(((), (2,), (4,), (3, 8), (0, 2), (N, 2)), bounds=Bounds(dtypes=EVERY)), EVERY
    ),
    "elementwise_of_broadcasts": Shapes(
        Domain(
            ((), (1,), (N,)),
            one_and_least,
            ((2,), (2, N)),
            {"f": ELEMENTWISE_PRIMITIVES},
            Bounds(((2,), (2, N)), dtypes=(dtypes.float32,)),
            PREDICATES,
        ),
        (dtypes.bool_, dtypes.int32, dtypes.float32),
    ),
    "elementwise_of_reshapes": Shapes(
        Domain(
            ((), (2,), (N,)),
            one_and_least,
            ((2, 1), (1, N)),
            {"f": ELEMENTWISE_PRIMITIVES},
            Bounds(((), (2, 1), (1, N)), dtypes=(dtypes.float32,)),
            PREDICATES,
        ),
        (dtypes.bool_, dtypes.int32, dtypes.float32),
    ),
    # slices
    "slice_all": Shapes(Domain(MATRICES)),
    "slice_twice": Shapes(
        Domain(((), (0,), (1,), (4,), (5,), (N,), (2, 2), (2, N)), bounds=Bounds(strides=STRIDES))
    ),
    "slice_of_concatenate": Shapes(Domain(((0,), (1,), (3,), (N,), (M,), (2, 1), (2, 2)))),
    "slice_of_broadcast": Shapes(Domain(((), (1,), (2,), (N,)), bounds=Bounds(MATRICES))),
    "dynamic_slice_known": Shapes(
        Domain(
            ((0,), (1,), (3,), (N,), (2, 3), (2, N)),
            numbers=lambda _: (-3, 0, 1, 2, 9),
            number_shapes=((),),
            types={"y": (TensorType(dtypes.int32, ()),)},
        )
    ),
    "update_all": Shapes(Domain(((0,), (1,), (3,), (N,)))),
    "gather_of_range": Shapes(
        Domain(((0,), (3,), (N,), (2, 3), (3, 2), (3, N), (2, 3, 2)), types=INDICES, sources=ranges)
    ),
    # concatenations and padding
    "concatenate_parts": Shapes(Domain(((0,), (1,), (2,), (N,), (0, 2), (1, 2), (0, N)))),
    "concatenate_twice": Shapes(Domain(((0,), (1,), (N,), (0, 2), (1, 2)))),
    "concatenate_of_slices": Shapes(
        Domain(((0,), (3,), (N,), (2, 2)), bounds=Bounds(strides=(1,)))
    ),
    "concatenate_of_one_number": Shapes(Domain(((), (1,)), bounds=Bounds(MATRICES))),
    "pad_nothing": Shapes(Domain(MATRICES)),
    "pad_with_itself": Shapes(Domain((), bounds=Bounds(MATRICES))),
    "pad_by_less_than_nothing": Shapes(Domain(((), (0,), (1,), (3,), (N,), (2, 2), (3, N)))),
    "pad_twice": Shapes(
        Domain(
            VECTORS,
            numbers=signed_zeros,
            number_shapes=((),),
            bounds=Bounds(edges=(-1, 0, 1, 2)),
        ),
        (dtypes.int32, dtypes.float32),
    ),
    "convolution_of_pad": Shapes(
        Domain(
            ((0, 2, 2), (2, 2, 2), (1, 3, 2), (2, N, 2)),
            types={"y": tuple(TensorType(dtypes.int32, s) for s in ((1, 2, 2), (2, 2, 2)))},
            numbers=signed_zeros,
            number_shapes=((),),
            bounds=Bounds(edges=(0, 1), strides=(1,), interior=(0,)),
        ),
    ),
    # reductions
    "reduce_of_nothing": Shapes(Domain(MATRICES)),
    "reduce_of_ones": Shapes(Domain(MATRICES)),
    "reduce_of_reshape": Shapes(Domain(((), (2,), (N,), (0,), (2, N)), bounds=Bounds(BOXES))),
    "reduce_of_transpose": Shapes(Domain(((3,), (2, 3), (N, 2), (0, 2), (2, N, 3), (2, 1, 3)))),
    "reduce_twice": Shapes(
        Domain(
            ((), (2,), (0, 2), (2, N), (N, 0), (2, 3, 2), (2, N, 3)),
            identities,
            ((),),
            bounds=Bounds(combiners=COMBINERS),
        ),
        REDUCED,
        signs=False,
    ),
    "reduce_of_broadcast": Shapes(
        Domain(
            ((), (1,), (2,), (N,), (2, 1)),
            identities,
            ((),),
            bounds=Bounds(
                ((), (2,), (0,), (3,), (N,), (2, 3), (3, 2), (N, 3), (2, 0), (1, 3), (2, 1, 3)),
                combiners=COMBINERS,
            ),
        ),
        REDUCED,
    ),
    # windows
    "reduce_window_of_one": Shapes(Domain(((), (0,), (1,), (3,), (N,), (2, 2), (2, N)))),
    "scatter_of_one": Shapes(Domain(((), (0,), (1,), (3,), (N,), (2, 2), (2, N)))),
    # contractions
    **dict.fromkeys(
        ("dot_of_transposed_lhs", "dot_of_transposed_rhs", "transpose_of_dot"),
        Shapes(Domain(((), (2,), (2, 3), (0, 2), (N, 2), (2, 2), (3, 2, 2), (2, N, 2)))),
    ),
    # what is no term: the programs are built one by one
    "constant_of_one_number": Programs(constants),
    "case_known": Programs(cases),
    "sink_generators": Programs(captured_generators),
    "while_never": Programs(loops),
    "while_carrying_invariants": Programs(loops),
    "check_passes": Programs(checks),
}

EVERY_RULE = {rule.__name__: rule for rules in RULES.values() for rule in rules}


@pytest.mark.parametrize("name", EVERY_RULE)
def test_proof(name: str) -> None:
    assert name in PROOFS, f"{name} has no proof"
    PROOFS[name].check(EVERY_RULE[name])


def test_no_proof_is_of_a_rule_that_is_gone() -> None:
    assert PROOFS.keys() == EVERY_RULE.keys()


# A prover that refutes nothing proves nothing.


def add_any_zero(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x + 0 -> x`, which it is not where x is -0.0"""
    x, zero = i.operands
    return x if is_number(zero, 0) else None


def divide_by_any_power(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x / 2**k -> x * 2**-k`, which it is not where a power is denormal or too large"""
    x, divisor = i.operands[0], splat(i.operands[1])
    if divisor is None or not divisor or np.frexp(float(divisor))[0] not in (0.5, -0.5):
        return None
    with np.errstate(over="ignore"):
        return b.multiply(x, 1 / float(divisor))


def not_any_comparison(b: RuleBuilder, i: Instruction) -> Value | None:
    """`not x < y -> x >= y`, which it is not of NaN"""
    found = producer(i.operands[0], "compare")
    return None if found is None else b.ge(*found.operands)


def subtract_in_any_order(b: RuleBuilder, i: Instruction) -> Value | None:
    """`-(x - y) -> y - x`, which it is not of a zero"""
    found = producer(i.operands[0], "subtract")
    return None if found is None else b.subtract(found.operands[1], found.operands[0])


def convert_past_anything(b: RuleBuilder, i: Instruction) -> Value | None:
    """`convert(convert(x)) -> convert(x)`, though the one between may be too narrow"""
    inner = operand_of(i.operands[0], "convert")
    return None if inner is None else b.convert(inner, i.types[0].dtype)


def states_another_thing(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x * 1 -> 1`"""
    return multiply_one(b, i)


def transpose_in_wrong_order(b: RuleBuilder, i: Instruction) -> Value | None:
    """`transpose(transpose(x)) -> transpose(x)` by the permutations the other way round"""
    inner = producer(i.operands[0], "transpose")
    if inner is None:
        return None
    second = i.attributes["permutation"]
    order = [second[axis] for axis in inner.attributes["permutation"]]
    x = inner.operands[0]
    fits = tuple(x.type.shape[axis] for axis in order) == i.types[0].shape
    return b.transpose(x, order) if fits else None


def slice_too_far(b: RuleBuilder, i: Instruction) -> Value | None:
    """`x[a:b][c:d] -> x[a + c : a + d]`, though the first slice may take steps"""
    inner = producer(i.operands[0], "slice")
    if inner is None or i.types[0].shape != i.operands[0].type.shape:
        return None
    start, size = inner.attributes["start_indices"], i.types[0].shape
    limits = [a + n for a, n in zip(start, size, strict=True)]
    return b.slice(inner.operands[0], start, limits)


WRONG: tuple[tuple[Rule, Proof], ...] = (
    (add_any_zero, Elementwise(SPECIAL, (dtypes.float32,))),
    (divide_by_any_power, Elementwise(Domain(numbers=dividers), (dtypes.float32,), solved=False)),
    (not_any_comparison, Elementwise(SPECIAL, (dtypes.float16,))),
    (subtract_in_any_order, Elementwise(SPECIAL, (dtypes.float16,))),
    (convert_past_anything, PROOFS["convert_twice"]),
    (states_another_thing, PROOFS["multiply_one"]),
    (transpose_in_wrong_order, PROOFS["transpose_twice"]),
    (slice_too_far, PROOFS["slice_twice"]),
)


@pytest.mark.parametrize(("rule", "proof"), WRONG, ids=lambda x: getattr(x, "__name__", ""))
def test_wrong_rules_are_refuted(rule: Rule, proof: Proof) -> None:
    with pytest.raises(AssertionError, match="becomes"):
        proof.check(rule)
