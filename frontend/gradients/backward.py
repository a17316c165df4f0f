"""Reverse accumulation over a graph: `gradients(ys, xs)` adds the nodes of the derivative.

The operations between `xs` and `ys` are visited from the back, each once all that read its outputs
have been; its gradient function turns the gradients of its outputs into those of its inputs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, KeysView, Sequence, ValuesView
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from flowc.compiler.collection import without_collection
from flowc.frontend.apply import build
from flowc.frontend.composites import IndexedSlices
from flowc.frontend.control_flow import gradients as _  # noqa: F401 -- registers itself
from flowc.frontend.control_flow.loop_gradients import LoopGradients
from flowc.frontend.control_flow.primitives import is_loop_exit, is_loop_switch
from flowc.frontend.conversion import constant, convert
from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.functions.control import tuple_
from flowc.frontend.functions.filling import zeros, zeros_like
from flowc.frontend.functions.mathematics import add_n
from flowc.frontend.functions.shaping import concat
from flowc.frontend.gradients.registry import gradient_function, gradient_source
from flowc.frontend.gradients.stacks import require_first_order
from flowc.frontend.scopes import name_scope
from flowc.frontend.stacks import get_default_graph
from flowc.ir import dtypes


class AggregationMethod:
    """How the gradients of a tensor that is read several times are added; flowc sums them all."""

    ADD_N = 0
    DEFAULT = 0
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


class UnconnectedGradients(Enum):
    """What `gradients` gives for an `x` on which no `y` depends."""

    NONE = "none"
    ZERO = "zero"


@without_collection()
def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = UnconnectedGradients.NONE,
) -> list[Any]:
    """The derivatives of the sum of `ys` with respect to each of `xs`.

    `grad_ys` are the gradients of `ys`, ones by default. `stop_gradients` are held constant. A
    gradient is a tensor, IndexedSlices, or None where nothing depends on the x. Raises LookupError
    where an operation on the way has no gradient, ValueError or TypeError for bad arguments.
    """
    unconnected = UnconnectedGradients(unconnected_gradients)
    ys, xs = _as_list(ys), _as_list(xs)
    stops = [] if stop_gradients is None else _as_list(stop_gradients)
    given = [None] * len(ys) if grad_ys is None else _as_list(grad_ys)
    if len(given) != len(ys):
        raise ValueError(f"Passed {len(given)} grad_ys for {len(ys)} ys")
    with name_scope(name, "gradients", [*ys, *xs, *stops, *given]) as scope, gradient_source(scope):
        ys = [_as_y(y) for y in ys]
        xs = [_as_x(x) for x in xs]
        stops = [_as_x(x) for x in stops]
        run = _Backward(xs, ys, stops, colocate_gradients_with_ops, gate_gradients)
        for y, grad in zip(ys, _initial_gradients(given, ys), strict=True):
            run.add(y, grad)
        run.run()
        run.loops.close()
        return [_result(run, x, unconnected) for x in xs]


def _as_list(values: Any) -> list[Any]:
    is_several = isinstance(values, list | tuple | ValuesView | KeysView)
    return list(values) if is_several else [values]


def _as_x(x: Any) -> TensorBase:
    """A tensor to differentiate by: a variable's handle or reference, else a tensor."""
    tensor: TensorBase = convert(x, None, "x", None, as_ref=True)
    return tensor


def _as_y(y: Any) -> TensorBase:
    tensor: TensorBase = convert(y, None, "y")
    return tensor


def _initial_gradients(given: Sequence[Any], ys: Sequence[TensorBase]) -> list[Any]:
    """The gradients of `ys`: those given, else ones. Raises TypeError for wrong dtypes."""
    found: list[Any] = []
    for i, (grad, y) in enumerate(zip(given, ys, strict=True)):
        if grad is None:
            if y.dtype.is_complex:
                raise TypeError(
                    f"Gradients of complex tensors must set grad_ys (y.dtype = {y.dtype!r})"
                )
            one = constant(1, y.dtype, name=f"grad_ys_{i}")
            shape = y.shape
            sizes = (
                constant(shape.as_list(), dtypes.int32, name="Shape")
                if (shape.is_fully_defined())
                else build("Shape", y)
            )
            found.append(build("Fill", sizes, one))
            continue
        grad = grad if isinstance(grad, IndexedSlices) else convert(grad, None, f"grad_ys_{i}")
        if grad.dtype is not y.dtype and y.dtype not in (dtypes.resource, dtypes.variant):
            raise TypeError(
                f"Gradient type {grad.dtype.name} generated for tensor {y} with type "
                f"{y.dtype.name} must match."
            )
        found.append(grad)
    return found


