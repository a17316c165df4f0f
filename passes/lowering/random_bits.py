"""rng_bit_generator: Philox4x32-10, one block of four words in each vector lane.

Which words a thread makes follows from the block's number alone, so the result does not depend on
how many threads there are.
"""

from __future__ import annotations

from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim, Symbol, as_dim
from flowc.ir.loops.expressions import Load, Scalar, Variable
from flowc.ir.loops.kernel import Buffer, For, Kernel, Kind, Let, Store
from flowc.ir.tensor.primitives.random import MULTIPLIERS, ROUNDS, WEYL
from flowc.passes.lowering import scalars
from flowc.passes.lowering.fused import Body, Fused
from flowc.passes.lowering.single import Single, divided

_KEY, _LOW, _HIGH = (Variable(dtypes.uint64, name) for name in ("key", "low", "high"))


def random_bits(fused: Fused) -> tuple[Kernel, tuple[Buffer, ...]]:
    """The kernel of one `rng_bit_generator`.

    The state is read before anything is stored, so the new one may take its memory.
    """
    single = Single(fused)
    (state,) = single.operands
    after, words = single.results
    count = single.instruction.results[1].type.size
    body: Body = tuple(
        Let(variable, Load(state, i)) for i, variable in enumerate((_KEY, _LOW, _HIGH))
    )
    if words is not None:
        body = (*body, *_all_words(words, count, single))
    if after is not None:
        body = (*body, *_new_state(after, dims.ceildiv(count, 4)))
    return single.kernel(body)


def _new_state(after: Buffer, blocks: Dim) -> Body:
    low, high = _counter(blocks)
    return Store(after, 0, _KEY), Store(after, 1, low), Store(after, 2, high)


def _counter(block: Dim) -> tuple[Scalar, Scalar]:
    """The 128-bit counter of a block, as two halves."""
    low = scalars.binary("add", _LOW, scalars.index(block, dtypes.uint64))
    carry = scalars.convert(dtypes.uint64, scalars.compare("LT", low, _LOW))
    return low, scalars.binary("add", _HIGH, carry)


def _all_words(words: Buffer, count: Dim, single: Single) -> Body:
    """Whole blocks in chunks that threads share, then the words of the last, partial block."""
    whole = dims.floordiv(count, 4)
    size, time = single.target.instructions.random_blocks, single.target.costs.random_block
    chunks = dims.ceildiv(whole, size)
    chunk, block = Symbol("chunk", chunks), Symbol("block", size)
    start = as_dim(chunk) * size
    loop = For(
        block,
        dims.minimum(size, whole - start),
        _words(words, start + as_dim(block)),
        Kind.VECTOR,
        single.target.lanes(dtypes.uint32),
    )
    last = Symbol("last", 1)
    partial = _words(words, whole + as_dim(last), limit=count)
    return (
        divided(chunk, chunks, (loop,), time, size, single.target),
        For(last, dims.ceildiv(count, 4) - whole, partial),
    )


def _words(words: Buffer, block: Dim, limit: Dim | None = None) -> Body:
    """The four stores of one block, of those words that are below the limit."""
    body = []
    for number, word in enumerate(_philox(block)):
        position = block * 4 + number
        mask = None if limit is None else scalars.in_range(position, limit)
        body.append(Store(words, position, word, mask))
    return tuple(body)


def _philox(block: Dim) -> list[Scalar]:
    """The four words of a block; see `flowc.ir.tensor.primitives.random`."""
    low, high = _counter(block)
    words = [*_halves(low), *_halves(high)]
    keys = list(_halves(_KEY))
    first, second = (scalars.constant(dtypes.uint32, m) for m in MULTIPLIERS)
    for _ in range(ROUNDS):
        words = [
            _mixed(words[2], second, words[1], keys[0]),
            scalars.binary("multiply", words[2], second),
            _mixed(words[0], first, words[3], keys[1]),
            scalars.binary("multiply", words[0], first),
        ]
        keys = [
            scalars.binary("add", key, scalars.constant(dtypes.uint32, step))
            for key, step in zip(keys, WEYL, strict=True)
        ]
    return words


def _halves(x: Scalar) -> tuple[Scalar, Scalar]:
    """The low and the high word of 64 bits."""
    shift = scalars.constant(dtypes.uint64, 32)
    high = scalars.binary("shift_right_logical", x, shift)
    return scalars.convert(dtypes.uint32, x), scalars.convert(dtypes.uint32, high)


def _mixed(word: Scalar, multiplier: Scalar, other: Scalar, key: Scalar) -> Scalar:
    product = scalars.binary("multiply_high", word, multiplier)
    return scalars.binary("xor", scalars.binary("xor", product, other), key)
