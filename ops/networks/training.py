"""The update rules of optimizers: Apply*, ResourceApply* and their sparse forms.

A rule is a function of the variables and operands as `Term`s, which returns the variables' new
values. `_define` makes up to four ops of it: over references or resources, for a dense gradient or
for the rows that `indices` names (each row once: the caller has summed repeated ones).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from flowc.ir.tensor.builder import Builder, Handle, require
from flowc.ir.tensor.core import Value
from flowc.ops.arrays.scattering import replace, scatter_rows
from flowc.ops.checks import check_bounds
from flowc.ops.common import show
from flowc.ops.registry import op
from flowc.ops.terms import (
    Term,
    absolute,
    exp,
    maximum,
    rsqrt,
    sign,
    sqrt,
    squared,
    where,
)

Rule = Callable[..., tuple[Term, ...]]


def _variables(b: Builder, handles: Sequence[Handle]) -> list[Value]:
    """The variables' values, which must have one shape."""
    values = [b.state.read(b, handle) for handle in handles]
    for handle, value in zip(handles, values, strict=True):
        require(
            b.assumptions.equal_shapes(b.shape(value), b.shape(values[0])),
            f"var and {handle.name} do not have the same shape {show(b.shape(values[0]))} "
            f"{show(b.shape(value))}",
        )
    return values


def _no_such_row(place: str, index: int, rows: int) -> str:
    return f"Index {index} at offset {place[1:-1]} in indices is out of range [0, {rows})"


def _apply(
    b: Builder, rule: Rule, names: Sequence[str], count: int, inputs: Sequence[Any], attrs: Any
) -> Handle:
    """Read the variables, apply the rule, assign the new values."""
    handles = inputs[:count]
    values = _variables(b, handles)
    operands = dict(zip(names[count:], inputs[count:], strict=True))
    _check_operands(b, operands, b.shape(values[0]))
    indices = operands.pop("indices", None)
    if indices is not None:
        check_bounds(b, indices, b.shape(values[0])[0], words=_no_such_row)
    rows = values if indices is None else [b.take(value, indices) for value in values]
    terms = [Term(b, value) for value in rows]
    updated = rule(*terms, **{n: Term(b, v) for n, v in operands.items()}, **attrs)
    for handle, value, old, new in zip(handles, values, terms, updated, strict=True):
        if new is not old:
            result = new.value
            if indices is not None:
                result = scatter_rows(b, value, indices, result, replace)
            b.state.assign(b, handle, result)
    first: Handle = handles[0]
    return first


def _check_operands(b: Builder, operands: dict[str, Value], shape: Any) -> None:
    sparse = operands.get("indices")
    for name, value in operands.items():
        if name == "indices":
            require(len(b.shape(value)) == 1, "indices must be one-dimensional")
        elif name in ("grad", "delta"):
            wanted = shape if sparse is None else (*b.shape(sparse), *shape[1:])
            require(
                b.assumptions.equal_shapes(b.shape(value), wanted),
                f"var and {name} do not have the same shape {show(wanted)} {show(b.shape(value))}",
            )
        else:
            require(len(b.shape(value)) == 0, f"{name} is not a scalar: {show(b.shape(value))}")


def _define(
    kind: str,
    variables: str,
    operands: str,
    attrs: str = "",
    *,
    sparse: str = "",
    reference: bool = True,
) -> Callable[[Rule], Rule]:
    """Decorator: the ops that apply a rule. `sparse` are the operands of the sparse form."""

    def decorate(rule: Rule) -> Rule:
        for is_sparse in (False, True):
            listed = sparse if is_sparse else operands
            if listed:
                name = f"{'Sparse' if is_sparse else ''}Apply{kind}"
                for resource in (False, True) if reference else (True,):
                    _define_one(name, variables.split(), listed.split(), attrs, rule, resource)
        return rule

    return decorate


