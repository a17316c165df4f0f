"""`tf.GradientTape` in a graph: which operations count for a gradient, and which are constants.

The graph is the record. A tape notes between which operations it records, and what it watches; its
gradient is that of the graph, with the results of all other operations held constant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from flowc.frontend import nest
from flowc.frontend.conversion import convert
from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.functions.filling import zeros_like
from flowc.frontend.functions.shaping import reshape, shape, stack, unstack
from flowc.frontend.gradients.backward import UnconnectedGradients, gradients
from flowc.frontend.graph import Graph
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.variables.sets import trainable_variables
from flowc.frontend.variables.variable import Variable
from flowc.ir import dtypes


class GradientTape:
    """Derivatives of what is computed inside the `with` block.

    By trainable variables that are read there (unless `watch_accessed_variables` is False), and by
    tensors that are watched. Only a `persistent` tape gives several gradients.
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._watch_variables = watch_accessed_variables
        self._recording = False
        self._is_used = False
        self.reset()

    def reset(self) -> None:
        """Forget what was recorded, and what is watched."""
        self._graph: Graph = get_default_graph()
        self._ranges: list[list[int]] = []  # numbers of operations, [from, to)
        self._watched: dict[int, TensorBase] = {}
        if self._recording:
            self._begin()

    def __enter__(self) -> GradientTape:
        if self._recording:
            raise ValueError("Tape is already recording.")
        self._graph = get_default_graph()
        self._begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._recording:
            self._end()

    def _begin(self) -> None:
        self._recording = True
        self._ranges.append([self._graph.last_id, -1])

    def _end(self) -> None:
        self._recording = False
        self._ranges[-1][1] = self._graph.last_id

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """What is computed inside is a constant. Raises ValueError where nothing is recorded."""
        if not self._recording:
            raise ValueError("Cannot stop recording: the tape is not recording.")
        self._end()
        try:
            yield
        finally:
            self._begin()

    def watch(self, tensor: Any) -> None:
        """Let there be gradients by a tensor or variable, or several."""
        for each in nest.flatten(tensor):
            found = convert(each, None, "x", None, as_ref=True)
            self._watched[id(found)] = found

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables that count, in the order in which they were made."""
        read = {id(t) for op in self._recorded() for t in op.inputs}
        watched = {id(tensor) for tensor in self._watched.values()}
        wanted = watched | (read if self._watch_variables else set())
        return tuple(v for v in trainable_variables() if id(v.stored) in wanted)

    # Gradients

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
    ) -> Any:
        """The derivatives of the sum of `target`, in the structure of `sources`.

        None where nothing depends on the source, or zeros as `unconnected_gradients` says. Raises
        RuntimeError at a second call for a tape that is not persistent.
        """
        self._use("gradient")
        targets = [convert(t) for t in nest.flatten(target)]
        wanted = nest.flatten(sources)
        given = None if output_gradients is None else nest.flatten(output_gradients)
        found = self._gradients(targets, wanted, given, unconnected_gradients)
        return nest.pack_sequence_as(sources, found)

    def _use(self, what: str) -> None:
        if self._is_used and not self._persistent:
            raise RuntimeError(
                f"GradientTape.{what} can only be called once on non-persistent tapes."
            )
        self._is_used = True
        if self._recording and not self._persistent:
            self._end()

    def _gradients(
        self, targets: list[Any], sources: list[Any], given: Any, unconnected: Any
    ) -> list[Any]:
        cone = _Cone(self, targets)
        found = gradients(targets, sources, given, stop_gradients=cone.constants)
        zero = UnconnectedGradients(unconnected) is UnconnectedGradients.ZERO
        results: list[Any] = []
        for source, grad in zip(sources, found, strict=True):
            counts = grad is not None and self._counts(source)
            results.append(grad if counts else zeros_like(convert(source)) if zero else None)
        return results

    def _counts(self, source: Any) -> bool:
        """Whether there are gradients by a source: it is watched, or computed from what is."""
        tensor = convert(source, None, "x", None, as_ref=True)
        return self.is_watched(tensor) or any(
            self.is_watched(t) for t in _Cone(self, [tensor]).inputs
        )

    def is_watched(self, tensor: TensorBase) -> bool:
        """Whether a tensor is watched, or the handle of a variable that is."""
        if id(tensor) in self._watched:
            return True
        is_variable = tensor.dtype is dtypes.resource or tensor.is_ref
        return (
            is_variable
            and self._watch_variables
            and any(v.stored is tensor for v in trainable_variables())
        )

    def is_recorded(self, op: Operation) -> bool:
        """Whether an operation was made while the tape recorded."""
        number = self._graph._positions.get(op, -1)
        return any(first <= number and (number < last or last < 0) for first, last in self._ranges)

    def _recorded(self) -> Iterable[Operation]:
        operations = self._graph.get_operations()
        for first, last in self._ranges:
            yield from operations[first : last if last >= 0 else len(operations)]

    # Jacobians

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The derivatives of each element of `target`: its shape, then that of the source.

        Raises NotImplementedError where the shape of the target is not known.
        """
        self._use("jacobian")
        tensor = convert(target)
        count = tensor.shape.num_elements()
        if count is None:
            raise NotImplementedError("flowc makes Jacobians of targets of known shapes.")
        wanted = nest.flatten(sources)
        flat = unstack(reshape(tensor, [-1]), count)
        rows = [self._inner(e, wanted, tensor, unconnected_gradients) for e in flat]
        found: list[Any] = []
        for source, column in zip(wanted, zip(*rows, strict=True), strict=True):
            if any(row is None for row in column):
                found.append(None)
                continue
            sizes = [*tensor.shape.as_list(), *_sizes(source)]
            found.append(reshape(stack([convert(row) for row in column]), sizes))
        return nest.pack_sequence_as(sources, found)

    def _inner(self, element: Any, sources: list[Any], tensor: Any, unconnected: Any) -> list[Any]:
        """Gradients of an element of a target; the operations that take it out count too."""
        self._ranges.append([self._graph._positions[tensor.op] + 1, self._graph.last_id])
        try:
            return self._gradients([element], sources, None, unconnected)
        finally:
            self._ranges.pop()

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: Any = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The Jacobian of each row of `target` by the same row of `source`.

        Raises ValueError where they have not as many rows, NotImplementedError where the shape of a
        row of the target is not known.
        """
        self._use("batch_jacobian")
        tensor, by = convert(target), convert(source)
        tensor.shape[:1].assert_is_compatible_with(by.shape[:1])
        row = tensor.shape[1:]
        count = row.num_elements()
        if count is None:
            raise NotImplementedError("flowc makes Jacobians of targets of known shapes.")
        columns = unstack(reshape(tensor, [-1, count]), count, axis=1)
        parts = [self._inner(c, [source], tensor, unconnected_gradients)[0] for c in columns]
        if any(part is None for part in parts):
            return None
        found = stack([convert(part) for part in parts], axis=1)
        rows: Any = by.shape[0].value
        rows = shape(by)[0] if rows is None else rows
        return reshape(found, [rows, *row.as_list(), *by.shape.as_list()[1:]])


def _sizes(source: Any) -> list[Any]:
    known = source.shape
    if known.is_fully_defined():
        return list(known.as_list())
    return list(unstack(shape(source), known.ndims))


class _Cone:
    """What a tape recorded of that on which tensors depend.

    `inputs` are all tensors that the recorded operations read; `constants` those that operations
    made which the tape did not record.
    """

    def __init__(self, tape: GradientTape, tensors: list[Any]) -> None:
        self.inputs: list[TensorBase] = []
        self.constants: list[TensorBase] = []
        seen: set[Operation] = set()
        waiting = [tensor.op for tensor in tensors]
        while waiting:
            op = waiting.pop()
            if op in seen:
                continue
            seen.add(op)
            if not tape.is_recorded(op) and not _reads_variable(op):
                self.constants += [t for t in op.outputs if not tape.is_watched(t)]
                continue
            self.inputs += op.inputs
            waiting += [tensor.op for tensor in op.inputs]


def _reads_variable(op: Operation) -> bool:
    """Whether an operation makes a variable, or only reads it: many read it once and for all."""
    if op.inputs and op.type not in ("ReadVariableOp", "Identity"):
        return False
    return any(t.dtype is dtypes.resource or t.is_ref for t in op.inputs or op.outputs)
