"""Cells of recurrent networks as single ops: LSTM (one step, and a whole sequence) and GRU.

Hochreiter and Schmidhuber (1997) with the peepholes of Gers (2000); Cho et al. (2014). The gates
stand in the order input, cell, forget, output (BlockLSTMV2: input, forget, cell, output).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Value
from flowc.ops.common import Tensors, or_zeros, require_rank, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op
from flowc.ops.terms import Term


def _sigmoid(x: Term) -> Term:
    return Term(x.b, x.b.logistic(x.value))


def _tanh(x: Term) -> Term:
    return Term(x.b, x.b.tanh(x.value))


def _joined(b: Builder, *parts: Value) -> Value:
    return b.concatenate(parts, 1)


def _parts(b: Builder, x: Value, count: int) -> list[Term]:
    """Equal parts along axis 1."""
    size = b.shape(x)[1] // count
    return [Term(b, b.slice_axis(x, 1, i * size, (i + 1) * size)) for i in range(count)]


@dataclass(frozen=True)
class _Lstm:
    """The weights and options of an LSTM layer."""

    b: Builder
    w: Value
    bias: Value
    peepholes: tuple[Term, Term, Term] | None  # of the input, forget and output gate
    forget_bias: float
    cell_clip: float
    cell_second: bool = True

    def gates(self, x: Value, h_prev: Value, cell: Dim) -> list[Term]:
        """What enters the four gates."""
        b = self.b
        w = b.reshape(self.w, (b.shape(self.w)[0], 4 * cell))
        bias = Term(b, b.reshape(self.bias, (4 * cell,)))
        return _parts(b, (Term(b, b.matmul(_joined(b, x, h_prev), w)) + bias).value, 4)

    def step(self, x: Value, cs_prev: Value, h_prev: Value) -> tuple[Value, ...]:
        """i, cs, f, o, ci, co, h."""
        b = self.b
        i, second, third, o = self.gates(x, h_prev, b.shape(cs_prev)[1])
        ci, f = (second, third) if self.cell_second else (third, second)
        before = Term(b, cs_prev)
        f = f + self.forget_bias
        if self.peepholes:
            i, f = i + before * self.peepholes[0], f + before * self.peepholes[1]
        i, f, ci = _sigmoid(i), _sigmoid(f), _tanh(ci)
        cs = ci * i + before * f
        if self.cell_clip > 0:
            cs = Term(b, b.clamp(-self.cell_clip, cs.value, self.cell_clip))
        o = _sigmoid(o + cs * self.peepholes[2] if self.peepholes else o)
        co = _tanh(cs)
        return tuple(t.value for t in (i, cs, f, o, ci, co, co * o))


def _layer(
    b: Builder,
    w: Value,
    peepholes: Sequence[Value],
    bias: Value,
    use_peephole: bool,
    forget_bias: float,
    cell_clip: float,
    cell_second: bool = True,
) -> _Lstm:
    first, second, third = (Term(b, v) for v in peepholes)
    chosen = (first, second, third) if use_peephole else None
    return _Lstm(b, w, bias, chosen, forget_bias, cell_clip, cell_second)


def _expect_cell(b: Builder, x: Value, cs_prev: Value, w: Value) -> None:
    inputs, cell = require_rank(b, x, 2, "x"), require_rank(b, cs_prev, 2, "cs_prev")
    rows, columns = require_rank(b, w, 2, "w")
    same = b.assumptions.equal(inputs[0], cell[0])
    require(same, f"cs_prev.dims(0) != batch_size: {cell[0]} vs. {inputs[0]}")
    fits = b.assumptions.equal(rows, inputs[1] + cell[1])
    require(fits, f"w.dim_size(0) != input_size + cell_size: {rows} vs. {inputs[1] + cell[1]}")
    fits = b.assumptions.equal(columns, cell[1] * 4)
    require(fits, f"w.dim_size(1) != cell_size * 4: {columns} vs. {cell[1] * 4}")


_STATES = ("i", "cs", "f", "o", "ci", "co", "h")
_OUTPUTS = ", ".join(f"{name}: T" for name in _STATES)
_WEIGHTS = "w: T[:,:], wci: T[:], wcf: T[:], wco: T[:], b: T[:]"
_TYPES = "T: {float16, float32}"


@op(
    f"LSTMBlockCell(x: T[:,:], cs_prev: T[:,:], h_prev: T, {_WEIGHTS}; forget_bias: float = 1.0,"
    f" cell_clip: float = 3.0, use_peephole: bool = false, {_TYPES}) -> {_OUTPUTS}"
)
def lstm_block_cell(
    b: Builder,
    x: Value,
    cs_prev: Value,
    h_prev: Value,
    w: Value,
    wci: Value,
    wcf: Value,
    wco: Value,
    bias: Value,
    *,
    forget_bias: float,
    cell_clip: float,
    use_peephole: bool,
) -> tuple[Value, ...]:
    """One step of an LSTM: the gates, the cell's state and the output."""
    _expect_cell(b, x, cs_prev, w)
    layer = _layer(b, w, (wci, wcf, wco), bias, use_peephole, forget_bias, cell_clip)
    return layer.step(x, cs_prev, h_prev)


