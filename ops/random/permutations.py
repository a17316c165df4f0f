"""Random permutations: Fisher and Yates's shuffle, as TensorFlow does it, without its loop.

The shuffle of n rows is n swaps, one after the other: row i changes places with row t[i] >= i. Row
i is final after step i, so what stands there in the end is what stood at t[i] before that step. At
step j the row that stood at j went to t[j], and nothing else reaches a place beyond j. So the last
step k < i with t[k] = t[i], if there is one, left at t[i] what had stood at k before step k; and
what stood at k came there in the same way, from the last step before k with t = k. The chains of
these are short, and halving them all at once takes a few gathers; previous steps of the same target
are neighbours when the steps are sorted by target.
"""

from __future__ import annotations

from flowc.ir import dims, dtypes
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Value
from flowc.ir.tensor.primitive import Array
from flowc.ops.arrays.scattering import scatter_rows
from flowc.ops.random.host import reserve_on_host
from flowc.ops.random.stateful import SEEDS
from flowc.ops.random.stateless import KEYED, keyed_stream
from flowc.ops.random.streams import joined, reserve, words
from flowc.ops.registry import op
from flowc.ops.resources import Session


@op(f"RandomShuffle(value: T; {SEEDS}, T: type) -> output: T", stateful=True)
def random_shuffle(b: Builder, value: Value, *, seed: int, seed2: int) -> Value:
    """The rows in another order."""
    if not b.shape(value):
        return value
    blocks = dims.floordiv(b.shape(value)[0] + 2, 4)  # a word for each row but the last
    return _shuffle(b, reserve(b, blocks, seed, seed2), value)


@random_shuffle.on_host
def _(value: Array, *, seed: int, seed2: int, context: Session) -> Array:
    """The same for strings."""
    if value.ndim == 0:
        return value
    stream = reserve_on_host(context, (len(value) + 2) // 4, seed, seed2)
    order = list(range(len(value)))
    for row, word in enumerate(stream.blocks((len(value) + 3) // 4).ravel().tolist()[: len(order)]):
        partner = row + word % (len(order) - row)
        order[row], order[partner] = order[partner], order[row]
    return value[order]


@op(f"StatelessShuffle(value: T, {KEYED}; T: type) -> output: T")
def stateless_shuffle(b: Builder, value: Value, key: Value, counter: Value, alg: Value) -> Value:
    """The same, from a key and a counter."""
    return _shuffle(b, keyed_stream(b, key, counter, alg), value) if b.shape(value) else value


random_shuffle.not_differentiable()
stateless_shuffle.not_differentiable()


def _shuffle(b: Builder, stream: Value, value: Value) -> Value:
    """The rows of `value`, swapped by the stream's words."""
    if b.shape(value)[0] == 0:
        return value
    targets = _targets(b, stream, value)
    return b.take(value, _order(b, targets, _arrivals(b, targets)))


def _targets(b: Builder, stream: Value, value: Value) -> Value:
    """For each row the one that it changes places with: itself or a later one."""
    shape = b.shape(value)[:1]
    rows = b.iota(shape, 0, dtypes.uint32)
    left = b.subtract(b.broadcast_to(b.size(shape[0], dtypes.uint32), shape), rows)
    return b.add(rows, b.remainder(words(b, stream, shape), left))


def _arrivals(b: Builder, targets: Value) -> Value:
    """The row that stands at each place just before that place's own step."""
    places = b.iota(b.shape(targets), 0, dtypes.int32)
    aims = b.bitcast_convert(targets, dtypes.int32)
    elsewhere = b.select(b.eq(aims, places), -1, aims)  # updates at -1 are left out
    last = scatter_rows(b, b.full_like(places, -1), elsewhere, places, Builder.maximum)
    return _roots(b, b.select(b.lt(last, 0), places, last))


def _roots(b: Builder, parents: Value) -> Value:
    """The end of the chain of parents from each place; roots are their own parents."""

    def unfinished(parents: Value, grandparents: Value) -> Value:
        return b.reduce_or(b.ne(parents, grandparents))

    def halve(parents: Value, grandparents: Value) -> list[Value]:
        return [grandparents, b.take(grandparents, grandparents)]

    return b.while_(unfinished, halve, [parents, b.take(parents, parents)])[1]


def _order(b: Builder, targets: Value, arrivals: Value) -> Value:
    """The row that stands at each place in the end."""
    rows = b.iota(b.shape(targets), 0, dtypes.uint32)
    (steps,) = b.sort([joined(b, rows, targets)], 0, b.lt)
    before = b.pad(steps, -1, (1,), (-1,))
    aims, aims_before = (b.shift_right_logical(s, 32) for s in (steps, before))
    place, place_before = (_low(b, s) for s in (steps, before))
    found = b.take(arrivals, place_before)
    final = b.select(b.eq(aims, aims_before), found, b.convert(aims, dtypes.int32))
    return scatter_rows(b, b.full_like(final, 0), place, final, lambda b, old, new: new)


def _low(b: Builder, x: Value) -> Value:
    """The low half of each uint64 as an index."""
    return b.convert(b.and_(x, 0xFFFFFFFF), dtypes.int32)
