"""`contrib.slim.learning` and `contrib.training`: a training operation, a table of variables."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from flowc.frontend.collections import GraphKeys
from flowc.frontend.functions.checks import verify_tensor_all_finite
from flowc.frontend.functions.clipping import clip_by_norm
from flowc.frontend.functions.control import with_dependencies
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.training.global_step import get_or_create_global_step
from flowc.frontend.training.optimizer import Optimizer
from flowc.frontend.variables.sets import trainable_variables

_STEP_OF_GRAPH = object()


def clip_gradient_norms(
    gradients_to_variables: Sequence[tuple[Any, Any]], max_norm: float
) -> list[tuple[Any, Any]]:
    """(gradient, variable) pairs with each gradient's norm at most `max_norm`."""
    return [(g if g is None else clip_by_norm(g, max_norm), v) for g, v in gradients_to_variables]


def create_train_op(
    total_loss: Any,
    optimizer: Optimizer,
    global_step: Any = _STEP_OF_GRAPH,
    update_ops: Sequence[Any] | None = None,
    variables_to_train: Sequence[Any] | None = None,
    transform_grads_fn: Callable[[Any], Any] | None = None,
    summarize_gradients: bool = False,
    gate_gradients: int = Optimizer.GATE_OP,
    aggregation_method: Any = None,
    colocate_gradients_with_ops: bool = False,
    check_numerics: bool = True,
    clip_gradient_norm: float = 0,
) -> Any:
    """The loss, which when it is computed has been lowered by a step of the optimizer.

    The operations of UPDATE_OPS run before. A loss that is NaN or infinite is an
    InvalidArgumentError of the run, unless `check_numerics` is False.
    """
    step = get_or_create_global_step() if global_step is _STEP_OF_GRAPH else global_step
    updates = update_ops
    if updates is None:
        updates = get_default_graph().get_collection(GraphKeys.UPDATE_OPS)
    if updates:
        total_loss = with_dependencies(list(updates), total_loss)
    pairs = optimizer.compute_gradients(
        total_loss,
        trainable_variables() if variables_to_train is None else variables_to_train,
        gate_gradients=gate_gradients,
        aggregation_method=aggregation_method,
        colocate_gradients_with_ops=colocate_gradients_with_ops,
    )
    if transform_grads_fn is not None:
        pairs = transform_grads_fn(pairs)
    if clip_gradient_norm > 0:
        pairs = clip_gradient_norms(pairs, clip_gradient_norm)
    applied = optimizer.apply_gradients(pairs, step)
    if check_numerics:
        total_loss = verify_tensor_all_finite(total_loss, "LossTensor is inf or nan")
    train = with_dependencies([applied], total_loss)
    kept = get_default_graph().get_collection_ref(GraphKeys.TRAIN_OP)
    if not any(train is other for other in kept):
        kept.append(train)
    return train


def analyze_vars(variables: Sequence[Any], print_info: bool = False) -> tuple[int, int]:
    """How many elements and bytes variables have; printed for each where `print_info` is set."""
    elements = total = 0
    for variable in variables:
        sizes = variable.shape.as_list()
        count = math.prod(sizes)
        size = variable.dtype.base_dtype.size
        elements, total = elements + count, total + count * size
        if print_info:
            print(
                f"{variable.name} {variable.op.type} {sizes}: {count} elements, "
                f"{count * size} bytes"
            )
    if print_info:
        print(f"Total size of variables: {elements}")
        print(f"Total bytes of variables: {total}")
    return elements, total
