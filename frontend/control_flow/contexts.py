"""Contexts: the branch of a conditional, or the loop, in which operations are made.

A graph has a current context, an operation the one in which it was made. A tensor from outside is
*captured* when an operation inside reads it: a branch reads it through a Switch, a loop through a
constant Enter, one for each context. Operations without inputs wait for the context's *pivot*, so
that they run just where the context does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flowc.frontend.control_flow import primitives
from flowc.frontend.elements import Operation, TensorBase

if TYPE_CHECKING:
    from flowc.frontend.control_flow.while_context import WhileContext
    from flowc.frontend.graph import Graph


class ControlFlowContext:
    """What branches and loops have in common."""

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph = graph
        self.name = name
        self.outer_context: Any = graph.control_flow_context
        self.nested_contexts: list[ControlFlowContext] = []
        if self.outer_context is not None:
            self.outer_context.nested_contexts.append(self)
        self.values: set[TensorBase] = set()  # all that operations inside may read
        self.external_values: dict[TensorBase, TensorBase] = {}  # and what stands for it here

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Make this the current context inside a `with` block."""
        with self.graph.in_context(self):
            yield

    def home_of(self, op_type: str, inputs: Sequence[TensorBase]) -> ControlFlowContext:
        """The context to which an operation belongs that is made in this one."""
        return self

    def capture(self, tensor: TensorBase) -> TensorBase:
        """What stands for `tensor` in this context."""
        raise NotImplementedError

    def adopt(self, op: Operation) -> None:
        """Make a new operation wait for what starts the context; its outputs become known here."""
        raise NotImplementedError

    @property
    def control_pivot(self) -> Any:
        """The tensor for whose operation those without inputs wait."""
        return None

    @property
    def while_context(self) -> WhileContext | None:
        """The innermost loop around, or this loop itself."""
        return None if self.outer_context is None else self.outer_context.while_context

    @property
    def grad_state(self) -> Any:
        """The loop state of the gradient whose loop this is in; None in other contexts."""
        loop = self.while_context
        return None if loop is None else loop.grad_state

    @property
    def back_prop(self) -> bool:
        """True inside a loop that can be differentiated."""
        loop = self.while_context
        return loop is not None and loop.back_prop

    def give_out(self, tensors: Sequence[TensorBase]) -> None:
        """Make the results of this context known to the one around."""
        if self.outer_context is not None:
            self.outer_context.values.update(tensors)

    def contains(self, other: ControlFlowContext | None) -> bool:
        """True where `other` is this context or inside it."""
        while other is not None and other is not self:
            other = other.outer_context
        return other is self

    def _drop_outer_controls(self, op: Operation) -> list[Operation]:
        """Take the control inputs of operations that are not in the same loop, and return them."""
        loop = self.while_context
        if loop is None:
            return []
        outside = [c for c in op._control_inputs if not _is_inside(c, loop)]
        op._control_inputs = [c for c in op._control_inputs if c not in outside]
        return outside

    def __str__(self) -> str:
        return self.name


def output_context(op: Operation) -> Any:
    """The context in which an operation's outputs are: an Exit's are outside of its loop."""
    context = op.control_flow_context
    if context is not None and primitives.is_loop_exit(op):
        return context.outer_context
    return context


def while_context_of(op: Operation) -> Any:
    """The innermost loop in which an operation is; for an Exit, the loop that it leaves."""
    context = op.control_flow_context
    return None if context is None else context.while_context


def _is_inside(op: Operation, loop: ControlFlowContext) -> bool:
    context = output_context(op)
    return context is not None and context.while_context is loop


class CondContext(ControlFlowContext):
    """One branch of a conditional."""

    def __init__(self, graph: Graph, name: str, pred: Any, pivot: Any, branch: int) -> None:
        super().__init__(graph, name)
        self.pred = pred
        self.pivot = pivot
        self.branch = branch  # 1: where pred is true
        self.values.update((pred, pivot))
        self.external_values[pred] = pred
        pivot.op.control_flow_context = self

    @property
    def control_pivot(self) -> Any:
        """The predicate's switch, on this branch's side."""
        return self.pivot

    def capture(self, tensor: TensorBase) -> TensorBase:
        """The tensor's Switch output for this branch; what is made here stands for itself."""
        if tensor in self.values:
            return self.external_values.get(tensor, tensor)
        self.values.add(tensor)
        source = self._from_outside(tensor)
        with self.graph.control_dependencies(None):
            result: TensorBase = primitives.switch(source, self.pred)[self.branch]
        self.graph.prevent_fetching(result.op)
        result.op.control_flow_context = self
        self._know((result,))
        self.external_values[tensor] = result
        return result

    def _from_outside(self, tensor: TensorBase) -> TensorBase:
        if self.outer_context is None:
            return tensor
        found: TensorBase = self.outer_context.capture(tensor)
        self.values.add(found)
        self.external_values[found] = found
        return found

    def result(self, tensor: TensorBase) -> TensorBase:
        """A tensor as a result of the branch: one from outside is captured."""
        if tensor in self.values:
            return self.external_values.get(tensor, tensor)
        self.values.add(tensor)
        found: TensorBase = primitives.switch(self._from_outside(tensor), self.pred)[self.branch]
        self.external_values[tensor] = found
        return found

    def _know(self, tensors: Sequence[TensorBase]) -> None:
        """Tensors of this branch are known here and in all contexts around."""
        context: Any = self
        while context is not None:
            context.values.update(tensors)
            context = context.outer_context

    def adopt(self, op: Operation) -> None:
        """An operation that waits for nothing inside waits for the pivot."""
        self._drop_outer_controls(op)
        waits = not op._inputs or op.type == "SymbolicGradient"
        if waits and not any(self.contains(c.control_flow_context) for c in op._control_inputs):
            op._control_inputs.append(self.pivot.op)
        self._know(op._outputs)
        if self.outer_context is not None or not primitives.is_loop_exit(op):
            self.graph.prevent_fetching(op)


def require_readable(tensor: TensorBase, op_name: str, context: Any) -> None:
    """Raise ValueError where an operation of `context` cannot read a tensor of another loop."""
    source = output_context(tensor.op)
    if source is None or source is context:
        return
    loop = None if context is None else context.while_context
    other = source.while_context
    if other is None or (loop is not None and _may_read(loop, other)):
        return
    name = tensor.op.name
    why = f"'{name}' is in a while loop" if loop is None else "they are in different while loops"
    raise ValueError(
        f"Cannot use '{name}' as input to '{op_name}' because {why}. What a loop computes leaves "
        "it as one of its loop variables."
    )


def _may_read(loop: Any, other: Any) -> bool:
    """Whether `loop` may read from `other`: a loop around, or one that a gradient goes through."""
    if other.contains(loop):
        return True
    if loop.grad_state is not None:
        forward = loop.grad_state.forward_context
        if other.contains(forward) or other.outer_context is forward:
            return True
    if other.grad_state is None:
        return False
    forward = other.grad_state.forward_context
    return bool(forward is loop or loop.contains(forward))
