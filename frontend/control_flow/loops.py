"""`while_loop`: the frame of a loop, built once from the functions that give condition and body.

Every loop variable enters the frame, is merged with what the iteration before left, and is switched
by the condition: out through an Exit, or into the body and on through a NextIteration.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flowc.frontend import nest
from flowc.frontend.apply import build
from flowc.frontend.collections import GraphKeys
from flowc.frontend.composites import IndexedSlices, SparseTensor
from flowc.frontend.control_flow import primitives
from flowc.frontend.control_flow.structures import (
    all_tensors,
    convert_leaf,
    packed,
    tensors_of,
)
from flowc.frontend.control_flow.tensor_array import TensorArray
from flowc.frontend.control_flow.while_context import WhileContext
from flowc.frontend.conversion import constant, convert
from flowc.frontend.elements import TensorBase
from flowc.frontend.functions.mathematics import logical_and
from flowc.frontend.scopes import control_dependencies, name_scope
from flowc.frontend.shapes import TensorShape, as_shape
from flowc.frontend.stacks import get_default_graph
from flowc.ir.tensor.builder import Handle

Name = str | None
Function = Callable[..., Any]


def while_loop(
    cond: Function,
    body: Function,
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: Name = None,
    maximum_iterations: Any = None,
    return_same_structure: bool = False,
) -> Any:
    """Apply `body` to the loop variables as long as `cond` of them is true.

    Both take as many arguments as there are variables; `cond` returns a bool scalar, `body` the
    variables' next values: tensors, TensorArrays, IndexedSlices, SparseTensors or nested structures
    of them. A variable keeps its dtype, and its static shape unless `shape_invariants` gives a less
    specific one. Returns the final values, a single one by itself unless `return_same_structure`.
    Raises TypeError or ValueError for arguments and results that are not such.
    """
    _check_arguments(cond, body, loop_vars, parallel_iterations)
    with name_scope(name, "while", _graph_values(loop_vars)):
        is_single = len(loop_vars) == 1 and not return_same_structure
        if maximum_iterations is not None:
            limit = _as_limit(maximum_iterations)
            cond, body = _counting(cond, body, limit, is_single)
            counter = constant(0, limit.dtype, name="iteration_counter")
            loop_vars = (counter, loop_vars[0] if is_single else loop_vars)
            if shape_invariants is not None:
                inner = shape_invariants[0] if is_single else shape_invariants
                shape_invariants = (TensorShape([]), inner)
        graph = get_default_graph()
        context = WhileContext(
            graph,
            graph.unique_name("while_context"),
            None if maximum_iterations is None else limit,
            parallel_iterations,
            back_prop,
            swap_memory,
        )
        if context.outer_context is None:
            graph.add_to_collection(GraphKeys.WHILE_CONTEXT, context)
        result = _Loop(context, loop_vars, shape_invariants).build(cond, body)
    if maximum_iterations is not None:
        return result[1]
    return result[0] if is_single and len(result) == 1 else result


def _check_arguments(cond: Any, body: Any, loop_vars: Any, parallel_iterations: Any) -> None:
    if not loop_vars:
        raise ValueError("No loop variables provided")
    if not callable(cond):
        raise TypeError("cond must be callable.")
    if not callable(body):
        raise TypeError("body must be callable.")
    if not isinstance(parallel_iterations, int) or parallel_iterations < 1:
        raise TypeError("parallel_iterations must be a positive integer.")


def _graph_values(loop_vars: Any) -> list[Any]:
    return [leaf for leaf in nest.flatten(loop_vars) if isinstance(leaf, TensorBase)]


def _as_limit(maximum_iterations: Any) -> Any:
    limit = convert(maximum_iterations, None, "maximum_iterations")
    if limit.shape.ndims != 0:
        raise ValueError(f"maximum_iterations must be a scalar, saw shape: {limit.shape}")
    return limit


def _counting(cond: Function, body: Function, limit: Any, single: bool) -> tuple[Any, Any]:
    """Condition and body with a counter in front, which ends the loop at its limit."""

    def both(i: Any, values: Any) -> Any:
        return logical_and(i < limit, cond(values) if single else cond(*values))

    def step(i: Any, values: Any) -> Any:
        if single:
            return i + 1, body(values)
        result = body(*values)
        is_sequence = isinstance(result, list | tuple) and isinstance(values, list)
        return i + 1, list(result) if is_sequence else result

    return both, step


@dataclass
class _Loop:
    """One loop under construction."""

    context: WhileContext
    loop_vars: Any
    shape_invariants: Any

    def build(self, cond: Function, body: Function) -> Any:
        """Add the loop; returns the final values in the form of the body's result."""
        context = self.context
        self.leaves = [convert_leaf(leaf) for leaf in nest.flatten(self.loop_vars)]
        with context.entered():
            entered = self._enter()
            merged = [primitives.merge([tensor, tensor]) for tensor in entered]
            for tensor, shape in zip(merged, self.shapes, strict=True):
                _declare(tensor, shape)
            context.pivot_for_pred = merged[0]
            context.pivot = primitives.loop_cond(convert(cond(*self._packed(merged))))
            switched = [primitives.switch(tensor, context.pivot) for tensor in merged]
            inside = [_identity(on) for _, on in switched]
            context.pivot_for_body = inside[0]
            result = body(*self._packed(inside))
            leaves = self._close(merged, result)
            context.loop_exits = [primitives.exit_frame(off) for off, _ in switched]
        context.give_out(context.loop_exits)
        return packed(_as_sequence(result), leaves, context.loop_exits)

    def _packed(self, tensors: Sequence[Any]) -> Any:
        return packed(self.loop_vars, self.leaves, tensors)

    def _enter(self) -> list[Any]:
        """The loop variables' first values inside of the frame."""
        context = self.context
        outer = context.outer_context
        tensors = all_tensors(self.leaves)
        context.values = set(tensors)
        if outer is not None:
            with context.graph.in_context(outer):
                tensors = [outer.capture(tensor) for tensor in tensors]
        self.shapes = self._invariants(tensors)
        with control_dependencies(None):
            entered = [context.enter(tensor) for tensor in tensors]
        for tensor, shape in zip(entered, self.shapes, strict=True):
            _declare(tensor, shape)
            context.graph.prevent_feeding(tensor)
        self._wait_for_outer_pivot(entered)
        context.take_enters(entered)
        context.values = set(entered)
        context.loop_enters = entered
        return entered

    def _wait_for_outer_pivot(self, entered: Sequence[Any]) -> None:
        """What an outer loop never changes must not start an inner one by itself."""
        outer, pivot = self.context.outer_context, None
        while outer is not None and pivot is None:
            pivot, outer = outer.control_pivot, outer.outer_context
        if pivot is None:
            return
        for tensor in entered:
            if primitives.is_constant_enter(tensor.op.inputs[0].op):
                tensor.op.add_control_inputs([pivot.op])

    def _invariants(self, tensors: Sequence[Any]) -> list[TensorShape]:
        """The static shape of each tensor during the loop. Raises ValueError, TypeError."""
        given = self.shape_invariants
        if given is None:
            return [tensor.shape for tensor in tensors]
        shapes = _flat_shapes(given, self.loop_vars)
        found = [
            shape
            for leaf, declared in zip(self.leaves, shapes, strict=True)
            for shape in _leaf_invariants(leaf, declared)
        ]
        for tensor, shape in zip(tensors, found, strict=True):
            if not _is_within(tensor.shape, shape):
                raise ValueError(
                    f"The shape invariant specified for {tensor.name} is not compatible with the "
                    "initial shape of the loop variable. It enters the loop with shape "
                    f"{tensor.shape}, but the specified shape invariant is {shape}."
                )
        return found

    def _close(self, merged: Sequence[Any], result: Any) -> list[Any]:
        """Lead what the body returns back to the merges; gives the leaves of that."""
        _require_structure(self.loop_vars, _as_sequence(result))
        leaves = [convert_leaf(leaf) for leaf in nest.flatten(_as_sequence(result))]
        following = all_tensors(leaves)
        if len(following) != len(merged):
            raise ValueError(
                "Number of inputs and outputs of body must match loop_vars: "
                f"{len(merged)}, {len(following)}"
            )
        for entry, value in zip(merged, following, strict=True):
            _require_fits(entry, value)
            primitives.add_back_edge(entry, value)
        return leaves


