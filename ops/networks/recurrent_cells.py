"""The gradients of recurrent cells that are one op: of one step of an LSTM, and of a GRU."""

from __future__ import annotations

from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ops.common import merge_shapes
from flowc.ops.registry import op
from flowc.ops.terms import Term

_MATRIX = "T[:,:]"
_LSTM = ", ".join(
    [f"{name}: {_MATRIX}" for name in ("x", "cs_prev", "h_prev", "w")]
    + [f"{name}: T[:]" for name in ("wci", "wcf", "wco", "b")]
    + [f"{name}: {_MATRIX}" for name in ("i", "cs", "f", "o", "ci", "co", "cs_grad", "h_grad")]
)
_GRU = ", ".join(
    [f"{name}: {_MATRIX}" for name in ("x", "h_prev", "w_ru", "w_c")]
    + [f"{name}: T[:]" for name in ("b_ru", "b_c")]
    + [f"{name}: {_MATRIX}" for name in ("r", "u", "c", "d_h")]
)


@op(
    f"LSTMBlockCellGrad({_LSTM}; use_peephole: bool, T: {{float16, float32}})"
    " -> cs_prev_grad: T, dicfo: T, wci_grad: T, wcf_grad: T, wco_grad: T"
)
def lstm_block_cell_grad(b: Builder, *operands: Value, use_peephole: bool) -> tuple[Value, ...]:
    """The gradients by the state before, the gates (i, c, f, o side by side), the peepholes."""
    _, cs_prev, _, _, wci, wcf, wco, _, *states = operands
    shape = merge_shapes(b, "LSTMBlockCellGrad", cs_prev, *states)
    i, cs, f, o, ci, co, cs_grad, h_grad = (Term(b, value) for value in states)
    before = Term(b, cs_prev)
    by_o = o * (1.0 - o) * h_grad * co
    by_cs = (1.0 - co * co) * h_grad * o + cs_grad
    peepholes = [_repeated(b, w, shape) for w in (wci, wcf, wco)]
    if use_peephole:
        by_cs = by_cs + by_o * peepholes[2]
    by_ci = (1.0 - ci * ci) * by_cs * i
    by_f = f * (1.0 - f) * by_cs * before
    by_i = i * (1.0 - i) * by_cs * ci
    by_before = by_cs * f
    sums = [b.zeros_like(w) for w in (wci, wcf, wco)]
    if use_peephole:
        by_before = by_before + by_i * peepholes[0] + by_f * peepholes[1]
        products = (by_i * before, by_f * before, by_o * cs)
        sums = [b.reduce_sum(product.value, [0]) for product in products]
    gates = b.concatenate([by_i.value, by_ci.value, by_f.value, by_o.value], 1)
    return by_before.value, gates, *sums


@op(
    f"GRUBlockCellGrad({_GRU}; T: {{float32}}) -> d_x: T, d_h_prev: T, d_c_bar: T, d_r_bar_u_bar: T"
)
def gru_block_cell_grad(b: Builder, *operands: Value) -> tuple[Value, ...]:
    """The gradients by input and state, and by what candidate and gates are functions of."""
    x, h_prev, w_ru, w_c, b_ru, b_c, *states = operands
    cells = merge_shapes(b, "GRUBlockCellGrad", h_prev, *states)[1]
    fits = all(b.assumptions.equal(b.shape(v)[0], n * cells) for v, n in ((b_ru, 2), (b_c, 1)))
    require(fits, f"b_ru and b_c must have {2 * cells} and {cells} elements")
    r, u, c, by_h = (Term(b, value) for value in states)
    before, width = Term(b, h_prev), b.shape(x)[1]
    by_c = by_h * (1.0 - u) * (1.0 - c * c)
    by_u = by_h * (before - c) * u * (1.0 - u)
    by_x, by_reset = _parts(b, b.matmul(by_c.value, w_c, transpose_y=True), width)
    by_r = by_reset * before * r * (1.0 - r)
    gates = b.concatenate([by_r.value, by_u.value], 1)
    more_x, by_before = _parts(b, b.matmul(gates, w_ru, transpose_y=True), width)
    by_before = by_before + by_reset * r + by_h * u
    return (by_x + more_x).value, by_before.value, by_c.value, gates


def _repeated(b: Builder, vector: Value, shape: Shape) -> Term:
    """A number for each cell, for all of a batch."""
    (count,) = b.shape(vector)
    require(b.assumptions.equal(count, shape[1]), f"{count} numbers do not fit {shape[1]} cells")
    return Term(b, b.broadcast_in_dim(b.reshape(vector, (shape[1],)), shape, (1,)))


def _parts(b: Builder, joined: Value, width: Dim) -> tuple[Term, Term]:
    """The gradient by the input, and by the state beside it."""
    total = b.shape(joined)[1]
    ends = ((0, width), (width, total))
    first, second = (Term(b, b.slice_axis(joined, 1, low, high)) for low, high in ends)
    return first, second
