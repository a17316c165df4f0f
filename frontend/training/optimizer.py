"""`Optimizer`: gradients of a loss, and the operations that apply them to variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, ValuesView
from typing import Any, ClassVar

from flowc.compiler.collection import without_collection
from flowc.frontend.aliases import DTypeLike, ShapeLike, TensorLike
from flowc.frontend.apply import build
from flowc.frontend.collections import GraphKeys
from flowc.frontend.composites import IndexedSlices, convert_to_tensor_or_indexed_slices
from flowc.frontend.conversion import convert
from flowc.frontend.elements import TensorBase
from flowc.frontend.functions.control import group, tuple_
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.gradients.backward import gradients
from flowc.frontend.scopes import name_scope
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.training import slots
from flowc.frontend.variables.resource import ResourceVariable
from flowc.frontend.variables.sets import trainable_variables
from flowc.frontend.variables.variable import Variable
from flowc.ir import dtypes
from flowc.ir.dtypes import DType

_VALID_DTYPES = (
    dtypes.float16,
    dtypes.bfloat16,
    dtypes.float32,
    dtypes.float64,
    dtypes.complex64,
    dtypes.complex128,
)


class Optimizer:
    """Base of all optimizers.

    A subclass says in `_create_slots` what it keeps beside each variable, in `_prepare` which
    tensors its updates share, and in `_apply_dense`, `_apply_sparse` (and their `_resource`
    forms) how one variable is updated.
    """

    GATE_NONE = 0
    GATE_OP = 1
    GATE_GRAPH = 2

    def __init__(self, use_locking: bool, name: str) -> None:
        if not name:
            raise ValueError("Must specify the optimizer name")
        self._use_locking = use_locking
        self._name = name
        self._slots: dict[str, dict[Any, Any]] = {}
        self._non_slots: dict[tuple[str, Any], Any] = {}

    def get_name(self) -> str:
        """The optimizer's name."""
        return self._name

    # The steps of training

    def minimize(
        self,
        loss: Any,
        global_step: TensorLike | None = None,
        var_list: Sequence[Any] | None = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: int | None = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Any:
        """An operation that takes one step down the gradient of `loss`.

        It adds 1 to `global_step`. Raises ValueError where no variable has a gradient.
        """
        pairs = self.compute_gradients(
            loss,
            var_list,
            gate_gradients,
            aggregation_method,
            colocate_gradients_with_ops,
            grad_loss,
        )
        if all(grad is None for grad, _ in pairs):
            raise ValueError(
                "No gradients provided for any variable, check your graph for ops that do not "
                f"support gradients, between variables {[str(v) for _, v in pairs]} and loss "
                f"{loss}."
            )
        return self.apply_gradients(pairs, global_step=global_step, name=name)

    def compute_gradients(
        self,
        loss: TensorLike,
        var_list: Sequence[Any] | None = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: int | None = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[tuple[Any, Any]]:
        """(gradient, variable) for each variable; the gradient is None where there is none."""
        if gate_gradients not in (self.GATE_NONE, self.GATE_OP, self.GATE_GRAPH):
            raise ValueError(
                "gate_gradients must be one of: Optimizer.GATE_NONE, "
                f"Optimizer.GATE_OP, Optimizer.GATE_GRAPH.  Not {gate_gradients}"
            )
        if callable(loss):
            loss = loss()
        self._assert_valid_dtypes([loss, *([] if grad_loss is None else [grad_loss])])
        variables = _variables(var_list)
        grads = gradients(
            loss,
            variables,
            grad_ys=grad_loss,
            gate_gradients=gate_gradients == self.GATE_OP,
            aggregation_method=aggregation_method,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )
        if gate_gradients == self.GATE_GRAPH:
            grads = tuple_(grads)
        self._assert_valid_dtypes(
            [v for g, v in zip(grads, variables, strict=True) if g is not None]
        )
        return list(zip(grads, variables, strict=True))

    @without_collection()
    def apply_gradients(
        self,
        grads_and_vars: Iterable[tuple[Any, Any]],
        global_step: Any = None,
        name: str | None = None,
    ) -> Any:
        """An operation that applies the gradients. Raises ValueError where there are none."""
        pairs = [(_as_gradient(g), v) for g, v in grads_and_vars]
        if not pairs:
            raise ValueError("No variables provided.")
        variables = [v for g, v in pairs if g is not None]
        if not variables:
            raise ValueError(
                f"No gradients provided for any variable: {[str(v) for _, v in pairs]}."
            )
        graph = get_default_graph()
        with graph.control_dependencies(None):
            self._create_slots(variables)
        with name_scope(name, self._name) as scope:
            self._prepare()
            updates = []
            for grad, variable in pairs:
                if grad is not None:
                    with (
                        graph.name_scope(f"update_{variable.op.name}"),
                        graph.colocate_with(variable),
                    ):
                        updates.append(self._update(grad, variable))
            train_op = self._finished(updates, global_step, scope)
        collection = graph.get_collection_ref(GraphKeys.TRAIN_OP)
        if train_op not in collection:
            collection.append(train_op)
        return train_op

    def _finished(self, updates: list[Any], global_step: Any, scope: str) -> Any:
        if global_step is None:
            return self._finish(updates, scope)
        graph = get_default_graph()
        done = self._finish(updates, "update")
        with graph.control_dependencies([done]), graph.colocate_with(global_step):
            if isinstance(global_step, ResourceVariable):
                return build(
                    "AssignAddVariableOp",
                    global_step.handle,
                    convert(1, global_step.dtype),
                    name=scope,
                )
            result = global_step.assign_add(1, name=scope)
            return result.op if isinstance(result, TensorBase) else result

    def _update(self, grad: Any, variable: Any) -> Any:
        """The operation that applies one gradient."""
        is_resource = isinstance(variable, ResourceVariable)
        if not isinstance(variable, Variable):
            raise NotImplementedError(f"Trying to optimize unsupported type {variable}")
        if isinstance(grad, IndexedSlices):
            if variable.constraint is not None:
                raise RuntimeError("Cannot use a constraint function on a sparse variable.")
            if is_resource:
                return self._resource_apply_sparse_duplicate_indices(
                    grad.values, variable, grad.indices
                )
            return self._apply_sparse_duplicate_indices(grad, variable)
        apply = self._resource_apply_dense if is_resource else self._apply_dense
        update = apply(grad, variable)
        if variable.constraint is None:
            return update
        with get_default_graph().control_dependencies([update]):
            return variable.assign(variable.constraint(variable), read_value=False)

    # What subclasses define

    def _valid_dtypes(self) -> tuple[DType, ...]:
        return _VALID_DTYPES

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        """Make the slots for all variables."""

    def _prepare(self) -> None:
        """Make the tensors that all updates share."""

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        raise NotImplementedError()

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        raise NotImplementedError()

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        raise NotImplementedError()

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: TensorLike) -> Any:
        raise NotImplementedError()

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        values, indices = _deduplicated(grad.values, grad.indices)
        return self._apply_sparse(IndexedSlices(values, indices, grad.dense_shape), var)

    def _resource_apply_sparse_duplicate_indices(
        self, grad: Any, handle: Any, indices: TensorLike
    ) -> Any:
        values, unique = _deduplicated(grad, indices)
        return self._resource_apply_sparse(values, handle, unique)

    def _finish(self, update_ops: Sequence[Any], name_scope: str) -> Any:
        return group(*update_ops, name=name_scope)

    # Slots

    def get_slot(self, var: Any, name: str) -> Any:
        """The slot `name` of a variable, or None."""
        return self._slots.get(name, {}).get(var)

    def get_slot_names(self) -> list[str]:
        """The names of the slots, sorted."""
        return sorted(self._slots)

    def variables(self) -> list[Any]:
        """All variables of the optimizer in the default graph, sorted by name."""
        graph = get_default_graph()
        found = [v for v in self._non_slots.values() if v.graph is graph]
        found += [v for slot in self._slots.values() for v in slot.values() if v.graph is graph]
        return sorted(found, key=lambda v: v.name)

    def _slot_dict(self, slot_name: str) -> dict[Any, Any]:
        return self._slots.setdefault(slot_name, {})

    def _slot(self, var: Any, slot_name: str, make: Callable[[], Any]) -> Any:
        named = self._slot_dict(slot_name)
        if var not in named:
            named[var] = make()
        return named[var]

    def _get_or_make_slot(self, var: Any, val: Any, slot_name: str, op_name: str) -> Any:
        return self._slot(var, slot_name, lambda: slots.create_slot(var, val, op_name))

    def _get_or_make_slot_with_initializer(
        self,
        var: Any,
        initializer: Any,
        shape: ShapeLike,
        dtype: DTypeLike,
        slot_name: str,
        op_name: str,
    ) -> Any:
        return self._slot(
            var,
            slot_name,
            lambda: slots.create_slot_with_initializer(var, initializer, shape, dtype, op_name),
        )

    def _zeros_slot(self, var: Any, slot_name: str, op_name: str) -> Any:
        return self._slot(var, slot_name, lambda: slots.create_zeros_slot(var, op_name))

    def _create_non_slot_variable(self, initial_value: Any, name: str, colocate_with: Any) -> Any:
        """A variable of the optimizer that belongs to no other."""
        graph = get_default_graph()
        key = name, graph
        if key not in self._non_slots:
            with graph.colocate_with(colocate_with):
                self._non_slots[key] = Variable(
                    initial_value,
                    name=name,
                    trainable=False,
                    use_resource=isinstance(colocate_with, ResourceVariable),
                )
        return self._non_slots[key]

    def _get_non_slot_variable(self, name: str, graph: Any = None) -> Any:
        return self._non_slots.get((name, graph or get_default_graph()))

    def _call_if_callable(self, value: Any) -> Any:
        return value() if callable(value) else value

    def _assert_valid_dtypes(self, tensors: Iterable[Any]) -> None:
        valid = self._valid_dtypes()
        for tensor in tensors:
            if tensor.dtype not in valid:
                raise ValueError(
                    f"Invalid type {tensor.dtype!r} for {tensor.name}, expected: {list(valid)}."
                )


def _as_gradient(grad: Any) -> Any:
    if grad is None:
        return None
    try:
        return convert_to_tensor_or_indexed_slices(grad)
    except TypeError:
        raise TypeError(
            f"Gradient must be convertible to a Tensor or IndexedSlices, or None: {grad}"
        ) from None


def _variables(var_list: Sequence[Any] | None) -> list[Any]:
    if var_list is None:
        graph = get_default_graph()
        found = trainable_variables() + graph.get_collection(GraphKeys.TRAINABLE_RESOURCE_VARIABLES)
    elif isinstance(var_list, list | tuple | ValuesView):
        found = [
            v
            for part in var_list
            for v in (_variables(part) if isinstance(part, list | tuple) else [part])
        ]
    else:
        found = [var_list]
    if not found:
        raise ValueError("No variables to optimize.")
    return found


def _deduplicated(values: Any, indices: TensorLike) -> tuple[Any, Any]:
    """Slices with unique indices: those of equal indices added."""
    unique, positions = build("Unique", indices)
    count = build("Shape", unique)[0]
    return build("UnsortedSegmentSum", values, positions, count), unique


class OneOpOptimizer(Optimizer):
    """An optimizer whose update is one op: `Apply...`, and its sparse and resource forms.

    `_operands(var)` gives the op's operands before and after the gradient; the indices of a sparse
    update stand behind the gradient.
    """

    op: str
    hyper: ClassVar[tuple[str, ...]] = ("learning_rate",)

    def _prepare(self) -> None:
        self._tensors = {}
        for name in self.hyper:
            value = self._call_if_callable(getattr(self, f"_{name}"))
            self._tensors[name] = convert(value, None, self._tensor_name(name))

    def _tensor_name(self, name: str) -> str:
        return name

    def _parameter(self, name: str, var: Any) -> Any:
        """A hyperparameter as a tensor of the variable's dtype."""
        return cast(self._tensors[name], var.dtype)

    def _operands(self, var: Any) -> tuple[list[Any], list[Any]]:
        raise NotImplementedError

    def _attributes(self, sparse: bool) -> dict[str, Any]:
        return {}

    def _op(self) -> str:
        return self.op

    def _build(self, var: Any, grad: Any, indices: TensorLike | None = None) -> Any:
        before, after = self._operands(var)
        sparse = indices is not None
        kind = ("Resource" if isinstance(var, ResourceVariable) else "") + (
            "Sparse" if sparse else ""
        )
        operands = [_stored(v) for v in (var, *before)]
        return build(
            f"{kind}Apply{self._op()}",
            *operands,
            cast(grad, var.dtype),
            *([indices] if sparse else []),
            *after,
            use_locking=self._use_locking,
            **self._attributes(sparse),
        )

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return self._build(var, grad).op

    def _resource_apply_dense(self, grad: Any, handle: Any) -> Any:
        return self._build(handle, grad)

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        return self._build(var, grad.values, grad.indices)

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: TensorLike) -> Any:
        return self._build(handle, grad, indices)


def _stored(value: Any) -> Any:
    """A variable as its handle or reference; anything else as it is."""
    return value.stored if isinstance(value, Variable) else value