def _identity(tensor: Any) -> Any:
    return build("RefIdentity" if tensor.is_ref else "Identity", tensor, name="Identity")


def _declare(tensor: Any, shape: TensorShape) -> None:
    """Let nothing else be known of a loop variable: the first value's sizes may not stay."""
    if not isinstance(tensor._abstract, Handle):
        tensor.declare(shape.sizes)


def _as_sequence(result: Any) -> Any:
    return result if nest.is_nested(result) else [result]


def _require_structure(loop_vars: Any, result: Any) -> None:
    """Raise ValueError or TypeError where the body returns another structure."""
    nest.assert_same_structure(list(loop_vars), list(result))


def _require_fits(entry: Any, value: Any) -> None:
    """Raise TypeError or ValueError where a loop variable would change its dtype or shape."""
    if value.dtype is not entry.dtype:
        raise TypeError(
            f"Input tensor '{entry.op.inputs[0].name}' enters the loop with type "
            f"{entry.dtype.name}, but has type {value.dtype.name} after one iteration."
        )
    if not _is_within(value.shape, entry.shape):
        raise ValueError(
            f"Input tensor '{entry.op.inputs[0].op.inputs[0].name}' enters the loop with shape "
            f"{entry.shape}, but has shape {value.shape} after one iteration. To allow the shape "
            "to vary across iterations, use the `shape_invariants` argument of tf.while_loop to "
            "specify a less-specific shape."
        )


def _is_within(shape: TensorShape, wider: TensorShape) -> bool:
    """Whether `wider` says no more than `shape` does."""
    if wider.ndims is None:
        return True
    if shape.ndims != wider.ndims:
        return False
    pairs = zip(shape.as_list(), wider.as_list(), strict=True)
    return all(limit is None or size == limit for size, limit in pairs)


def _flat_shapes(invariants: Any, loop_vars: Any) -> list[Any]:
    """One shape for each leaf; a shape may be given as a list of sizes. Raises ValueError."""
    if not nest.is_nested(loop_vars):
        return [invariants]
    parts = nest.children(loop_vars)
    if isinstance(invariants, TensorShape) or not nest.is_nested(invariants):
        raise ValueError("shape_invariants must have the structure of loop_vars")
    shapes = nest.children(invariants)
    if len(shapes) != len(parts):
        raise ValueError(
            f"shape_invariants has {len(shapes)} elements where loop_vars has {len(parts)}"
        )
    pairs = zip(shapes, parts, strict=True)
    return [shape for given, part in pairs for shape in _flat_shapes(given, part)]


def _leaf_invariants(leaf: Any, invariant: Any) -> list[TensorShape]:
    """The static shapes of the tensors of a leaf."""
    shape = as_shape(invariant)
    match leaf:
        case TensorArray():
            return [TensorShape([])]
        case SparseTensor():
            rank = shape.ndims
            return [TensorShape([None, rank]), TensorShape([None]), TensorShape([rank])]
        case IndexedSlices():
            rows = shape[:1] if shape.ndims else TensorShape([None])
            return [shape, rows, TensorShape([shape.ndims])][: len(tensors_of(leaf))]
    return [shape]