def _result(run: _Backward, x: TensorBase, unconnected: UnconnectedGradients) -> Any:
    grad = run.total(x)
    if grad is None and unconnected is UnconnectedGradients.ZERO:
        return zeros_like(x)
    return grad


def _carries_gradient(tensor: TensorBase) -> bool:
    """True for the dtypes that derivatives pass through."""
    dtype = tensor.dtype
    return dtype.is_floating or dtype.is_complex or dtype in (dtypes.resource, dtypes.variant)


@dataclass
class _Backward:
    """One differentiation: what is to be visited, and the gradients found so far."""

    xs: Sequence[TensorBase]
    ys: Sequence[TensorBase]
    stops: Sequence[TensorBase]
    colocate: bool
    gate: bool
    grads: dict[TensorBase, list[Any]] = field(default_factory=dict)
    loops: LoopGradients = field(init=False)

    def __post_init__(self) -> None:
        self.loops = LoopGradients(get_default_graph().control_flow_context)

    def add(self, tensor: TensorBase, grad: Any) -> None:
        """A further reader of `tensor` contributes `grad`."""
        if grad is not None:
            self.grads.setdefault(tensor, []).append(grad)

    def total(self, tensor: TensorBase) -> Any:
        """The sum of the contributions to a tensor's gradient; None where there is none."""
        parts = self.grads.get(tensor)
        if not parts:
            return None
        if len(parts) > 1:
            self.grads[tensor] = parts = [_sum(parts)]
        return parts[0]

    def run(self) -> None:
        """Visit all operations between; a loop's Switch twice."""
        pending = self._count_readers()
        ready = deque(dict.fromkeys(y.op for y in self.ys if pending.get(y.op) == 0))
        for tensor in self.loops.take_unused_exits(pending, [y.op for y in self.ys]):
            self._add_zeros(tensor)
            ready.append(tensor.op)
        stop_at = self._stopping_ops(pending)
        while ready:
            op = ready.popleft()
            self._visit(op, op in stop_at)
            for tensor in op.inputs:
                if tensor.op in pending:
                    pending[tensor.op] -= 1
                    ready.extend(self._now_ready(tensor, pending[tensor.op]))

    def _now_ready(self, tensor: TensorBase, pending: int) -> list[Operation]:
        """What can be visited once a reader of `tensor` has been."""
        op = tensor.op
        if pending != 0 and not (pending > 0 and self.loops and is_loop_switch(op)):
            return []
        if not is_loop_exit(op) or self.loops.of(op, before=False) is None:
            return [op]
        exits = self.loops.ready_exits(tensor, self.grads)
        if any(self.grads.get(t) for t in exits):
            for unused in exits:
                if not self.grads.get(unused):
                    self._add_zeros(unused)
        return [t.op for t in exits]

    def _add_zeros(self, tensor: TensorBase) -> None:
        """The gradient of a loop variable's last value that nothing reads."""
        if _carries_gradient(tensor) and tensor.dtype not in (dtypes.resource, dtypes.variant):
            with self.loops.entered(tensor.op, before=True):
                known = tensor.shape.is_fully_defined()
                shape = tensor.shape if known else build("Shape", tensor)
                self.add(tensor, zeros(shape, tensor.dtype))

    def _count_readers(self) -> dict[Operation, int]:
        """For each operation between xs and ys, how many edges lead to others between."""
        reached = _reached_from([x.op for x in self.xs], set(self.xs))
        require_first_order(self.xs, self.ys, self.stops, reached, _carries_gradient)
        between = _leading_to([y.op for y in self.ys], reached)
        for op in list(between):
            if is_loop_exit(op):
                with op.graph.colocate_with(op) if self.colocate else nullcontext():
                    between.update(dict.fromkeys(self.loops.add_loop_of(op)))
        pending = dict.fromkeys(between, 0)
        for op in between:
            for tensor in op.inputs:
                if tensor.op in pending:
                    pending[tensor.op] += 1
        return pending

    def _stopping_ops(self, pending: dict[Operation, int]) -> set[Operation]:
        """The operations behind which no x lies."""
        given = set(self.xs)
        found = {t.op for t in self.stops}
        for x in self.xs:
            behind = [
                t for t in x.op.inputs if t.op in pending and (t in given or pending[t.op] > 0)
            ]
            if not behind:
                found.add(x.op)
        return found

    def _visit(self, op: Operation, stop: bool) -> None:
        with self.loops.entered(op, before=True):
            grads = [self.total(t) for t in op.outputs]
        if stop or all(g is None for g in grads):
            return
        function = gradient_function(op)
        if function is None:
            return
        graph = op.graph
        with ExitStack() as scopes:
            if self.colocate:
                scopes.enter_context(graph.colocate_with(op))
            scopes.enter_context(self.loops.entered(op, before=False))
            scopes.enter_context(graph.name_scope(f"{op.name}_grad"))
            found = _as_list(function(op, *grads))
            if len(found) != len(op.inputs):
                raise ValueError(
                    f"Num gradients {len(found)} generated for op {op.node_def} do "
                    f"not match num inputs {len(op.inputs)}"
                )
            if self.gate and sum(g is not None for g in found) > 1:
                with graph.device(None), graph.colocate_with(None, ignore_existing=True):
                    found = tuple_(found)
            for i, (tensor, grad) in enumerate(zip(op.inputs, found, strict=True)):
                self.add(tensor, _checked(op, i, tensor, grad))


