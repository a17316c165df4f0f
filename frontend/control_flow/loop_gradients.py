"""The loop of a gradient: it runs as often as the forward loop did, from the last iteration back.

`LoopGradient` belongs to one forward loop. It counts the forward iterations, and keeps what the
gradient wants of each on a stack that the forward loop pushes to and the gradient's loop pops from.
`LoopGradients` holds those of one call of `gradients`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from flowc.frontend.apply import build
from flowc.frontend.control_flow import primitives
from flowc.frontend.control_flow.contexts import CondContext, output_context, while_context_of
from flowc.frontend.control_flow.while_context import WhileContext
from flowc.frontend.conversion import constant
from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.functions.filling import zeros
from flowc.ir import dtypes


class LoopGradient:
    """A forward loop and the loop of its gradient.

    `outer` is the same of the loop around, where that is differentiated too; `base` the context in
    which `gradients` was called.
    """

    def __init__(self, forward: WhileContext, outer: LoopGradient | None, base: Any) -> None:
        self.forward_context = forward
        self.outer = outer
        self.base = base
        self.graph = forward.graph
        self.grad_context: WhileContext
        self.switch_merges: dict[Operation, Any] = {}  # by forward Switch
        self.forward_exits = list(forward.loop_exits)
        self.pending_exits = len(self.forward_exits)
        self.unused_exits: list[Any] = []
        self.deferred_exits: list[Any] = []
        self._saved: dict[TensorBase, Any] = {}
        self._forward_sync: Operation | None = None
        self._grad_sync: Operation | None = None
        with self.graph.in_context(forward.outer_context):
            count = self._count_forward()
        around = forward.outer_context if outer is None else outer.grad_context
        with self.graph.in_context(around):
            self.grad_context = WhileContext(
                self.graph,
                self.graph.unique_name(forward.name.rsplit("/", 1)[-1]),
                forward.maximum_iterations,
                forward.parallel_iterations,
                forward.back_prop,
                forward.swap_memory,
                self,
            )
            if outer is not None:
                count = outer.saved_value(count)
            self._count_backward(count)

    # Counters

    def _count_forward(self) -> Any:
        """Let the forward loop count its iterations; gives the number after its end."""
        loop = self.forward_context
        start = constant(0, name="f_count")
        if self.outer is not None:
            # The pushes of one run of an inner loop come before those of the next.
            start.op.add_control_inputs([self.outer.forward_step])
        with loop.entered():
            self.forward_index, count = loop.carry(
                start, lambda number: build("Add", number, 1, name="Add"), "f_count"
            )
        return count

    def _count_backward(self, count: Any) -> None:
        """The gradient's loop, which counts down."""
        loop = self.grad_context
        one = constant(1, name="b_count")
        with loop.entered():
            loop.values.add(count)
            entered = loop.enter(count, name="b_count")
            loop.loop_enters.append(entered)
            merged = primitives.merge([entered, entered])
            loop.pivot_for_pred = merged
            loop.pivot = primitives.loop_cond(build("GreaterEqual", merged, one), name="b_count")
            off, on = primitives.switch(merged, loop.pivot)
            index = build("Sub", on, one, name="Sub")
            loop.pivot_for_body = index
            self.grad_index = primitives.add_back_edge(merged, index)
            zero = loop.leave(off, "b_count")
        if self.outer is not None:
            # The pops of one run of an inner loop come before those of the next.
            self.outer.grad_sync.add_control_inputs([zero.op])

    @property
    def forward_step(self) -> Operation:
        """The operation that advances the forward counter."""
        step: Operation = self.forward_index.op.inputs[0].op
        return step

    @property
    def forward_sync(self) -> Operation:
        """What the pushes of an iteration, dead or alive, must precede."""
        if self._forward_sync is None:
            self._forward_sync = self._sync("f_sync", self.forward_context, self.forward_index)
        return self._forward_sync

    @property
    def grad_sync(self) -> Operation:
        """What the pops of an iteration, dead or alive, must precede."""
        if self._grad_sync is None:
            self._grad_sync = self._sync("b_sync", self.grad_context, self.grad_index)
        return self._grad_sync

    def _sync(self, name: str, context: WhileContext, index: Any) -> Operation:
        with self.graph.control_dependencies(None):
            trigger = primitives.control_trigger(name)
        trigger.control_flow_context = context
        index.op.add_control_inputs([trigger])
        return trigger

    # What the gradient wants of the forward loop

    def saved_value(self, tensor: TensorBase) -> Any:
        """A tensor of the forward loop, as it was in the iteration that the gradient is at."""
        found = self._saved.get(tensor)
        if found is None:
            found = self._saved[tensor] = self._bring_back(tensor)
        return found

    def _bring_back(self, tensor: TensorBase) -> Any:
        source, state = tensor, self
        while (entered := primitives.constant_enter_behind(source)) is not None:
            source = entered.inputs[0]
            if state.outer is None:
                return self.grad_context.capture(source)
            state = state.outer
        if source.op.type == "Const":
            with self.graph.control_dependencies(None), self.grad_context.entered():
                return constant(source.op.attrs["value"], source.dtype)
        popped = state._pop(state._push(source), source)
        return popped if state is self else self.grad_context.capture(popped)

    def _push(self, value: TensorBase) -> Any:
        """Have each iteration push `value`; gives the stack."""
        graph, forward = self.graph, self.forward_context
        with graph.control_dependencies(None):
            with graph.in_context(self.base), graph.colocate_with(value):
                limit = constant(-1, dtypes.int32)
                stack = build("StackV2", limit, elem_type=value.dtype, name="f_acc")
            entered = forward.capture(stack)
            where = output_context(value.op)
            with graph.in_context(where):
                push = build("StackPushV2", entered, value, swap_memory=forward.swap_memory).op
        follower = self.forward_index.op if where is forward else self.forward_sync
        follower.add_control_inputs([push])
        push.add_control_inputs([self.forward_step])
        return stack

    def _pop(self, stack: Any, value: TensorBase) -> Any:
        """The value that the iteration has pushed; dead where the value was."""
        branch = self._branch_of(value)
        with self.graph.control_dependencies(None), self.grad_context.entered():
            if branch is not None:
                stack = primitives.switch(stack, branch.pred)[branch.branch]
            popped = build("StackPopV2", stack, elem_type=value.dtype)
            popped.set_shape(value.shape)
        self.grad_sync.add_control_inputs([popped.op])
        return popped

    def _branch_of(self, value: TensorBase) -> CondContext | None:
        """The innermost conditional of the forward loop in which a value is."""
        context = output_context(value.op)
        while context is not None and context is not self.forward_context:
            if isinstance(context, CondContext):
                return context
            context = context.outer_context
        return None


