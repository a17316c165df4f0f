"""Truncated normals with a mean, deviation and bounds for each row.

Candidates come one after the other from one stream for all rows, and how many a row needs depends
on chance; so the op runs on the host. As in TensorFlow the candidates are normals where the bounds
leave enough of those, else uniform numbers between the bounds or exponential ones above the lower
bound, whichever is accepted more often (C. Robert, "Simulation of truncated normal variables",
1995). Where TensorFlow divides the rows among threads, the numbers are those of one thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowc.ir.errors import InternalError
from flowc.ir.tensor.builder import require
from flowc.ir.tensor.primitive import Array
from flowc.ops.random.host import (
    HostStream,
    normal_on_host,
    reserve_on_host,
    uniform_on_host,
)
from flowc.ops.random.stateful import SEEDS
from flowc.ops.registry import host_op
from flowc.ops.resources import Session

_MOST_TRIES = 1000  # for one number
_ROW = 100  # numbers of a row, where all rows have the same parameters
_ENOUGH = 1.3  # deviations within the bounds from which on normals are tried
_PARAMETERS = "means: dtype, stdevs: dtype, minvals: dtype, maxvals: dtype"


@dataclass(frozen=True)
class _Proposal:
    """Candidates from words uint32[rounds, blocks, 4]: standardised numbers, and if they do."""

    blocks: int
    draw: Callable[[Array], tuple[Array, Array]]


@host_op(
    f"ParameterizedTruncatedNormal(shape: T[:], {_PARAMETERS}; {SEEDS}, dtype: {{float}},"
    " T: {index}) -> output: dtype",
    stateful=True,
)
def parameterized_truncated_normal(
    shape: Array, *parameters: Array, seed: int, seed2: int, context: Session
) -> Array:
    """Row i of the result has the parameters i, or all rows have the same."""
    require(shape.ndim == 1 and shape.size > 0, "shape must be a vector that is not empty")
    result = np.empty(shape.tolist(), parameters[0].dtype)
    rows, width = _layout(result, parameters)
    blocks = rows * 2 * _MOST_TRIES * (width + 3) // 4
    stream = reserve_on_host(context, blocks, seed, seed2)
    flat = result.reshape(-1)
    for row in range(rows):
        mine = flat[row * width : (row + 1) * width]
        mean, deviation, low, high = (p.reshape(-1)[row if p.size > 1 else 0] for p in parameters)
        stream = _fill(mine, stream, mean, deviation, low, high)
    return result


parameterized_truncated_normal.not_differentiable()


def _layout(result: Array, parameters: tuple[Array, ...]) -> tuple[int, int]:
    """The number of rows and of their elements."""
    require(all(p.ndim <= 1 for p in parameters), "parameters must be scalars or vectors")
    means, deviations, low, high = parameters
    if low.ndim == high.ndim == 0 and means.size == deviations.size == 1:
        return -(-result.size // _ROW), _ROW
    rows = result.shape[0]
    fit = all(p.ndim == 0 or p.size in (1, rows) for p in parameters)
    require(fit, "parameters should have length 1 or shape[0]")
    return rows, int(np.prod(result.shape[1:], dtype=np.int64))


def _fill(
    row: Array, stream: HostStream, mean: Any, deviation: Any, low: Any, high: Any
) -> HostStream:
    """Fill a row; returns the stream from the next block on."""
    bounded = np.isfinite(low) or np.isfinite(high)
    require(deviation > 0 and low < high and bounded, "Invalid parameters")
    if (np.isinf(low) and low < 0) or high < mean:
        low, high, deviation = high, low, -deviation
    with np.errstate(all="ignore"):
        proposal = _proposal((low - mean) / deviation, (high - mean) / deviation)
        numbers, stream = _accepted(row.size, stream, proposal)
        row[...] = numbers * deviation + mean
    return stream


def _accepted(count: int, stream: HostStream, proposal: _Proposal) -> tuple[Array, HostStream]:
    """The first numbers that are accepted. Raises InternalError if too many are not."""
    found: list[Array] = []
    rejected = 0
    while count:
        rounds = max(16, count)
        words = stream.blocks(rounds * proposal.blocks).reshape(rounds, proposal.blocks, 4)
        numbers, accepted = proposal.draw(words)
        places = np.flatnonzero(accepted)[:count]
        found.append(numbers.reshape(-1)[places])
        count -= places.size
        rejected = numbers.size - 1 - places[-1] if places.size else rejected + numbers.size
        if count and rejected > _MOST_TRIES:
            raise InternalError(None, None, "TruncatedNormal sampler failed to accept a sample.")
        used = rounds if count else places[-1] // numbers.shape[1] + 1
        stream = stream.skip(int(used) * proposal.blocks)
    return np.concatenate(found) if found else np.empty(0), stream


def _proposal(low: Any, high: Any) -> _Proposal:
    """The best way to propose numbers between two bounds, of which the lower is finite."""
    real = low.dtype.type
    root = np.sqrt(low * low + real(4))
    cutoff = real(2) * np.exp(real(0.5) + low * (low - root) / real(4)) / (low + root)
    enough = real(_ENOUGH)
    if (low < -enough and high >= 0) or (high > enough and low <= 0):
        return _normals(low, high)
    return _uniforms(low, high) if high - low < cutoff else _exponentials(low, high)


def _normals(low: Any, high: Any) -> _Proposal:
    def draw(words: Array) -> tuple[Array, Array]:
        numbers = normal_on_host(words[:, 0], low.dtype)
        return numbers, (numbers >= low) & (numbers <= high)

    return _Proposal(1, draw)


def _uniforms(low: Any, high: Any) -> _Proposal:
    real = low.dtype.type
    nearest = low * low if low >= 0 else real(0)

    def draw(words: Array) -> tuple[Array, Array]:
        shares, tests = (uniform_on_host(words[:, i], low.dtype) for i in range(2))
        numbers = shares * (high - low) + low
        return numbers, tests <= np.exp((nearest - numbers * numbers) / real(2))

    return _Proposal(2, draw)


def _exponentials(low: Any, high: Any) -> _Proposal:
    real = low.dtype.type
    rate = (low + np.sqrt(low * low + real(4))) / real(2)

    def draw(words: Array) -> tuple[Array, Array]:
        shares = uniform_on_host(words[:, 0], low.dtype)
        numbers = -np.log(shares[:, ::2]) / rate + low
        distance = rate - numbers if low < rate else low - rate
        limit = np.exp(-distance * distance / real(2))
        return numbers, (shares[:, 1::2] <= limit) & (numbers < high)

    return _Proposal(1, draw)
