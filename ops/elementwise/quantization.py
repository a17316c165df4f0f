"""Simulated quantisation: values rounded to what few bits can hold, and their gradients."""

from __future__ import annotations

from collections.abc import Callable

from flowc.ir import dtypes
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ops.checks import check_all, culprit
from flowc.ops.common import Tensors, merge_shapes, require_rank, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op
from flowc.ops.terms import Term, maximum, where

_BITS = "num_bits: int = 8, narrow_range: bool = false"
_RANGE = f"min: float = -6.0, max: float = 6.0, {_BITS}"


def _minimum(x: Term, y: Term) -> Term:
    return Term(x.b, x.b.minimum(*x.b.broadcast(x.value, y.value)))


def _between(x: Term, low: Term, high: Term) -> Term:
    """low <= x <= high."""
    b = x.b
    above = b.ge(*b.broadcast(x.value, low.value))
    return Term(b, b.and_(above, b.le(*b.broadcast(x.value, high.value))))


class _Range:
    """The nudged range: the one nearest to [low, high] in which 0 is exactly a level."""

    def __init__(self, low: Term, high: Term, bits: int, narrow: bool) -> None:
        require(2 <= bits <= 16, f"num_bits must be between 2 and 16, inclusive: {bits}")
        self.first, self.last = float(int(narrow)), float(2**bits - 1)
        self.scale = (high - low) / (self.last - self.first)
        zero = -(low / self.scale) + self.first
        b = low.b
        rounded = Term(b, b.round_nearest_afz(zero.value))
        rounded = where(zero > self.last, rounded * 0.0 + self.last, rounded)
        below = Term(b, b.lt(zero.value, self.first))
        self.zero = where(below, rounded * 0.0 + self.first, rounded)
        self.low = (self.first - self.zero) * self.scale
        self.high = (self.last - self.zero) * self.scale
        self.empty = Term(b, b.and_(b.eq(low.value, 0), b.eq(high.value, 0)))

    def quantize(self, x: Term) -> Term:
        """x at the nearest level; 0 where the range is empty."""
        clamped = _minimum(maximum(x, self.low), self.high)
        steps = (clamped - self.low) / self.scale + 0.5
        level = Term(x.b, x.b.floor(steps.value)) * self.scale + self.low
        return where(self.empty, x * 0.0, level)

    def inside(self, x: Term) -> Term:
        """Where x lies in the range, or everywhere if that is empty."""
        b = x.b
        within = _between(x, self.low, self.high)
        return Term(b, b.or_(*b.broadcast(within.value, self.empty.value)))

    def below(self, x: Term) -> Term:
        """Where x lies below the range."""
        b = x.b
        under = b.lt(*b.broadcast(x.value, self.low.value))
        return Term(b, b.and_(*b.broadcast(under, b.not_(self.empty.value))))

    def above(self, x: Term) -> Term:
        """Where x lies above the range."""
        b = x.b
        over = b.gt(*b.broadcast(x.value, self.high.value))
        return Term(b, b.and_(*b.broadcast(over, b.not_(self.empty.value))))


# A range in attributes


def _constant_range(
    b: Builder, low: float, high: float, num_bits: int, narrow_range: bool
) -> _Range:
    require(low < high, f"min has to be smaller than max, was: {low} >= {high}")
    terms = [Term(b, b.constant(v, dtypes.float32)) for v in (low, high)]
    return _Range(terms[0], terms[1], num_bits, narrow_range)


@op(f"FakeQuantWithMinMaxArgs(inputs: float32; {_RANGE}) -> outputs: float32")
def fake_quant_args(
    b: Builder, inputs: Value, *, min: float, max: float, num_bits: int, narrow_range: bool
) -> Value:
    """The inputs at the nearest levels of a constant range."""
    return _constant_range(b, min, max, num_bits, narrow_range).quantize(Term(b, inputs)).value


@op(
    f"FakeQuantWithMinMaxArgsGradient(gradients: float32, inputs: float32; {_RANGE})"
    " -> backprops: float32"
)
def fake_quant_args_gradient(
    b: Builder,
    gradients: Value,
    inputs: Value,
    *,
    min: float,
    max: float,
    num_bits: int,
    narrow_range: bool,
) -> Value:
    """The gradients where the inputs lie within the range."""
    merge_shapes(b, "FakeQuantWithMinMaxArgsGradient", gradients, inputs)
    levels = _constant_range(b, min, max, num_bits, narrow_range)
    return where(levels.inside(Term(b, inputs)), Term(b, gradients), 0.0).value


@fake_quant_args.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    attrs = {n: op.get_attr(n) for n in ("min", "max", "num_bits", "narrow_range")}
    return (g("FakeQuantWithMinMaxArgsGradient", grad, op.inputs[0], **attrs),)


# A range in operands, for all or for each of the last dimension


_LEVELS = """

The range is moved so that 0 is one of its 2**num_bits levels, one fewer with
narrow_range. What lies outside of it is set to its ends."""
_SLOPES = """

The gradients where the inputs lie within the range, and the sums of those below and above it."""