# Sequences


def _at(b: Builder, x: Value, time: Value) -> Value:
    """x[time]."""
    zero = b.constant(0, dtypes.int64)
    shape = b.shape(x)
    row = b.dynamic_slice(x, [time] + [zero] * (len(shape) - 1), [1, *shape[1:]])
    return b.reshape(row, shape[1:])


def _put(b: Builder, x: Value, row: Value, time: Value) -> Value:
    """x with x[time] = row."""
    zero = b.constant(0, dtypes.int64)
    update = b.reshape(row, [1, *b.shape(row)])
    return b.dynamic_update_slice(x, update, [time] + [zero] * (len(b.shape(x)) - 1))


def _settle_sizes(b: Builder, x: Value, cs_prev: Value, h_prev: Value, w: Value) -> None:
    """Find sizes equal before the loop, whose state must not change its type."""
    _, batch, width = require_rank(b, x, 3, "x")
    cell = require_rank(b, cs_prev, 2, "cs_prev")
    rows, _ = require_rank(b, w, 2, "w")
    fits = b.assumptions.equal(batch, cell[0]) and b.assumptions.equal(rows, width + cell[1])
    fits = fits and b.assumptions.equal_shapes(b.shape(cs_prev), b.shape(h_prev))
    require(
        fits,
        f"cs_prev {show(cell)}, h_prev and w {show(b.shape(w))} do not fit x {show(b.shape(x))}",
    )


def _sequence(
    b: Builder, layer: _Lstm, length: Value, x: Value, cs_prev: Value, h_prev: Value
) -> tuple[Value, ...]:
    _settle_sizes(b, x, cs_prev, h_prev, layer.w)
    times, batch, _ = b.shape(x)
    shape = (times, batch, b.shape(cs_prev)[1])
    blank = b.full(0, shape, x.type.dtype)
    last = b.convert(b.minimum(length, b.size(times, dtypes.int64)), dtypes.int64)

    def running(time: Value, *_: Value) -> Value:
        return b.lt(time, last)

    def body(time: Value, cs: Value, h: Value, *stored: Value) -> list[Value]:
        states = layer.step(_at(b, x, time), cs, h)
        kept = [_put(b, whole, row, time) for whole, row in zip(stored, states, strict=True)]
        return [b.add(time, 1), states[1], states[6], *kept]

    start = [b.constant(0, dtypes.int64), cs_prev, h_prev, *[blank] * len(_STATES)]
    return b.while_(running, body, start)[3:]


def _define_sequence(name: str, attrs: str, cell_second: bool, forget: float | None) -> None:
    @op(
        f"{name}(seq_len_max: int64, x: T, cs_prev: T[:,:], h_prev: T[:,:], {_WEIGHTS}; {attrs}"
        f" use_peephole: bool = false, {_TYPES}) -> {_OUTPUTS}"
    )
    def lower(
        b: Builder,
        seq_len_max: Value,
        x: Value,
        cs_prev: Value,
        h_prev: Value,
        w: Value,
        wci: Value,
        wcf: Value,
        wco: Value,
        bias: Value,
        *,
        cell_clip: float,
        use_peephole: bool,
        forget_bias: float = 0.0,
    ) -> tuple[Value, ...]:
        require_rank(b, seq_len_max, 0, "seq_len_max")
        peepholes = (wci, wcf, wco)
        added = forget_bias if forget is None else forget
        layer = _layer(b, w, peepholes, bias, use_peephole, added, cell_clip, cell_second)
        return _sequence(b, layer, seq_len_max, x, cs_prev, h_prev)

    if forget is not None:
        lower.keywords = ("cell_clip", "use_peephole")

    @lower.gradient
    def _(g: GraphBuilder, op: Operation, *grads: Tensor | None) -> Tensors:
        by_cs, by_h = (or_zeros(g, grads[i], op.outputs[i]) for i in (1, 6))
        peephole = op.get_attr("use_peephole")
        backward = "BlockLSTMGradV2" if name == "BlockLSTMV2" else "BlockLSTMGrad"
        results = g(backward, *op.inputs, *op.outputs, by_cs, by_h, use_peephole=peephole)
        return None, *results


_define_sequence("BlockLSTM", "forget_bias: float = 1.0, cell_clip: float = 3.0,", True, None)
_define_sequence("BlockLSTMV2", "cell_clip: float = 0.0,", False, 0.0)


def _define_sequence_gradient(name: str, cell_second: bool) -> None:
    gradients = ", ".join(
        f"{n}_grad: T" for n in ("x", "cs_prev", "h_prev", "w", "wci", "wcf", "wco", "b")
    )

    @op(
        f"{name}(seq_len_max: int64, x: T[:,:,:], cs_prev: T[:,:], h_prev: T[:,:],"
        f" {_WEIGHTS}, {_OUTPUTS},"
        f" cs_grad: T, h_grad: T; use_peephole: bool, {_TYPES}) -> {gradients}"
    )
    def lower(b: Builder, seq_len_max: Value, *inputs: Value, use_peephole: bool) -> list[Value]:
        return _sequence_gradient(b, seq_len_max, inputs, use_peephole, cell_second)