class LoopGradients:
    """The loops that one call of `gradients` goes through."""

    def __init__(self, base: Any) -> None:
        self.base = base
        self._states: dict[WhileContext, LoopGradient] = {}

    def __bool__(self) -> bool:
        return bool(self._states)

    def add_loop_of(self, exit_op: Operation) -> list[Operation]:
        """A loop that the gradient enters through an Exit; gives all its Exits.

        Raises ValueError for a loop of whose structure nothing is known.
        """
        forward = while_context_of(exit_op)
        if forward is None:
            raise ValueError(
                f"Cannot differentiate through '{exit_op.name}': the loop was imported without its "
                "context. Import it with tf.train.import_meta_graph, which keeps that."
            )
        if forward not in self._states:
            around = forward.outer_context
            outer = None if around is None else self._states.get(around.while_context)
            self._states[forward] = LoopGradient(forward, outer, self.base)
        return [tensor.op for tensor in self._states[forward].forward_exits]

    def of(self, op: Operation, before: bool) -> LoopGradient | None:
        """The loop in which an operation is; of an Exit, `before` asks for the loop around."""
        if before:
            context = output_context(op)
            loop = None if context is None else context.while_context
        else:
            loop = while_context_of(op)
        return None if loop is None else self._states.get(loop)

    def entered(self, op: Operation, before: bool) -> AbstractContextManager[None]:
        """The context of the gradients of an operation's outputs (`before`), or of its inputs'."""
        state = self.of(op, before)
        return nullcontext() if state is None else state.grad_context.entered()

    def take_unused_exits(
        self, pending: dict[Operation, int], ys: Iterable[Operation]
    ) -> list[TensorBase]:
        """The Exits without a gradient of loops all of whose others have theirs."""
        found: list[TensorBase] = []
        given = set(ys)
        for state in self._states.values():
            for tensor in state.forward_exits:
                if pending.get(tensor.op) != 0:
                    continue
                state.pending_exits -= 1
                if tensor.op not in given:
                    state.unused_exits.append(tensor)
                if state.pending_exits == 0:
                    found.extend(state.unused_exits)
            for tensor in state.forward_context.loop_enters:
                if pending.get(tensor.op) == 0:
                    pending[tensor.op] = 1
        return found

    def ready_exits(
        self, tensor: TensorBase, gradients: Mapping[TensorBase, Any]
    ) -> list[TensorBase]:
        """The Exits to visit now that one more is ready: all, once the last one is."""
        state = self.of(tensor.op, before=False)
        assert state is not None
        state.deferred_exits.append(tensor)
        state.pending_exits -= 1
        if state.pending_exits:
            return []
        used = [t for t in state.deferred_exits if gradients.get(t)]
        state.unused_exits.extend(t for t in state.deferred_exits if not gradients.get(t))
        return [*used, *state.unused_exits]

    def close(self) -> None:
        """Give zeros to the next iteration where a loop variable does not depend on itself."""
        for state in self._states.values():
            for merged in state.switch_merges.values():
                for part in primitives.components(merged):
                    if part.op.inputs[0] is part.op.inputs[1]:
                        _feed_zeros(state, part)


def _feed_zeros(state: LoopGradient, merged: Any) -> None:
    loop = state.grad_context
    entered = merged.op.inputs[0]
    with loop.graph.in_context(loop.outer_context):
        shape = None if merged.shape.is_fully_defined() else build("Shape", entered.op.inputs[0])
        if shape is not None:
            nothing = zeros(shape, merged.dtype)
    with loop.entered():
        if shape is None:
            nothing = zeros(merged.shape, merged.dtype)
        primitives.add_back_edge(merged, nothing)
