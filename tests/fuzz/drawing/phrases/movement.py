"""Elements that change places: reshapes, slices, joins, gathers, scatters."""

from __future__ import annotations

import math

from tests.fuzz.drawing.drawing import NUMBERS, Unfit
from tests.fuzz.drawing.holes import Holes


def reshape(h: Holes) -> str:
    """Factors of the elements in another order, one of them -1 where runs differ in size."""
    x = h.operand((*NUMBERS, "bool"), "1+")
    known = [n for n in x.shape if n is not None]
    factors = [p for n in known for p in _factors(n)]
    h.d.random.shuffle(factors)
    shape: list[int] = []
    while factors:
        count = h.d.random.randint(1, len(factors))
        shape.append(math.prod(factors[:count]))
        factors = factors[count:]
    if len(known) < x.rank or not shape or h.d.chance(0.3):
        shape.insert(h.d.random.randint(0, len(shape)), -1)
    return f"tf.reshape({h.text(x)}, {shape})"


def _factors(n: int) -> list[int]:
    for p in (2, 3, 5, 7, 11, 13, 17):
        if n > 1 and n % p == 0:
            return [p, *_factors(n // p)]
    return [n] if n != 1 else []


def merge(h: Holes) -> str:
    """Two neighbouring axes as one, their sizes computed."""
    x = h.operand((*NUMBERS, "bool"), "2+")
    axis = h.d.random.randrange(x.rank - 1)
    name = x.name
    return (
        f"tf.reshape({h.text(x)}, tf.concat([tf.shape({name})[:{axis}], [-1],"
        f" tf.shape({name})[{axis + 2}:]], 0))"
    )


def strided(h: Holes) -> str:
    """Python's slices, with ellipsis and new axes, over some axes."""
    x = h.operand((*NUMBERS, "bool"), "1+")
    parts = [_slice(h, size) for size in x.shape[: h.d.random.randint(1, x.rank)]]
    if h.d.chance(0.2):
        parts.insert(h.d.random.randint(0, len(parts)), "tf.newaxis")
    if h.d.chance(0.2):
        parts = ["...", *parts]
    return f"{h.text(x)}[{', '.join(parts)}]"


def _slice(h: Holes, size: int | None) -> str:
    bound = size or 3
    if h.d.chance(0.2):
        return str(h.d.random.randrange(-(size or 1), size or 1))
    start, stop = (
        h.d.random.randint(-bound - 1, bound + 1) if h.d.chance(0.5) else "" for _ in range(2)
    )
    step = str(h.d.choose(1, 1, 2, 3, -1, -2)) if h.d.chance(0.4) else ""
    return f"{start}:{stop}:{step}"


def sliced(h: Holes) -> str:
    """`tf.slice` with constants, -1 among the sizes."""
    x = h.operand((*NUMBERS, "bool"), "1+")
    begin = [h.d.random.randint(0, n) if n else 0 for n in x.shape]
    sizes = [
        -1 if n is None or h.d.chance(0.4) else h.d.random.randint(0, n - b)
        for n, b in zip(x.shape, begin, strict=True)
    ]
    return f"tf.slice({h.text(x)}, {begin}, {sizes})"


def padded(h: Holes) -> str:
    """Any of the three ways to pad."""
    x = h.operand((*NUMBERS, "bool"), "1+")
    mode = h.d.choose("CONSTANT", "CONSTANT", "REFLECT", "SYMMETRIC")
    most = 3 if mode == "CONSTANT" else min(2, *(a - 1 for s in x.arrays for a in s.shape), 9)
    if most < 0:
        raise Unfit
    widths = [[h.d.random.randint(0, most), h.d.random.randint(0, most)] for _ in x.shape]
    return f"tf.pad({h.text(x)}, {widths}, '{mode}')"


def gathered(h: Holes) -> str:
    """Indices of some shape, constants or computed."""
    x = h.operand((*NUMBERS, "bool"), "1+")
    axis = h.d.random.randrange(x.rank)
    shape = tuple(h.d.choose(1, 2, 3) for _ in range(h.d.random.randint(0, 2)))
    indices = f"tf.abs(data({shape}, '{h.d.choose('int32', 'int64')}', {h.d.number()}))"
    if h.d.chance(0.4):
        indices = f"tf.abs({h.text(h.operand(('int32', 'int64')))})"
    size = f"tf.cast(tf.shape({x.name})[{axis}], {indices}.dtype)"
    return f"tf.gather({h.text(x)}, tf.floormod({indices}, {size}), axis={axis})"


def segments(h: Holes) -> str:
    """Rows summed by sorted or unsorted numbers."""
    x = h.operand(("float32", "float64", "int32", "float16"), "1+")
    n = x.known(0)
    name = h.d.choose("sum", "max", "min", "mean", "prod")
    ids = f"np.sort(np.abs(data(({n},), 'int32', {h.d.number()})) // 2)"
    value = f"tf.tanh({h.text(x)})" if x.dtype.startswith("float") else h.text(x)
    if h.d.chance(0.5):
        return f"tf.unsorted_segment_{name}({value}, {ids}, {h.d.random.randint(3, 6)})"
    return f"tf.segment_{name}({value}, {ids})"


RESHAPES = (
    reshape,
    reshape,
    reshape,
    merge,
    "tf.expand_dims({any}, 0)",
    "tf.expand_dims({any:1+}, {axis})",
    "tf.squeeze({any:1+})",
    "tf.transpose({any:2+}, {perm})",
    "tf.transpose({any:2+})",
    "tf.linalg.matrix_transpose({any:2+})",
    "tf.reshape({any}, [-1])",
    "tf.reshape({any}, tf.concat([tf.shape({0}), [1]], 0))",
    "tf.broadcast_to({any}, tf.concat([[{of:1|2|3}], tf.shape({0})], 0))",
    "tf.expand_dims({number}, -1) * tf.ones([{small}], {0}.dtype)",
)
SLICES = (
    strided,
    strided,
    strided,
    sliced,
    "{any:1+}[1:]",
    "{any:1+}[:tf.shape({0})[0] // 2]",
    "{any:1+}[tf.minimum({small}, tf.shape({0})[0]):]",
    "tf.split({any:1+}, [1, tf.shape({0})[{axis}] - 1], 0)[1]",
    "tf.split({any:1+}, {of:1|2|3}, {axis})[-1]",
    "tf.unstack({any:1+}, axis={axis})[0]",
    "tf.reverse({any:1+}, [{axis}])",
    "tf.roll({any:1+}, {of:-2|-1|1|5}, {axis})",
    "tf.matrix_band_part({number:2+}, {of:-1|0|1}, {of:-1|0|2})",
    "tf.matrix_diag_part({number:2+})",
    "tf.matrix_set_diag({number:2+}, tf.matrix_diag_part({0}) * 2)",
    "tf.boolean_mask({number:1+}, tf.reduce_any(tf.cast({0}, tf.bool), list(range(1, {0}.shape.rank"
    " or 1))))",
    "tf.reverse_sequence({number:2+}, tf.ones_like({0}[:, 0], tf.int32), seq_axis=1)",
)
JOINS = (
    "tf.concat([{any:1+}, {like}], {axis})",
    "tf.concat([{any:1+}, {like}, {like}], {axis})",
    "tf.concat([{any:1+}, {0}[:0], {0}[1:2]], 0)",
    "tf.stack([{any}, {like}], axis={of:0|-1})",
    "tf.stack([{any:1+}, {like}, {0}], axis={axis})",
    "tf.tile({any:1}, [{of:0|1|2|3}])",
    "tf.tile({any:2}, [{of:1|2}, {of:1|3}])",
    "tf.repeat({number:1+}, 2, axis={axis})",
    padded,
    padded,
    "tf.pad({float:1+}, [[1, 0]] + [[0, 1]] * (len({0}.shape) - 1), constant_values=0.5)",
    "tf.matrix_diag({number:1+})",
    "tf.linalg.diag({number:1}, k=1)",
    "tf.meshgrid({number:1}, {number:1})[{of:0|1}]",
    "tf.one_hot({index}, {of:1|3|5}, axis={of:0|-1})",
    "tf.one_hot({index}, 4, on_value={of:2|7}, off_value=-1, dtype=tf.int32)",
    "tf.sequence_mask({index}, {of:3|6})",
    "tf.dynamic_stitch([[0, 2], [1]], [{number:1+}[:2], {0}[:1]])",
    "tf.dynamic_partition({number:1+}, tf.range(tf.shape({0})[0]) % 2, 2)[{of:0|1}]",
)
GATHERS = (
    gathered,
    gathered,
    gathered,
    "tf.gather({number:1+}, tf.range(tf.shape({0})[0])[::-1])",
    "tf.gather({number:2+}, tf.zeros([tf.shape({0})[0], 2], tf.int32), axis=1, batch_dims=1)",
    "tf.gather_nd({number:2+}, [[0, 0], [-0, 0]])",
    "tf.gather_nd({number:1+}, tf.expand_dims(tf.range(tf.shape({0})[0]), 1))",
    "tf.scatter_nd(tf.expand_dims(tf.range(tf.shape({number:1+})[0]), 1), {0}, tf.shape({0}) * 2)",
    "tf.scatter_nd([[1], [0], [1]], tf.stack([{number}, {like}, {like}]),"
    " tf.concat([[2], tf.shape({0})], 0))",
    "tf.tensor_scatter_update({number:1+}, [[0]], {0}[-1:])",
    "tf.tensor_scatter_add({number:1+}, [[0], [0]], tf.concat([{0}[:1], {0}[:1]], 0))",
    segments,
    segments,
    "tf.nn.embedding_lookup({single:2+}, tf.range(tf.shape({0})[0]) // 2)",
    "tf.where({bool:1+})",
    "tf.reduce_sum(tf.where({bool:1+}), 0)",
    "tf.gather({number:1+}, tf.argmax({0}, 0) * 0)",
)
SHAPES = (
    "tf.shape({any}, out_type=tf.{of:int32|int64})",
    "tf.size({any})",
    "tf.rank({any}) * 3",
    "tf.fill(tf.shape({any}), tf.reduce_max({number}))",
    "tf.range(tf.shape({any:1+})[0])",
    "tf.cast(tf.range(tf.size({number})), tf.float32) * 0.1",
    "tf.range(0.0, {of:0.3|1.0|2.5}, {of:0.1|0.25|0.7})",
    "tf.linspace(0.0, 1.5, {of:1|4|7})",
    "tf.eye(tf.shape({any:1+})[0], {of:1|3})",
    "tf.zeros(tf.shape({any})[::-1], tf.{of:float32|int32|bool})",
    "tf.ones_like({number}, tf.{of:float32|float64|int64})",
    "tf.broadcast_dynamic_shape(tf.shape({number}), tf.shape({wide}))",
    "tf.raw_ops.UnravelIndex(indices=tf.range(tf.size({number:1+})), dims=tf.shape({0}))",
)
