"""The optimizers' update rules, dense and sparse.

A rule is one function of the old state, the hyperparameters and the gradient; it returns the new
state. Each gives four ops: `Apply...` on references, `ResourceApply...` on resources, and the
sparse forms of both, where the gradient's rows belong to some rows of the variable only. The
formulas are those of TensorFlow's `core/kernels/training_ops.cc`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from flowc.ir.ops.common import check_bounds, show
from flowc.ir.ops.registry import op
from flowc.ir.ops.scattering import replace, scatter_rows
from flowc.ir.tensor.builder import Builder, Handle, require
from flowc.ir.tensor.core import Value

Step: TypeAlias = Callable[..., Sequence[Value]]


@dataclass(frozen=True)
class Rule:
    """An update rule: its state (the variable first), its operands in TensorFlow's order.

    `operands` names hyperparameters and the gradient (`grad`, or `delta`). `step(b, state, given,
    grad, **attributes)` computes the new state; `given` holds the hyperparameters, each in the
    gradient's shape.
    """

    name: str
    state: tuple[str, ...]
    operands: tuple[str, ...]
    step: Step
    attributes: Mapping[str, bool]

    @property
    def gradient(self) -> str:
        """The operand that is the gradient."""
        return "delta" if "delta" in self.operands else "grad"


def _rule(
    name: str,
    state: str,
    operands: str,
    *,
    sparse: bool = True,
    dense: bool = True,
    reference: bool = True,
    **attributes: bool,
) -> Callable[[Step], Step]:
    """Decorator: define the ops of a rule."""

    def define(step: Step) -> Step:
        rule = Rule(name, tuple(state.split()), tuple(operands.split()), step, attributes)
        if dense:
            _define_dense(rule, reference)
        if sparse:
            _define_sparse(rule, reference)
        return step

    return define


def _signature(prefix: str, rule: Rule, operands: Sequence[str], index: str, resource: bool) -> str:
    kind = "resource" if resource else "ref(T)"
    arguments = [f"{name}: {kind}" for name in rule.state]
    arguments += [f"{name}: {_OPERAND_TYPES.get(name, 'T')}" for name in operands]
    attributes = [f"{name}: bool = {str(v).lower()}" for name, v in rule.attributes.items()]
    attributes = ["T: {numeric}", *index.split(), "use_locking: bool = false", *attributes]
    outputs = "" if resource else " -> out: ref(T)"
    return f"{prefix}{rule.name}({', '.join(arguments)}; {', '.join(attributes)}){outputs}"


_OPERAND_TYPES = {"global_step": "int64", "indices": "Tindices"}


def _define_dense(rule: Rule, reference: bool) -> None:
    def lower(b: Builder, *arguments: Any, **attributes: Any) -> Handle:
        handles, operands = _split(rule, arguments, rule.operands)
        old = [b.state.read(b, handle) for handle in handles]
        new = _new_state(b, rule, old, operands, attributes)
        for handle, value in zip(handles, new, strict=True):
            b.state.assign(b, handle, value)
        return handles[0]

    _define(rule, lower, "Apply", rule.operands, "", reference)


def _define_sparse(rule: Rule, reference: bool) -> None:
    place = rule.operands.index(rule.gradient) + 1
    operands = (*rule.operands[:place], "indices", *rule.operands[place:])

    def lower(b: Builder, *arguments: Any, **attributes: Any) -> Handle:
        handles, given = _split(rule, arguments, operands)
        indices = given.pop("indices")
        whole = [b.state.read(b, handle) for handle in handles]
        _check_rows(b, whole[0], indices, given[rule.gradient])
        old = [b.take(value, indices, 0) for value in whole]
        new = _new_state(b, rule, old, given, attributes)
        for handle, value, rows in zip(handles, whole, new, strict=True):
            b.state.assign(b, handle, scatter_rows(b, value, indices, rows, replace))
        return handles[0]

    _define(rule, lower, "SparseApply", operands, "Tindices:{index}", reference)


def _define(
    rule: Rule,
    lower: Callable[..., Handle],
    prefix: str,
    operands: Sequence[str],
    index: str,
    reference: bool,
) -> None:
    """The reference and the resource spelling of one lowering."""

    def lower_resource(b: Builder, *arguments: Any, **attributes: Any) -> None:
        lower(b, *arguments, **attributes)

    spellings = [("Resource" + prefix, lower_resource, True)]
    if reference:
        spellings.append((prefix, lower, False))
    for name, function, resource in spellings:
        text = _signature(name, rule, operands, index, resource)
        definition = op(text, stateful=True)(function)
        definition.keywords = tuple(rule.attributes)
        definition.not_differentiable()


def _split(
    rule: Rule, arguments: Sequence[Any], operands: Sequence[str]
) -> tuple[list[Handle], dict[str, Value]]:
    count = len(rule.state)
    return list(arguments[:count]), dict(zip(operands, arguments[count:], strict=True))


def _new_state(
    b: Builder, rule: Rule, old: list[Value], operands: dict[str, Value], attributes: Any
) -> Sequence[Value]:
    """The rule's step, with scalars spread over the gradient's shape."""
    given = dict(operands)
    grad = given.pop(rule.gradient)
    shape = b.shape(grad)
    for name, value in zip(rule.state, old, strict=True):
        require(
            b.assumptions.equal_shapes(b.shape(value), shape),
            f"{name} and {rule.gradient} do not have the same shape {show(b.shape(value))} "
            f"{show(shape)}",
        )
    for name, value in given.items():
        require(not b.shape(value), f"{name} is not a scalar: {show(b.shape(value))}")
    spread = {
        name: b.broadcast_in_dim(b.convert(value, grad.type.dtype), shape, ())
        for name, value in given.items()
    }
    return rule.step(b, old, spread, grad, **attributes)


def _check_rows(b: Builder, value: Value, indices: Value, grad: Value) -> None:
    shape = b.shape(value)
    require(len(b.shape(indices)) == 1, "indices must be one-dimensional")
    require(len(shape) >= 1, "var must be at least 1 dimensional")
    same = b.assumptions.equal(b.shape(grad)[0], b.shape(indices)[0])
    require(same, "grad must be the same size as indices in the first dimension.")
    check_bounds(b, indices, shape[0], f"indices is not in [0, {shape[0]})")


Values: TypeAlias = Sequence[Value]
Given: TypeAlias = Mapping[str, Value]


# Rules


@_rule("GradientDescent", "var", "alpha delta", sparse=False)
def _gradient_descent(b: Builder, state: Values, p: Given, grad: Value) -> Values:
    (var,) = state
    return (b.subtract(var, b.multiply(p["alpha"], grad)),)


def _shrink(b: Builder, x: Value, rate: Value, p: Given) -> Value:
    """sign(x) max(|x| - rate l1, 0) / (1 + rate l2), the proximal step."""
    size = b.maximum(b.subtract(b.abs(x), b.multiply(rate, p["l1"])), 0)
    moved = b.select(b.gt(p["l1"], 0), b.multiply(b.sign(x), size), x)
    return b.divide(moved, b.add(b.multiply(rate, p["l2"]), 1))


@_rule("ProximalGradientDescent", "var", "alpha l1 l2 delta", sparse=False)
def _proximal_gradient_descent(b: Builder, state: Values, p: Given, grad: Value) -> Values:
    (var,) = state
    moved = b.subtract(var, b.multiply(p["alpha"], grad))
    return (_shrink(b, moved, p["alpha"], p),)


@_rule("ProximalGradientDescent", "var", "alpha l1 l2 grad", dense=False)
def _sparse_proximal_gradient_descent(b: Builder, state: Values, p: Given, grad: Value) -> Values:
    return _proximal_gradient_descent(b, state, p, grad)


def _decayed(b: Builder, old: Value, decay: Value, new: Value) -> Value:
    """old decay + new (1 - decay)"""
    rest = b.subtract(b.full_like(decay, 1), decay)
    return b.add(b.multiply(old, decay), b.multiply(new, rest))


@_rule("Adadelta", "var accum accum_update", "lr rho epsilon grad")
def _adadelta(b: Builder, state: Values, p: Given, grad: Value) -> Values:
    var, accum, accum_update = state
    accum = _decayed(b, accum, p["rho"], b.multiply(grad, grad))
    wanted = b.sqrt(b.add(accum_update, p["epsilon"]))
    update = b.multiply(b.multiply(wanted, b.rsqrt(b.add(accum, p["epsilon"]))), grad)
    moved = _decayed(b, accum_update, p["rho"], b.multiply(update, update))
    return b.subtract(var, b.multiply(update, p["lr"])), accum, moved


@_rule("Adagrad", "var accum", "lr grad", update_slots=True)
def _adagrad(b: Builder, state: Values, p: Given, grad: Value, *, update_slots: bool) -> Values:
    var, accum = state
    if update_slots:
        accum = b.add(accum, b.multiply(grad, grad))
    step = b.multiply(b.multiply(grad, p["lr"]), b.rsqrt(accum))
    return b.subtract(var, step), accum


@_rule("AdagradV2", "var accum", "lr epsilon grad", update_slots=True)
def _adagrad_v2(b: Builder, state: Values, p: Given, grad: Value, *, update_slots: bool) -> Values:
    var, accum = state
    if update_slots:
        accum = b.add(accum, b.multiply(grad, grad))
    below = b.add(b.sqrt(accum), p["epsilon"])
    return b.subtract(var, b.divide(b.multiply(grad, p["lr"]), below)), accum


@_rule("ProximalAdagrad", "var accum", "lr l1 l2 grad")
def _proximal_adagrad(b: Builder, state: Values, p: Given, grad: Value) -> Values:
    var, accum = state
    accum = b.add(accum, b.multiply(grad, grad))
    rate = b.multiply(p["lr"], b.rsqrt(accum))
    return _shrink(b, b.subtract(var, b.multiply(grad, rate)), rate, p), accum


@_rule(
    "AdagradDA",
    "var gradient_accumulator gradient_squared_accumulator",
    "grad lr l1 l2 global_step",
)
def _adagrad_da(b: Builder, state: Values, p: Given, grad: Value) -> Values:
    _, sums, squares = state
    sums, squares = b.add(sums, grad), b.add(squares, b.multiply(grad, grad))
    least = b.multiply(p["l1"], p["global_step"])
    shrunk = b.multiply(b.sign(sums), b.maximum(b.subtract(b.abs(sums), least), 0))
    used = b.select(b.gt(p["l1"], 0), shrunk, sums)
    weight = b.multiply(b.multiply(p["l2"], p["lr"]), p["global_step"])
    below = b.add(weight, b.sqrt(squares))
    return b.divide(b.negate(b.multiply(p["lr"], used)), below), sums, squares


def _ftrl_step(
    b: Builder, state: Values, p: Given, grad: Value, shrunk: Value, by_rate: bool
) -> Values:
    """Follow the regularised leader: McMahan et al., "Ad Click Prediction" (2013)."""
    var, accum, linear = state
    new_accum = b.add(accum, b.multiply(grad, grad))
    power = b.negate(p["lr_power"])
    before, after = b.power(accum, power), b.power(new_accum, power)
    growth = b.subtract(after, before)
    one = b.full_like(grad, 1)
    rate, scale = (one, p["lr"]) if by_rate else (p["lr"], one)
    added = b.subtract(b.multiply(shrunk, scale), b.multiply(b.divide(growth, rate), var))
    linear = b.add(linear, added)
    bound = b.multiply(p["l1"], scale)
    curve = b.add(b.divide(after, rate), b.multiply(b.multiply(p["l2"], scale), 2))
    pulled = b.subtract(b.multiply(b.sign(linear), bound), linear)
    outside = b.gt(b.abs(linear), bound)
    var = b.select(outside, b.divide(pulled, curve), b.zeros_like(linear))
    return var, new_accum, linear


@_rule("Ftrl", "var accum linear", "grad lr l1 l2 lr_power", multiply_linear_by_lr=False)
def _ftrl(
    b: Builder, state: Values, p: Given, grad: Value, *, multiply_linear_by_lr: bool
) -> Values:
    return _ftrl_step(b, state, p, grad, grad, multiply_linear_by_lr)


@_rule(
    "FtrlV2",
    "var accum linear",
    "grad lr l1 l2 l2_shrinkage lr_power",
    multiply_linear_by_lr=False,
)
def _ftrl_v2(
    b: Builder, state: Values, p: Given, grad: Value, *, multiply_linear_by_lr: bool
) -> Values:
    twice = b.multiply(p["l2_shrinkage"], 2)
    shrunk = b.add(grad, b.multiply(twice, state[0]))
    return _ftrl_step(b, state, p, grad, shrunk, multiply_linear_by_lr)


@_rule("Momentum", "var accum", "lr grad momentum", use_nesterov=False)
def _momentum(b: Builder, state: Values, p: Given, grad: Value, *, use_nesterov: bool) -> Values:
    var, accum = state
    accum = b.add(b.multiply(accum, p["momentum"]), grad)
    if not use_nesterov:
        return b.subtract(var, b.multiply(accum, p["lr"])), accum
    ahead = b.multiply(b.multiply(accum, p["momentum"]), p["lr"])
    return b.subtract(var, b.add(b.multiply(grad, p["lr"]), ahead)), accum


@_rule("KerasMomentum", "var accum", "lr grad momentum", reference=False, use_nesterov=False)
def _keras_momentum(
    b: Builder, state: Values, p: Given, grad: Value, *, use_nesterov: bool
) -> Values:
    var, accum = state
    step = b.multiply(grad, p["lr"])
    accum = b.subtract(b.multiply(accum, p["momentum"]), step)
    if use_nesterov:
        return b.add(var, b.subtract(b.multiply(accum, p["momentum"]), step)), accum
    return b.add(var, accum), accum


def _toward(b: Builder, old: Value, new: Value, decay: Value) -> Value:
    """old + (new - old) (1 - decay)"""
    rest = b.subtract(b.full_like(decay, 1), decay)
    return b.add(old, b.multiply(b.subtract(new, old), rest))


def _corrected_rate(b: Builder, p: Given) -> Value:
    """lr sqrt(1 - beta2^t) / (1 - beta1^t)"""
    one = b.full_like(p["lr"], 1)
    root = b.sqrt(b.subtract(one, p["beta2_power"]))
    return b.divide(b.multiply(p["lr"], root), b.subtract(one, p["beta1_power"]))


_ADAM = "beta1_power beta2_power lr beta1 beta2 epsilon grad"


@_rule("Adam", "var m v", _ADAM, sparse=False, use_nesterov=False)
def _adam(b: Builder, state: Values, p: Given, grad: Value, *, use_nesterov: bool) -> Values:
    var, m, v = state
    rate = _corrected_rate(b, p)
    m = _toward(b, m, grad, p["beta1"])
    v = _toward(b, v, b.multiply(grad, grad), p["beta2"])
    direction = _decayed(b, m, p["beta1"], grad) if use_nesterov else m
    below = b.add(b.sqrt(v), p["epsilon"])
    return b.subtract(var, b.divide(b.multiply(direction, rate), below)), m, v


@_rule("AdamWithAmsgrad", "var m v vhat", _ADAM, sparse=False, reference=False)
def _adam_with_amsgrad(b: Builder, state: Values, p: Given, grad: Value) -> Values:
    var, m, v, greatest = state
    m = _toward(b, m, grad, p["beta1"])
    v = _toward(b, v, b.multiply(grad, grad), p["beta2"])
    greatest = b.maximum(greatest, v)
    below = b.add(b.sqrt(greatest), p["epsilon"])
    step = b.divide(b.multiply(m, _corrected_rate(b, p)), below)
    return b.subtract(var, step), m, v, greatest


@_rule("AdaMax", "var m v", "beta1_power lr beta1 beta2 epsilon grad", sparse=False)
def _adamax(b: Builder, state: Values, p: Given, grad: Value) -> Values:
    var, m, v = state
    m = _toward(b, m, grad, p["beta1"])
    v = b.maximum(b.multiply(p["beta2"], v), b.abs(grad))
    rate = b.divide(p["lr"], b.subtract(b.full_like(grad, 1), p["beta1_power"]))
    return b.subtract(var, b.multiply(rate, b.divide(m, b.add(v, p["epsilon"])))), m, v


@_rule("RMSProp", "var ms mom", "lr rho momentum epsilon grad")
def _rms_prop(b: Builder, state: Values, p: Given, grad: Value) -> Values:
    var, ms, mom = state
    ms = _toward(b, ms, b.multiply(grad, grad), p["rho"])
    step = b.multiply(b.multiply(grad, p["lr"]), b.rsqrt(b.add(ms, p["epsilon"])))
    mom = b.add(b.multiply(mom, p["momentum"]), step)
    return b.subtract(var, mom), ms, mom


@_rule("CenteredRMSProp", "var mg ms mom", "lr rho momentum epsilon grad")
def _centered_rms_prop(b: Builder, state: Values, p: Given, grad: Value) -> Values:
    var, mg, ms, mom = state
    ms = _toward(b, ms, b.multiply(grad, grad), p["rho"])
    mg = _toward(b, mg, grad, p["rho"])
    variance = b.add(b.subtract(ms, b.multiply(mg, mg)), p["epsilon"])
    step = b.multiply(b.multiply(grad, p["lr"]), b.rsqrt(variance))
    mom = b.add(b.multiply(mom, p["momentum"]), step)
    return b.subtract(var, mom), mg, ms, mom


def _agreement(b: Builder, m: Value, grad: Value, p: Given) -> Value:
    """sign_decay sign(grad) sign(m)"""
    return b.multiply(p["sign_decay"], b.multiply(b.sign(grad), b.sign(m)))


@_rule("AddSign", "var m", "lr alpha sign_decay beta grad", sparse=False)
def _add_sign(b: Builder, state: Values, p: Given, grad: Value) -> Values:
    var, m = state
    m = _decayed(b, m, p["beta"], grad)
    weight = b.add(p["alpha"], _agreement(b, m, grad, p))
    return b.subtract(var, b.multiply(b.multiply(p["lr"], weight), grad)), m


@_rule("PowerSign", "var m", "lr logbase sign_decay beta grad", sparse=False)
def _power_sign(b: Builder, state: Values, p: Given, grad: Value) -> Values:
    var, m = state
    m = _decayed(b, m, p["beta"], grad)
    weight = b.exponential(b.multiply(p["logbase"], _agreement(b, m, grad, p)))
    return b.subtract(var, b.multiply(b.multiply(p["lr"], weight), grad)), m