def _define_one(
    name: str, variables: list[str], operands: list[str], attrs: str, rule: Rule, resource: bool
) -> None:
    kinds = {"grad": "T", "delta": "T", "indices": "Tindices[:]", "global_step": "int64[]"}
    inputs = [f"{v}: {'resource' if resource else 'ref(T)'}" for v in variables]
    inputs += [f"{o}: {kinds.get(o, 'T[]')}" for o in operands]
    types = "T: {numeric}" + (", Tindices: {index}" if "indices" in operands else "")
    others = "use_locking: bool = false" + (f", {attrs}" if attrs else "")
    text = f"{'Resource' if resource else ''}{name}({', '.join(inputs)}; {types}, {others})"
    names = [*variables, *operands]

    def lower(b: Builder, *inputs: Any, **attributes: Any) -> Handle | None:
        handle = _apply(b, rule, names, len(variables), inputs, attributes)
        return None if resource else handle

    # The registry reads off the signature which attributes the rule takes.
    positional = inspect.Parameter("inputs", inspect.Parameter.VAR_POSITIONAL)
    keywords = [
        p
        for p in inspect.signature(rule).parameters.values()
        if p.kind is p.KEYWORD_ONLY and p.name in attrs
    ]
    functools.update_wrapper(lower, rule)
    lower.__signature__ = inspect.Signature([positional, *keywords])  # type: ignore[attr-defined]
    op(text if resource else f"{text} -> out: ref(T)", stateful=True)(lower)


# Gradient descent and momentum


@_define("GradientDescent", "var", "alpha delta")
def gradient_descent(var: Term, alpha: Term, delta: Term) -> tuple[Term, ...]:
    """Plain steps of size alpha."""
    return (var - delta * alpha,)


@_define(
    "Momentum",
    "var accum",
    "lr grad momentum",
    "use_nesterov: bool = false",
    sparse="lr grad indices momentum",
)
def momentum_step(
    var: Term, accum: Term, lr: Term, grad: Term, momentum: Term, *, use_nesterov: bool
) -> tuple[Term, ...]:
    """Steps along a decaying sum of gradients (Nesterov's: also along the next one)."""
    accum = accum * momentum + grad
    step = grad * lr + accum * momentum * lr if use_nesterov else accum * lr
    return var - step, accum


@_define(
    "KerasMomentum",
    "var accum",
    "lr grad momentum",
    "use_nesterov: bool = false",
    sparse="lr grad indices momentum",
    reference=False,
)
def keras_momentum(
    var: Term, accum: Term, lr: Term, grad: Term, momentum: Term, *, use_nesterov: bool
) -> tuple[Term, ...]:
    """Momentum with the learning rate inside of the sum."""
    accum = accum * momentum - grad * lr
    return var + (accum * momentum - grad * lr if use_nesterov else accum), accum


def _shrunk(prox: Term, rate: Term, l1: Term, l2: Term) -> Term:
    """The proximal step of l1 and l2 regularisation."""
    return sign(prox) * maximum(absolute(prox) - rate * l1, 0.0) / (rate * l2 + 1.0)


@_define("ProximalGradientDescent", "var", "alpha l1 l2 delta")
def proximal_gradient_descent(
    var: Term, alpha: Term, l1: Term, l2: Term, delta: Term
) -> tuple[Term, ...]:
    """Gradient descent, then the proximal step (FOBOS)."""
    return (_shrunk(var - delta * alpha, alpha, l1, l2),)


@_define("ProximalGradientDescent", "var", "", sparse="alpha l1 l2 grad indices")
def sparse_proximal_gradient_descent(
    var: Term, alpha: Term, l1: Term, l2: Term, grad: Term
) -> tuple[Term, ...]:
    """The same for rows."""
    return (_shrunk(var - grad * alpha, alpha, l1, l2),)


# Adagrad and its kin


@_define(
    "Adadelta",
    "var accum accum_update",
    "lr rho epsilon grad",
    sparse="lr rho epsilon grad indices",
)
def adadelta(
    var: Term, accum: Term, accum_update: Term, lr: Term, rho: Term, epsilon: Term, grad: Term
) -> tuple[Term, ...]:
    """Zeiler (2012)."""
    accum = accum * rho + squared(grad) * (1.0 - rho)
    update = sqrt(accum_update + epsilon) * rsqrt(accum + epsilon) * grad
    return var - update * lr, accum, accum_update * rho + squared(update) * (1.0 - rho)


@_define("Adagrad", "var accum", "lr grad", "update_slots: bool = true", sparse="lr grad indices")
def adagrad(
    var: Term, accum: Term, lr: Term, grad: Term, *, update_slots: bool
) -> tuple[Term, ...]:
    """Duchi, Hazan and Singer (2011)."""
    accum = accum + squared(grad) if update_slots else accum
    return var - grad * lr * rsqrt(accum), accum