def _sequence_gradient(
    b: Builder, length: Value, inputs: Sequence[Value], use_peephole: bool, cell_second: bool
) -> list[Value]:
    x, cs_prev, h_prev, w, wci, wcf, wco, bias = inputs[:8]
    states, by_cs, by_h = dict(zip(_STATES, inputs[8:15], strict=True)), inputs[15], inputs[16]
    _settle_sizes(b, x, cs_prev, h_prev, w)
    times, _, width = b.shape(x)
    cell = b.shape(cs_prev)[1]
    w, bias = b.reshape(w, (width + cell, 4 * cell)), b.reshape(bias, (4 * cell,))
    last = b.convert(b.minimum(length, b.size(times, dtypes.int64)), dtypes.int64)
    peepholes = [Term(b, v) for v in (wci, wcf, wco)]

    def running(time: Value, *_: Value) -> Value:
        return b.ge(time, 0)

    def before(name: str, time: Value, initial: Value) -> Term:
        previous = _at(b, states[name], b.maximum(b.subtract(time, 1), 0))
        return Term(b, b.select(b.eq(time, 0), initial, previous))

    def body(time: Value, dcs: Value, dh: Value, *sums: Value) -> list[Value]:
        i, cs, f, o, ci, co, _ = (Term(b, _at(b, states[n], time)) for n in _STATES)
        cs_before, h_before = before("cs", time, cs_prev), before("h", time, h_prev)
        dh_all = Term(b, _at(b, by_h, time)) + Term(b, dh)
        do = o * (1.0 - o) * dh_all * co
        cell = (1.0 - co * co) * dh_all * o + Term(b, dcs) + Term(b, _at(b, by_cs, time))
        if use_peephole:
            cell = cell + do * peepholes[2]
        di, df = i * (1.0 - i) * cell * ci, f * (1.0 - f) * cell * cs_before
        dci = (1.0 - ci * ci) * cell * i
        order = (di, dci, df, do) if cell_second else (di, df, dci, do)
        gates = _joined(b, *(t.value for t in order))
        back = cell * f
        if use_peephole:
            back = back + di * peepholes[0] + df * peepholes[1]
        dxh = b.matmul(gates, w, transpose_y=True)
        xh = _joined(b, _at(b, x, time), h_before.value)
        new = [
            _put(b, sums[0], _columns(b, dxh, 0, width), time),
            b.add(sums[1], b.matmul(xh, gates, transpose_x=True)),
            *(
                b.add(total, b.reduce_sum((gate * cell_state).value, [0]))
                for total, gate, cell_state in zip(
                    sums[2:5], (di, df, do), (cs_before, cs_before, cs), strict=True
                )
            ),
            b.add(sums[5], b.reduce_sum(gates, [0])),
        ]
        return [b.subtract(time, 1), back.value, _columns(b, dxh, width, None), *new]

    start = [b.subtract(last, 1), b.zeros_like(cs_prev), b.zeros_like(h_prev)]
    totals = [b.zeros_like(v) for v in (x, w, wci, wcf, wco, bias)]
    _, dcs, dh, dx, *rest = b.while_(running, body, [*start, *totals])
    if not use_peephole:
        rest[1:4] = totals[2:5]
    return [dx, dcs, dh, *rest]


def _columns(b: Builder, x: Value, start: Dim, limit: Dim | None) -> Value:
    return b.slice_axis(x, 1, start, b.shape(x)[1] if limit is None else limit)


_define_sequence_gradient("BlockLSTMGrad", True)
_define_sequence_gradient("BlockLSTMGradV2", False)


# GRU


@op(
    "GRUBlockCell(x: T[:,:], h_prev: T[:,:], w_ru: T[:,:], w_c: T[:,:], b_ru: T[:],"
    " b_c: T[:]; T: {float32})"
    " -> r: T, u: T, c: T, h: T"
)
def gru_block_cell(
    b: Builder, x: Value, h_prev: Value, w_ru: Value, w_c: Value, b_ru: Value, b_c: Value
) -> tuple[Value, ...]:
    """One step of a GRU: reset and update gate, candidate, output."""
    inputs, cell = require_rank(b, x, 2, "x"), require_rank(b, h_prev, 2, "h_prev")
    rows = require_rank(b, w_ru, 2, "w_ru")[0]
    fits = b.assumptions.equal(rows, inputs[1] + cell[1])
    require(fits, f"w_ru.dim_size(0) != input_size + cell_size: {show((rows,))}")
    gates = Term(b, b.matmul(_joined(b, x, h_prev), w_ru)) + Term(b, b_ru)
    r, u = (_sigmoid(t) for t in _parts(b, gates.value, 2))
    h = Term(b, h_prev)
    c = _tanh(Term(b, b.matmul(_joined(b, x, (h * r).value), w_c)) + Term(b, b_c))
    return r.value, u.value, c.value, (u * h + (1.0 - u) * c).value
