"""The context of a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from flowc.frontend.apply import build
from flowc.frontend.control_flow import primitives
from flowc.frontend.control_flow.contexts import ControlFlowContext, output_context
from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.shapes import Sizes

if TYPE_CHECKING:
    from flowc.frontend.graph import Graph

# What a gradient wants of a forward tensor's shape is computed in the forward loop.
_MEASURES = ("Shape", "Size", "Rank")


class WhileContext(ControlFlowContext):
    """One loop: a frame of that name.

    `pivot` is its LoopCond; `grad_state` is set where it is the loop of a gradient.
    """

    def __init__(
        self,
        graph: Graph,
        name: str,
        maximum_iterations: Any = None,
        parallel_iterations: int = 10,
        back_prop: bool = True,
        swap_memory: bool = False,
        grad_state: Any = None,
    ) -> None:
        if not isinstance(parallel_iterations, int) or parallel_iterations <= 0:
            raise ValueError(
                f"'parallel_iterations' must be a positive integer: {parallel_iterations}"
            )
        super().__init__(graph, name)
        self.maximum_iterations = maximum_iterations
        self.parallel_iterations = parallel_iterations
        self.swap_memory = swap_memory
        self._back_prop = back_prop
        self._grad_state = grad_state
        self.pivot: Any = None
        self.pivot_for_pred: Any = None
        self.pivot_for_body: Any = None
        self.loop_enters: list[Any] = []
        self.loop_exits: list[Any] = []

    @property
    def while_context(self) -> WhileContext:
        """The loop itself."""
        return self

    @property
    def grad_state(self) -> Any:
        """The loop state of a gradient whose loop this is."""
        return self._grad_state

    @property
    def back_prop(self) -> bool:
        """False where the user asked for no gradient."""
        return self._back_prop

    @property
    def control_pivot(self) -> Any:
        """The first loop variable: in the body, or before while the condition is built."""
        return self.pivot_for_pred if self.pivot_for_body is None else self.pivot_for_body

    def home_of(self, op_type: str, inputs: Sequence[TensorBase]) -> ControlFlowContext:
        """A gradient's loop hands what measures a forward tensor to that tensor's context."""
        if self._grad_state is None or op_type not in _MEASURES:
            return self
        home = output_context(inputs[0].op)
        if home is None or home.while_context is not self._grad_state.forward_context:
            return self
        found: ControlFlowContext = home
        return found

    def capture(self, tensor: TensorBase) -> TensorBase:
        """A constant Enter of a tensor from outside; of the forward loop, its saved value."""
        if tensor in self.values or tensor.op.control_flow_context is self:
            return self.external_values.get(tensor, tensor)
        self.values.add(tensor)
        result = self._saved(tensor)
        if result is None:
            result = self._entered(tensor)
        self.external_values[tensor] = result
        return result

    def _saved(self, tensor: TensorBase) -> TensorBase | None:
        if self._grad_state is None:
            return None
        source = output_context(tensor.op)
        loop = None if source is None else source.while_context
        if loop is not self._grad_state.forward_context:
            return None
        found: TensorBase = self._grad_state.saved_value(tensor)
        return found

    def _entered(self, tensor: TensorBase) -> TensorBase:
        source = tensor if self.outer_context is None else self.outer_context.capture(tensor)
        with self.graph.control_dependencies(None):
            entered = self.enter(source, is_constant=True)
        self.graph.prevent_feeding(entered)
        self.take_enters([entered])
        self.values.add(entered)
        result: TensorBase = entered
        return result

    def enter(self, value: Any, name: str | None = None, is_constant: bool = False) -> Any:
        """An Enter into this frame."""
        return primitives.enter(value, self.name, is_constant, self.parallel_iterations, name)

    def carry(
        self,
        start: Any,
        step: Callable[[Any], Any],
        name: str,
        merge_name: str | None = None,
        sizes: Sizes | None = None,
    ) -> tuple[Any, Any]:
        """Have a loop that exists carry one value more, from `start` on; called inside of it.

        Gives what `step` makes of the value in each iteration, and the last value, outside.
        `sizes` are what all iterations have in common, where that is not the shape of `start`.
        """
        self.values.add(start)
        entered = self.enter(start, name=name)
        self.loop_enters.append(entered)
        merged = primitives.merge([entered, entered], name=merge_name)
        if sizes is not None:
            merged.declare(sizes)
        off, on = primitives.switch(merged, self.pivot)
        following = primitives.add_back_edge(merged, step(on))
        return following, self.leave(off, name)

    def leave(self, value: Any, name: str) -> Any:
        """An Exit of a value of the loop."""
        result = primitives.exit_frame(value, name=name)
        self.loop_exits.append(result)
        self.give_out([result])
        return result

    def take_enters(self, enters: Sequence[Any]) -> None:
        """Put Enters made outside into this context; they wait for what their makers wait for."""
        for entered in enters:
            op = entered.op
            waits = self.graph.control_inputs_for([op.inputs[0]])
            op.control_flow_context = self
            op.add_control_inputs([c for c in waits if self._is_around(output_context(c))])
            self.graph.made_under_control(op)

    def _is_around(self, context: Any) -> bool:
        """Whether a context is around this one, and no further out than the next loop."""
        outer = self.outer_context
        limit = None if outer is None else outer.while_context
        while outer is not context:
            if outer is None or outer is limit:
                return False
            outer = outer.outer_context
        return True

    def adopt(self, op: Operation) -> None:
        """Operations that depend on nothing that changes wait for the pivot."""
        outside = self._drop_outer_controls(op)
        if not op._control_inputs and self._is_free(op):
            op._control_inputs.append(self.control_pivot.op)
        self.values.update(op._outputs)
        if outside:
            self._wait_inside(op, outside)
        if self.outer_context is not None or not primitives.is_loop_exit(op):
            self.graph.prevent_fetching(op)
            for tensor in op._outputs:
                self.graph.prevent_feeding(tensor)

    @staticmethod
    def _is_free(op: Operation) -> bool:
        if op.type in ("PartitionedCall", "StatefulPartitionedCall", "SymbolicGradient"):
            return True
        return all(primitives.is_constant_enter(t.op) for t in op._inputs)

    def _wait_inside(self, op: Operation, outside: Sequence[Operation]) -> None:
        """A control edge cannot enter a frame: wait for identities of what it came from."""
        with self.graph.control_dependencies(None), self.entered():
            waits = [build("Identity", c.outputs[0]).op for c in outside if c.outputs]
        op._control_inputs.extend(w for w in waits if w not in op._control_inputs)