@_define(
    "AdagradV2",
    "var accum",
    "lr epsilon grad",
    "update_slots: bool = true",
    sparse="lr epsilon grad indices",
)
def adagrad_v2(
    var: Term, accum: Term, lr: Term, epsilon: Term, grad: Term, *, update_slots: bool
) -> tuple[Term, ...]:
    """Adagrad with an epsilon in the denominator."""
    accum = accum + squared(grad) if update_slots else accum
    return var - grad * lr / (sqrt(accum) + epsilon), accum


@_define("ProximalAdagrad", "var accum", "lr l1 l2 grad", sparse="lr l1 l2 grad indices")
def proximal_adagrad(
    var: Term, accum: Term, lr: Term, l1: Term, l2: Term, grad: Term
) -> tuple[Term, ...]:
    """Adagrad, then the proximal step."""
    accum = accum + squared(grad)
    rate = rsqrt(accum) * lr
    return _shrunk(var - grad * rate, rate, l1, l2), accum


@_define(
    "AdagradDA",
    "var gradient_accumulator gradient_squared_accumulator",
    "grad lr l1 l2 global_step",
    sparse="grad indices lr l1 l2 global_step",
)
def adagrad_da(
    var: Term,
    total: Term,
    squares: Term,
    grad: Term,
    lr: Term,
    l1: Term,
    l2: Term,
    global_step: Term,
) -> tuple[Term, ...]:
    """Adagrad with dual averaging: the variable follows from the sums alone."""
    step = Term(grad.b, grad.b.convert(global_step.value, grad.value.type.dtype))
    total, squares = total + grad, squares + squared(grad)
    shrunk = sign(-total) * maximum(absolute(total) - l1 * step, 0.0)
    return lr * shrunk / (l2 * step * lr + sqrt(squares)), total, squares


# Follow the regularised leader


def _power(x: Term, lr_power: Term) -> Term:
    """x to the minus lr_power; the usual -0.5 is a square root."""
    return sqrt(x) if lr_power.constant() == -0.5 else x**-lr_power


def _ftrl(
    var: Term,
    accum: Term,
    linear: Term,
    grad: Term,
    shrunk_grad: Term,
    lr: Term,
    l1: Term,
    l2: Term,
    lr_power: Term,
    by_lr: bool,
) -> tuple[Term, ...]:
    new = accum + squared(grad)
    growth, quadratic = _power(new, lr_power) - _power(accum, lr_power), _power(new, lr_power)
    if by_lr:
        linear = linear + shrunk_grad * lr - growth * var
        l1, quadratic = l1 * lr, quadratic + l2 * lr * 2.0
    else:
        linear = linear + shrunk_grad - growth / lr * var
        quadratic = quadratic / lr + l2 * 2.0
    leader = (l1 * sign(linear) - linear) / quadratic
    return where(absolute(linear) > l1, leader, 0.0), new, linear


_BY_LR = "multiply_linear_by_lr: bool = false"


@_define(
    "Ftrl",
    "var accum linear",
    "grad lr l1 l2 lr_power",
    _BY_LR,
    sparse="grad indices lr l1 l2 lr_power",
)
def ftrl(
    var: Term,
    accum: Term,
    linear: Term,
    grad: Term,
    lr: Term,
    l1: Term,
    l2: Term,
    lr_power: Term,
    *,
    multiply_linear_by_lr: bool,
) -> tuple[Term, ...]:
    """McMahan et al. (2013), FTRL-Proximal."""
    return _ftrl(var, accum, linear, grad, grad, lr, l1, l2, lr_power, multiply_linear_by_lr)


@_define(
    "FtrlV2",
    "var accum linear",
    "grad lr l1 l2 l2_shrinkage lr_power",
    _BY_LR,
    sparse="grad indices lr l1 l2 l2_shrinkage lr_power",
)
def ftrl_v2(
    var: Term,
    accum: Term,
    linear: Term,
    grad: Term,
    lr: Term,
    l1: Term,
    l2: Term,
    l2_shrinkage: Term,
    lr_power: Term,
    *,
    multiply_linear_by_lr: bool,
) -> tuple[Term, ...]:
    """FTRL with an l2 penalty on the gradient as well."""
    shrunk = grad + l2_shrinkage * var * 2.0
    return _ftrl(var, accum, linear, grad, shrunk, lr, l1, l2, lr_power, multiply_linear_by_lr)


# Adam and its kin


