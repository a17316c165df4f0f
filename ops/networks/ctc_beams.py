"""Beam search over sequences of labels, for CTC.

A beam is a sequence of labels with the likelihoods that it ends in a blank, and in its last label.
In each step every beam is kept with what it has gained, and grows by each label; the best ones are
kept. A. Graves and N. Jaitly, "Towards end-to-end speech recognition with recurrent neural
networks", ICML 2014, algorithm 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowc.ir.tensor.primitive import Array

_NEVER = -np.inf


@dataclass
class _Beam:
    """The log-likelihoods of a sequence: by its end, as of the step before and as of now."""

    labels: tuple[int, ...]
    blank: float = _NEVER
    label: float = _NEVER

    @property
    def total(self) -> float:
        """The log-likelihood of the sequence."""
        return float(np.logaddexp(self.blank, self.label))


def best_paths(logits: Array, width: int, count: int) -> list[tuple[list[int], float]]:
    """The `count` likeliest sequences among `width` beams, and the logs of their likelihoods.

    `logits` are `[time, classes]`, the last class the blank.
    """
    beams: dict[tuple[int, ...], _Beam] = {(): _Beam((), blank=0.0)}
    for row in logits:
        shifted = row - row.max()
        logs = shifted - np.log(np.exp(shifted).sum())
        beams = _step(beams, logs, width)
    ordered = sorted(beams.values(), key=lambda beam: -beam.total)[:count]
    return [(list(beam.labels), beam.total) for beam in ordered]


def _step(
    beams: dict[tuple[int, ...], _Beam], logs: Array, width: int
) -> dict[tuple[int, ...], _Beam]:
    found = {labels: _kept(beam, beams, logs) for labels, beam in beams.items()}
    for labels, beam in beams.items():
        for label in range(len(logs) - 1):
            longer = (*labels, label)
            if longer not in found:
                before = beam.blank if labels and labels[-1] == label else beam.total
                if before != _NEVER:
                    found[longer] = _Beam(longer, label=float(before + logs[label]))
    best = sorted(found.values(), key=lambda beam: -beam.total)[:width]
    return {beam.labels: beam for beam in best}


def _kept(beam: _Beam, beams: dict[tuple[int, ...], _Beam], logs: Array) -> _Beam:
    """A beam after a step in which it gets no longer, or is reached from the one before it."""
    kept = _Beam(beam.labels, blank=beam.total + float(logs[-1]))
    if beam.labels:
        last = beam.labels[-1]
        ways = beam.label
        parent = beams.get(beam.labels[:-1])
        if parent is not None:
            repeats = len(beam.labels) > 1 and beam.labels[-2] == last
            ways = float(np.logaddexp(ways, parent.blank if repeats else parent.total))
        kept.label = ways + float(logs[last])
    return kept
