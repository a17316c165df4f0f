"""Loops of frames and switched branches built op by op, as TensorFlow 1 writes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import flowc as tf
from flowc.frontend.apply import build


def conditional(
    predicate: Any, inputs: Sequence[Any], on_true: Callable[..., Any], on_false: Callable[..., Any]
) -> Any:
    """`on_true(inputs)` where the predicate holds, else `on_false(inputs)`."""
    switches = [build("Switch", tf.convert_to_tensor(x), predicate) for x in inputs]
    taken = on_true(*(s.output_true for s in switches))
    other = on_false(*(s.output_false for s in switches))
    return build("Merge", [other, taken]).output


def loop(
    condition: Callable[..., Any],
    body: Callable[..., Sequence[Any]],
    initial: Sequence[Any],
    invariant: Sequence[Any] = (),
    frame: str = "loop",
) -> list[Any]:
    """The carried values after the loop; both functions get the carried and invariant values."""

    def enter(value: Any, constant: bool) -> Any:
        return build("Enter", value, frame_name=frame, is_constant=constant)

    entered = [enter(tf.convert_to_tensor(x), False) for x in initial]
    fixed = [enter(tf.convert_to_tensor(x), True) for x in invariant]
    merges = [build("Merge", [x, x]).output for x in entered]
    going = build("LoopCond", condition(*merges, *fixed))
    switches = [build("Switch", x, going) for x in merges]
    results = body(*(s.output_true for s in switches), *fixed)
    for merge, value in zip(merges, results, strict=True):
        merge.op.replace_input(1, build("NextIteration", value))
    return [build("Exit", s.output_false) for s in switches]
