"""Shapes of which some sizes are open, as queues and accumulators check them."""

from __future__ import annotations

from flowc.ops.resources import Shape


def fits(shape: tuple[int, ...], pattern: Shape) -> bool:
    """Whether a shape is one of those that a shape with unknown sizes stands for."""
    if pattern is None:
        return True
    pairs = zip(shape, pattern, strict=False)
    return len(shape) == len(pattern) and all(b in (None, a) for a, b in pairs)


def shown(shape: Shape) -> str:
    """A shape as messages write it."""
    if shape is None:
        return "<unknown>"
    return "[" + ",".join("?" if size is None else str(size) for size in shape) + "]"