def _checked(op: Operation, index: int, tensor: TensorBase, grad: Any) -> Any:
    """A gradient, with the shape of what it is the gradient of. Raises ValueError."""
    if grad is None or isinstance(grad, IndexedSlices) or tensor.dtype is dtypes.resource:
        return grad
    grad = convert(grad)
    try:
        grad.set_shape(tensor.shape)
    except ValueError:
        raise ValueError(
            "Incompatible shapes between op input and calculated input gradient. Forward "
            f"operation: {op.name}. Input index: {index}. Original input shape: {tensor.shape}.  "
            f"Calculated input gradient shape: {grad.shape}"
        ) from None
    return grad


def _sum(parts: list[Any]) -> Any:
    """Contributions added; IndexedSlices are put one after the other."""
    if not all(isinstance(part, IndexedSlices) for part in parts):
        return add_n(parts)
    return IndexedSlices(
        concat([part.values for part in parts], 0),
        concat([_same_dtype(part.indices, parts) for part in parts], 0),
        next((p.dense_shape for p in parts if p.dense_shape is not None), None),
    )


def _same_dtype(indices: Any, parts: Iterable[IndexedSlices]) -> Any:
    wide = any(part.indices.dtype is dtypes.int64 for part in parts)
    if wide and indices.dtype is not dtypes.int64:
        return build("Cast", indices, DstT=dtypes.int64)
    return indices


def _reached_from(ops: Iterable[Operation], xs: set[TensorBase]) -> set[Operation]:
    """The operations that depend on `ops` through tensors that carry gradients."""
    reached: set[Operation] = set()
    waiting = deque(ops)
    while waiting:
        op = waiting.popleft()
        if op in reached:
            continue
        reached.add(op)
        for tensor in op.outputs:
            if tensor in xs or _carries_gradient(tensor):
                waiting.extend(tensor._consumers)
    return reached


def _leading_to(ops: Iterable[Operation], reached: set[Operation]) -> dict[Operation, None]:
    """The operations of `reached` on which `ops` depend."""
    between: dict[Operation, None] = {}
    waiting = deque(ops)
    while waiting:
        op = waiting.popleft()
        if op in reached and op not in between:
            between[op] = None
            waiting.extend(tensor.op for tensor in op.inputs)
    return between


def hessians(
    ys: Any,
    xs: Any,
    name: str = "hessians",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
) -> list[Any]:
    """The second derivatives of the sum of `ys` by each of `xs`: of shape `x.shape + x.shape`.

    Raises ValueError where an x has no static shape.
    """
    options = (colocate_gradients_with_ops, gate_gradients, aggregation_method)
    xs = _as_list(xs)
    found = []
    for grad, x in zip(gradients(ys, xs, None, name, *options), xs, strict=True):
        sizes = x.shape.as_list()
        count = x.shape.num_elements()
        if count is None:
            raise ValueError(f"Cannot compute Hessian because the shape of {x} is not known.")
        flat = build("Reshape", convert(grad), [-1])
        rows = [gradients(flat[i], x, None, name, *options)[0] for i in range(count)]
        rows = [zeros_like(x) if row is None else convert(row) for row in rows]
        found.append(build("Reshape", build("Pack", rows), [*sizes, *sizes]))
    return found
