"""Second derivatives through a loop, which nothing computes: they are errors, not missing terms.

The loop of a gradient takes from stacks what the forward loop has put there. Differentiating that
loop again would have to go from a pop back to its push.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.gradients.registry import stops_gradients

_PASSING = frozenset({"Enter", "Switch", "Identity"})
Carries = Callable[[TensorBase], bool]


def require_first_order(
    xs: Iterable[TensorBase],
    ys: Iterable[TensorBase],
    stops: Iterable[TensorBase],
    reached: Iterable[Operation],
    carries: Carries,
) -> None:
    """Raise TypeError where a derivative of `ys` by `xs` leads through a loop's stacks.

    `reached` are all operations that depend on `xs`.
    """
    if not any(op.type == "StackPushV2" for op in reached):
        return
    ends = {tensor.op for tensor in stops}
    pushes = [
        op
        for op in _followers(_readers(xs), ends, carries)
        if op.type == "StackPushV2" and carries(op.inputs[1])
    ]
    pops = dict.fromkeys(pop for push in pushes for pop in _pops(push))
    found = set(_followers(pops, ends, carries))
    if any(y.op in found for y in ys):
        raise TypeError("Second-order gradient for while loops not supported.")


def _readers(tensors: Iterable[TensorBase]) -> Iterator[Operation]:
    for tensor in tensors:
        yield from tensor._consumers


def _followers(
    ops: Iterable[Operation], ends: set[Operation], carries: Carries
) -> dict[Operation, None]:
    """The operations and what depends on them through all that has a gradient."""
    found: dict[Operation, None] = {}
    waiting = deque(ops)
    while waiting:
        op = waiting.popleft()
        if op in found or op in ends or stops_gradients(op):
            continue
        found[op] = None
        waiting.extend(_readers(tensor for tensor in op.outputs if carries(tensor)))
    return found


def _pops(push: Operation) -> Iterator[Operation]:
    """The operations that take from the stack what `push` has put there."""
    stack = push.inputs[0].op
    while stack.type in _PASSING:
        stack = stack.inputs[0].op
    waiting = deque(stack.outputs)
    while waiting:
        for op in waiting.popleft()._consumers:
            if op.type == "StackPopV2":
                yield op
            elif op.type in _PASSING:
                waiting.extend(op.outputs)