@_define(
    "Adam",
    "var m v",
    "beta1_power beta2_power lr beta1 beta2 epsilon grad",
    "use_nesterov: bool = false",
)
def adam(
    var: Term,
    m: Term,
    v: Term,
    beta1_power: Term,
    beta2_power: Term,
    lr: Term,
    beta1: Term,
    beta2: Term,
    epsilon: Term,
    grad: Term,
    *,
    use_nesterov: bool,
) -> tuple[Term, ...]:
    """Kingma and Ba (2014), with the epsilon of their section 2's last formula."""
    alpha = lr * sqrt(1.0 - beta2_power) / (1.0 - beta1_power)
    m = m + (grad - m) * (1.0 - beta1)
    v = v + (squared(grad) - v) * (1.0 - beta2)
    ahead = grad * (1.0 - beta1) + beta1 * m if use_nesterov else m
    return var - ahead * alpha / (sqrt(v) + epsilon), m, v


@_define(
    "AdamWithAmsgrad",
    "var m v vhat",
    "beta1_power beta2_power lr beta1 beta2 epsilon grad",
    reference=False,
)
def adam_with_amsgrad(
    var: Term,
    m: Term,
    v: Term,
    vhat: Term,
    beta1_power: Term,
    beta2_power: Term,
    lr: Term,
    beta1: Term,
    beta2: Term,
    epsilon: Term,
    grad: Term,
) -> tuple[Term, ...]:
    """Reddi, Kale and Kumar (2018)."""
    alpha = lr * sqrt(1.0 - beta2_power) / (1.0 - beta1_power)
    m = m + (grad - m) * (1.0 - beta1)
    v = v + (squared(grad) - v) * (1.0 - beta2)
    vhat = maximum(vhat, v)
    return var - m * alpha / (sqrt(vhat) + epsilon), m, v, vhat


@_define("AdaMax", "var m v", "beta1_power lr beta1 beta2 epsilon grad")
def adamax(
    var: Term,
    m: Term,
    v: Term,
    beta1_power: Term,
    lr: Term,
    beta1: Term,
    beta2: Term,
    epsilon: Term,
    grad: Term,
) -> tuple[Term, ...]:
    """Kingma and Ba (2014), section 7.1."""
    m = m + (grad - m) * (1.0 - beta1)
    v = maximum(v * beta2, absolute(grad))
    return var - lr / (1.0 - beta1_power) * (m / (v + epsilon)), m, v


@_define(
    "RMSProp",
    "var ms mom",
    "lr rho momentum epsilon grad",
    sparse="lr rho momentum epsilon grad indices",
)
def rmsprop(
    var: Term, ms: Term, mom: Term, lr: Term, rho: Term, momentum: Term, epsilon: Term, grad: Term
) -> tuple[Term, ...]:
    """Hinton, lecture 6e of his course (2012)."""
    ms = ms + (squared(grad) - ms) * (1.0 - rho)
    mom = mom * momentum + grad * lr * rsqrt(ms + epsilon)
    return var - mom, ms, mom


@_define(
    "CenteredRMSProp",
    "var mg ms mom",
    "lr rho momentum epsilon grad",
    sparse="lr rho momentum epsilon grad indices",
)
def centered_rmsprop(
    var: Term,
    mg: Term,
    ms: Term,
    mom: Term,
    lr: Term,
    rho: Term,
    momentum: Term,
    epsilon: Term,
    grad: Term,
) -> tuple[Term, ...]:
    """RMSProp by the variance in place of the second moment."""
    ms = ms + (squared(grad) - ms) * (1.0 - rho)
    mg = mg + (grad - mg) * (1.0 - rho)
    mom = mom * momentum + grad * lr * rsqrt(ms - squared(mg) + epsilon)
    return var - mom, mg, ms, mom


@_define("AddSign", "var m", "lr alpha sign_decay beta grad")
def add_sign(
    var: Term, m: Term, lr: Term, alpha: Term, sign_decay: Term, beta: Term, grad: Term
) -> tuple[Term, ...]:
    """Bello et al. (2017)."""
    m = m * beta + grad * (1.0 - beta)
    agreement = sign(grad) * sign(m)
    return var - lr * (alpha + sign_decay * agreement) * grad, m


@_define("PowerSign", "var m", "lr logbase sign_decay beta grad")
def power_sign(
    var: Term, m: Term, lr: Term, logbase: Term, sign_decay: Term, beta: Term, grad: Term
) -> tuple[Term, ...]:
    """Bello et al. (2017)."""
    m = m * beta + grad * (1.0 - beta)
    agreement = sign(grad) * sign(m)
    return var - lr * exp(logbase * sign_decay * agreement) * grad, m
