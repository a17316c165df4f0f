"""Einsum: labels of axes, contraction of two operands, and its gradient."""

from __future__ import annotations

import string
from typing import Any

from flowc.ir import dtypes
from flowc.ir.dims import Dim
from flowc.ir.tensor.builder import Builder, require
from flowc.ir.tensor.core import Shape, Value
from flowc.ir.tensor.primitives.contraction import DotDimensionNumbers
from flowc.ops.common import Tensors, conj, fail, show
from flowc.ops.registry import GraphBuilder, Operation, Tensor, op


def parse_equation(equation: str, count: int) -> tuple[list[str], str]:
    """Input and output labels of an equation; an ellipsis is the label "."."""
    text = equation.replace(" ", "").replace("...", ".")
    inputs, arrow, output = text.partition("->")
    require(bool(arrow), f"Expected exactly one '->' in einsum equation {equation}")
    parts = inputs.split(",")
    require(
        len(parts) == count,
        f"Expected {count} inputs in einsum equation {equation}, but got {len(parts)}",
    )
    for part in (*parts, output):
        valid = part.count(".") <= 1 and all(c.isalpha() or c == "." for c in part)
        require(valid, f"Invalid einsum equation {equation}")
    absent = set(output) - set("".join(parts)) - {"."}
    require(not absent, f"Explicit output label {sorted(absent)} is not in the inputs")
    return parts, output


def _expanded(parts: list[str], output: str, ranks: list[int]) -> tuple[list[str], str]:
    """The labels with each ellipsis written out as Greek letters, aligned at the right."""
    widths = [r - len(p) + 1 if "." in p else 0 for p, r in zip(parts, ranks, strict=True)]
    for part, rank in zip(parts, ranks, strict=True):
        require(
            "." in part or len(part) == rank,
            f"Expected input of rank {len(part)}, but got {rank} in einsum",
        )
    require(min(widths, default=0) >= 0, f"Too many labels for ranks {ranks}")
    names = "".join(chr(ord("α") + i) for i in range(max(widths, default=0)))
    full = [p.replace(".", names[len(names) - w :]) for p, w in zip(parts, widths, strict=True)]
    return full, output.replace(".", names)


@op("Einsum(inputs: N*T; equation: string, N: int >= 1, T: type) -> output: T")
def einsum(b: Builder, inputs: list[Value], *, equation: str) -> Value:
    """Sums of products by Einstein's convention: one or two operands."""
    parts, output = parse_equation(equation, len(inputs))
    require(len(inputs) <= 2, f"Expected 1 or 2 inputs, got {len(inputs)}")
    labels, full = _expanded(parts, output, [len(b.shape(v)) for v in inputs])
    result = "".join(dict.fromkeys(full))
    operands = [_diagonal(b, v, name) for v, name in zip(inputs, labels, strict=True)]
    value, order = operands[0]
    if len(operands) == 2:
        value, order = _contract(b, operands[0], operands[1], result)
    value, order = _sum_out(b, value, order, result)
    value = b.transpose(value, [order.index(c) for c in result if c in order])
    shape = _result_shape(b, inputs, labels, result)
    kept = [c for c in result if c in order]
    axes = tuple(result.index(c) for c in kept)
    if len(kept) < len(result):
        value = b.broadcast_in_dim(value, shape, axes)
    return _on_diagonals(b, value, result, full)


def _on_diagonals(b: Builder, x: Value, labels: str, full: str) -> Value:
    """Zeros with x where repeated labels of the result have equal indices."""
    if labels == full:
        return x
    sizes = tuple(b.shape(x)[labels.index(c)] for c in full)
    spread = b.broadcast_in_dim(x, sizes, tuple(full.index(c) for c in labels))
    for axis, c in enumerate(full):
        first = full.index(c)
        if first != axis:
            on = b.eq(b.iota(sizes, first, dtypes.int32), b.iota(sizes, axis, dtypes.int32))
            spread = b.select(on, spread, b.zeros_like(spread))
    return spread


def _result_shape(b: Builder, inputs: list[Value], labels: list[str], result: str) -> Shape:
    sizes: dict[str, Dim] = {}
    for value, name in zip(inputs, labels, strict=True):
        for c, d in zip(name, b.shape(value), strict=True):
            sizes[c] = b.assumptions.broadcast(sizes.get(c, 1), d)
    return tuple(sizes[c] for c in result)


def _diagonal(b: Builder, x: Value, labels: str) -> tuple[Value, str]:
    """x with each repeated label taken along its diagonal."""
    while repeated := next((c for c in labels if labels.count(c) > 1), None):
        first = labels.index(repeated)
        second = labels.index(repeated, first + 1)
        shape = b.shape(x)
        if not b.assumptions.equal(shape[first], shape[second]):
            raise fail(f"Expected equal sizes for label {repeated}: {show(shape)}")
        on = b.eq(b.iota(shape, first, dtypes.int32), b.iota(shape, second, dtypes.int32))
        x = b.reduce_sum(b.select(on, x, b.zeros_like(x)), [second])
        labels = labels[:second] + labels[second + 1 :]
    return x, labels


def _sum_out(b: Builder, x: Value, labels: str, keep: str) -> tuple[Value, str]:
    """x summed over the labels that are not kept."""
    gone = [i for i, c in enumerate(labels) if c not in keep]
    return (b.reduce_sum(x, gone) if gone else x), "".join(c for c in labels if c in keep)