def _define(suffix: str, prepare: Callable[[Builder, Value, Value], tuple[int, ...]]) -> None:
    name = f"FakeQuantWithMinMaxVars{suffix}"
    per = ", for each of the last dimension" if suffix else ""
    bounds = "[:]" if suffix else "[]"
    operands = f"inputs: float32, min: float32{bounds}, max: float32{bounds}"

    @op(f"{name}({operands}; {_BITS}) -> outputs: float32")
    def forward(
        b: Builder, inputs: Value, low: Value, high: Value, *, num_bits: int, narrow_range: bool
    ) -> Value:
        for bound in (low, high):
            prepare(b, inputs, bound)
        levels = _Range(Term(b, low), Term(b, high), num_bits, narrow_range)
        return levels.quantize(Term(b, inputs)).value

    @op(
        f"{name}Gradient(gradients: float32, {operands}; {_BITS}) -> backprops_wrt_input: float32,"
        " backprop_wrt_min: float32, backprop_wrt_max: float32"
    )
    def backward(
        b: Builder,
        gradients: Value,
        inputs: Value,
        low: Value,
        high: Value,
        *,
        num_bits: int,
        narrow_range: bool,
    ) -> tuple[Value, ...]:
        merge_shapes(b, name, gradients, inputs)
        axes = prepare(b, inputs, low)
        levels = _Range(Term(b, low), Term(b, high), num_bits, narrow_range)
        x, grad = Term(b, inputs), Term(b, gradients)
        parts = [where(test(x), grad, 0.0).value for test in (levels.below, levels.above)]
        sums = (b.reduce_sum(part, axes) for part in parts)
        return where(levels.inside(x), grad, 0.0).value, *sums

    forward.documented(f"The inputs at the nearest levels of the range [min, max]{per}.{_LEVELS}")
    backward.documented(f"The gradients by the inputs, and by the range's ends{per}.{_SLOPES}")
    backward.not_differentiable()

    @forward.gradient
    def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
        attrs = {n: op.get_attr(n) for n in ("num_bits", "narrow_range")}
        return tuple(g(f"{name}Gradient", grad, *op.inputs, **attrs))


def _scalar_range(b: Builder, inputs: Value, bound: Value) -> tuple[int, ...]:
    require_rank(b, bound, 0, "min and max")
    return tuple(range(len(b.shape(inputs))))


def _channel_range(b: Builder, inputs: Value, bound: Value) -> tuple[int, ...]:
    (size,) = require_rank(b, bound, 1, "min and max")
    shape = b.shape(inputs)
    same = len(shape) > 0 and b.assumptions.equal(shape[-1], size)
    require(same, f"min and max must have as many elements as the last dimension: {show(shape)}")
    return tuple(range(len(shape) - 1))


_define("", _scalar_range)
_define("PerChannel", _channel_range)
fake_quant_args_gradient.not_differentiable()


# Quantise and dequantise

_ROUND = 'round_mode: {"HALF_TO_EVEN", "HALF_UP"} = "HALF_TO_EVEN"'


@op(
    "QuantizeAndDequantizeV2(input: T, input_min: T[], input_max: T[]; signed_input: bool = true,"
    " num_bits: int = 8, range_given: bool = false, T: {float},"
    f" {_ROUND}, narrow_range: bool = false, axis: int = -1) -> output: T"
)
def quantize_and_dequantize(
    b: Builder,
    input: Value,
    input_min: Value,
    input_max: Value,
    *,
    signed_input: bool,
    num_bits: int,
    range_given: bool,
    round_mode: str,
    narrow_range: bool,
    axis: int,
) -> Value:
    """The input scaled to integers of num_bits, rounded, and scaled back."""
    limit = 62 if signed_input else 63
    require(1 <= num_bits <= limit, f"num_bits is out of range: {num_bits}")
    shape = b.shape(input)
    require(-1 <= axis < len(shape), f"Axis should be at least -1 and less than rank: {axis}")
    low, high = _given_range(b, input, input_min, input_max, range_given, axis)
    levels = _levels(signed_input, num_bits, narrow_range)
    low, high, scale = _fitted(low, high, *levels)
    if axis >= 0:
        whole = [b.broadcast_in_dim(t.value, shape, (axis,)) for t in (low, high, scale)]
        low, high, scale = (Term(b, v) for v in whole)
    x = Term(b, input)
    if range_given:
        x = _minimum(maximum(x, low), high)
    scaled = x * scale
    if round_mode == "HALF_TO_EVEN":
        rounded = Term(b, b.round_nearest_even(scaled.value))
    else:
        rounded = Term(b, b.floor((scaled + 0.5).value))
    return (rounded * (1.0 / scale)).value


def _given_range(
    b: Builder, x: Value, low: Value, high: Value, given: bool, axis: int
) -> tuple[Term, Term]:
    if given:
        for bound in (low, high):
            require_rank(b, bound, 0 if axis == -1 else 1, "input_min and input_max")
        check_all(
            b,
            b.le(low, high),
            "Invalid range: input_min > input_max",
            culprit(
                (low, high),
                lambda low, high: low > high,
                lambda place, low, high: (
                    f"Invalid range: input_min {low[place]} > input_max {high[place]}"
                ),
            ),
        )
        return Term(b, low), Term(b, high)
    axes = [a for a in range(len(b.shape(x))) if a != axis]
    return Term(b, b.reduce_min(x, axes)), Term(b, b.reduce_max(x, axes))


def _levels(signed: bool, bits: int, narrow: bool) -> tuple[float, float]:
    if not signed:
        return 0.0, float(2**bits - 1)
    return float(-(2 ** (bits - 1)) + int(narrow)), float(2 ** (bits - 1) - 1)


def _fitted(low: Term, high: Term, first: float, last: float) -> tuple[Term, Term, Term]:
    """The range and scale at which both ends fit and 0 is a level."""
    b = low.b
    infinite = float("inf")
    by_low = low * 0.0 + infinite
    if first:
        product = low * first
        by_low = where(product > 0.0, first / low, infinite)
    by_high = where(high * last > 0.0, last / high, infinite)
    wide_low = Term(b, b.lt(by_low.value, by_high.value))
    scale = where(wide_low, by_low, by_high)
    inverse = 1.0 / scale
    return where(wide_low, low, inverse * first), where(wide_low, inverse * last, high), scale


@quantize_and_dequantize.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    return grad, None, None
