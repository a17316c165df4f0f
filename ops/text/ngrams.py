"""StringNGrams: runs of neighbouring strings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from flowc.ir.tensor.builder import require
from flowc.ir.tensor.primitive import Array
from flowc.ops.registry import host_op
from flowc.ops.text.texts import elements, encode, texts


@dataclass(frozen=True)
class _Runs:
    """How runs are made: what stands between strings, and before and behind each row."""

    separator: bytes
    left: bytes
    right: bytes
    padding: int  # at each end, -1 for as much as a run can have

    def of(self, row: Sequence[bytes], width: int) -> Iterator[bytes]:
        """The runs of this many strings."""
        most = width - 1
        padding = most if self.padding < 0 else min(self.padding, most)
        padded = [self.left] * padding + list(row) + [self.right] * padding
        for start in range(len(padded) - width + 1):
            yield self.separator.join(padded[start : start + width])

    def short(self, row: Sequence[bytes]) -> bytes:
        """The whole row, padded: what stands for a row that is too short for any run."""
        padded = [self.left] * self.padding + list(row) + [self.right] * self.padding
        return self.separator.join(padded)


@host_op(
    "StringNGrams(data: string[:], data_splits: Tsplits[:]; separator: string,"
    " ngram_widths: list(int),"
    " left_pad: string, right_pad: string, pad_width: int, preserve_short_sequences: bool,"
    " Tsplits: {index} = int64) -> ngrams: string, ngrams_splits: Tsplits"
)
def string_ngrams(
    data: Array,
    data_splits: Array,
    *,
    separator: str,
    ngram_widths: tuple[int, ...],
    left_pad: str,
    right_pad: str,
    pad_width: int,
    preserve_short_sequences: bool,
) -> tuple[Array, Array]:
    """The runs of each row of a ragged matrix; the rows lie between `data_splits`."""
    require(all(width > 0 for width in ngram_widths), "ngram_widths must contain positive values")
    values, splits = elements(data), data_splits.tolist()
    ordered = all(a <= b for a, b in pairwise(splits))
    require(
        not splits or (ordered and splits[0] == 0 and splits[-1] == len(values)),
        f"data_splits do not divide the {len(values)} values of data: {splits}",
    )
    runs = _Runs(encode(separator), encode(left_pad), encode(right_pad), pad_width)
    found: list[bytes] = []
    ends = [0] if splits else []
    for start, end in pairwise(splits):
        row = values[start:end]
        made = [text for width in ngram_widths for text in runs.of(row, width)]
        if not made and row and preserve_short_sequences:
            made = [runs.short(row)]
        found += made
        ends.append(len(found))
    return texts(found), np.array(ends, data_splits.dtype)