def _contract(
    b: Builder, left: tuple[Value, str], right: tuple[Value, str], result: str
) -> tuple[Value, str]:
    x, xs = _sum_out(b, *left, right[1] + result)
    y, ys = _sum_out(b, *right, left[1] + result)
    x, xs, y, ys = _unbroadcast_ones(b, x, xs, y, ys)
    shared = [c for c in xs if c in ys]
    batch = [c for c in shared if c in result]
    inner = [c for c in shared if c not in result]
    for c in shared:
        sizes = b.shape(x)[xs.index(c)], b.shape(y)[ys.index(c)]
        require(
            b.assumptions.equal(*sizes),
            f"Expected dimension {sizes[0]} at axis of the input shaped {show(b.shape(y))} but got "
            f"dimension {sizes[1]}",
        )
    numbers = DotDimensionNumbers(
        tuple(xs.index(c) for c in batch),
        tuple(ys.index(c) for c in batch),
        tuple(xs.index(c) for c in inner),
        tuple(ys.index(c) for c in inner),
    )
    free = [c for c in xs if c not in shared] + [c for c in ys if c not in shared]
    return b.dot_general(x, y, numbers), "".join(batch + free)


def _unbroadcast_ones(
    b: Builder, x: Value, xs: str, y: Value, ys: str
) -> tuple[Value, str, Value, str]:
    """Drop ellipsis dimensions of size 1 that the other operand repeats."""
    for c in set(xs) & set(ys):
        if c.isascii():
            continue
        b.assumptions.broadcast(b.shape(x)[xs.index(c)], b.shape(y)[ys.index(c)])
        sizes = b.shape(x)[xs.index(c)], b.shape(y)[ys.index(c)]
        if sizes[0] == 1 != sizes[1]:
            x, xs = b.squeeze(x, xs.index(c)), xs.replace(c, "")
        elif sizes[1] == 1 != sizes[0]:
            y, ys = b.squeeze(y, ys.index(c)), ys.replace(c, "")
    return x, xs, y, ys


@einsum.gradient
def _(g: GraphBuilder, op: Operation, grad: Tensor) -> Tensors:
    """The equation with one operand and the result exchanged; lost labels are spread back."""
    equation = op.get_attr("equation")
    parts, output = parse_equation(equation, len(op.inputs))
    operands = list(op.inputs)
    return tuple(
        _einsum_operand_gradient(g, operands, parts, output, i, grad) for i in range(len(operands))
    )


def _einsum_operand_gradient(
    g: GraphBuilder, operands: list[Tensor], parts: list[str], output: str, i: int, grad: Tensor
) -> Any:
    x, mine = operands[i], parts[i]
    pairs = enumerate(zip(operands, parts, strict=True))
    others = [(conj(g, t), p) for j, (t, p) in pairs if j != i]
    reachable = set(output).union(*(set(p) for _, p in others))
    unique = "".join(dict.fromkeys(mine))
    known = "".join(c for c in unique if c in reachable)
    names = [output, *(p for _, p in others)]
    text = f"{','.join(names)}->{known}".replace(".", "...")
    value = g("Einsum", [grad, *(t for t, _ in others)], equation=text)
    if "." in known:
        value = _sum_ellipsis(g, x, value, mine, known)
    return _spread_labels(g, x, value, mine, unique, known)


def _sum_ellipsis(
    g: GraphBuilder,
    x: Tensor,
    value: Tensor,
    mine: str,
    known: str,
) -> Any:
    """Sum over the ellipsis dimensions along which x was repeated."""
    shape, out = g.shape_of(x), g.shape_of(value)
    if shape is None or out is None:
        raise fail("the gradient of an Einsum with '...' needs known ranks")
    width = len(out) - len(known) + 1
    own = len(shape) - len(mine) + 1
    start, own_start = known.index("."), mine.index(".")
    size = g("Shape", x)
    ours = g("Slice", size, g.constant([own_start]), g.constant([own]))
    theirs = g("Slice", g("Shape", value), g.constant([start]), g.constant([width]))
    axes, _ = g("BroadcastGradientArgs", ours, theirs)
    summed = g("Sum", value, axes + start, keep_dims=True)
    lead = g("Shape", summed)
    extra = width - own
    if not extra:
        return summed
    kept = [a for a in range(len(out)) if not start <= a < start + extra]
    return g("Reshape", summed, g("GatherV2", lead, g.constant(kept, dtypes.int32), g.constant(0)))


def _spread_labels(
    g: GraphBuilder, x: Tensor, value: Tensor, mine: str, unique: str, known: str
) -> Any:
    """Repeat along labels that were summed away, and put repeated labels on the diagonal."""
    if known == mine:
        return value
    shape = g.shape_of(x)
    if shape is None:
        raise fail("the gradient of this Einsum needs a known rank")
    if "." in mine:
        unused = [c for c in string.ascii_letters if c not in mine]
        names = "".join(unused[: len(shape) - len(mine) + 1])
        mine, unique, known = (t.replace(".", names) for t in (mine, unique, known))
    size = g("Shape", x)
    where = [mine.index(c) for c in unique]
    sizes = g("GatherV2", size, g.constant(where, dtypes.int32), g.constant(0))
    ones = [[1, 0][c in known] for c in unique]
    slots = g(
        "GatherV2", size, g.constant([mine.index(c) for c in known], dtypes.int32), g.constant(0)
    )
    if any(ones):
        order = [known.index(c) if c in known else len(known) for c in unique]
        padded = g("ConcatV2", [slots, g.constant([1])], g.constant(0))
        value = g(
            "Reshape", value, g("GatherV2", padded, g.constant(order, dtypes.int32), g.constant(0))
        )
        value = g("BroadcastTo", value, sizes)
    return value if unique == mine else g("Einsum", [value], equation=f"{unique}->{mine}")
