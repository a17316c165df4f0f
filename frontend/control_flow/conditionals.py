"""`cond`, `case` and `switch_case`: two switches and a merge for every value that passes.

Both branches are built when the graph is; a run computes one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowc.frontend import nest
from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.collections import GraphKeys
from flowc.frontend.control_flow import primitives
from flowc.frontend.control_flow.contexts import CondContext
from flowc.frontend.control_flow.structures import (
    all_tensors,
    convert_leaf,
    packed,
    tensors_of,
)
from flowc.frontend.conversion import convert
from flowc.frontend.elements import Operation, TensorBase
from flowc.frontend.functions.checks import assert_less
from flowc.frontend.functions.control import assert_that, group, with_dependencies
from flowc.frontend.functions.mathematics import equal
from flowc.frontend.functions.reductions import reduce_any, reduce_sum
from flowc.frontend.functions.shaping import stack
from flowc.frontend.scopes import control_dependencies, name_scope
from flowc.ir import dtypes

Name = str | None
Branch = Callable[[], Any]


def cond(
    pred: TensorLike,
    true_fn: Branch | None = None,
    false_fn: Branch | None = None,
    strict: bool = False,
    name: Name = None,
    fn1: Branch | None = None,
    fn2: Branch | None = None,
) -> Any:
    """What `true_fn()` returns where the bool scalar `pred` is true, else what `false_fn()` does.

    Both return the same structure with the same dtypes; a list of one element is unpacked unless
    `strict`. Operations that a function makes run only where its branch is taken; what was made
    before runs in any case. Raises TypeError for arguments that are no such functions or tensors,
    ValueError where the branches return different things.
    """
    true_fn = _one_of(true_fn, fn1, "true_fn", "fn1")
    false_fn = _one_of(false_fn, fn2, "false_fn", "fn2")
    if isinstance(pred, bool):
        raise TypeError("pred must not be a Python bool")
    with name_scope(name, "cond", [pred]):
        contexts = _contexts(convert(pred, dtypes.bool_, "pred"))
        on_true = _Built(contexts[1], true_fn, "true_fn", strict)
        on_false = _Built(contexts[0], false_fn, "false_fn", strict)
        _require_equal(on_true, on_false)
        pairs = zip(on_false.tensors, on_true.tensors, strict=True)
        merged = [primitives.merge(pair) for pair in pairs]
        result = packed(on_true.structure, on_true.leaves, merged)
    if contexts[0].outer_context is None:
        for context in reversed(contexts):
            context.graph.add_to_collection(GraphKeys.COND_CONTEXT, context)
    return result if strict else _without_singleton(result)


def _one_of(function: Any, old: Any, name: str, old_name: str) -> Branch:
    if old is not None:
        if function is not None:
            raise TypeError(f"cond(): {name} and {old_name} may not be set simultaneously.")
        function = old
    if function is None:
        raise TypeError(f"cond(): {name} argument required")
    if not callable(function):
        raise TypeError(f"{name} must be callable.")
    branch: Branch = function
    return branch


def _contexts(pred: Any) -> tuple[CondContext, CondContext]:
    """The contexts of the branch for false and of the one for true."""
    graph = pred.graph
    if_false, if_true = primitives.switch(pred, pred)
    pivot_true = build("Identity", if_true, name="switch_t")
    pivot_false = build("Identity", if_false, name="switch_f")
    pred = build("Identity", pred, name="pred_id")
    for tensor in (if_true, pivot_true, pivot_false, pred):
        graph.prevent_fetching(tensor.op)
    names = [graph.unique_name("cond_text") for _ in range(2)]
    return (
        CondContext(graph, names[1], pred, pivot_false, 0),
        CondContext(graph, names[0], pred, pivot_true, 1),
    )


class _Built:
    """A branch that has been built: what its function returned, and that as tensors."""

    def __init__(self, context: CondContext, function: Branch, name: str, strict: bool) -> None:
        with context.entered():
            returned = function()
            if returned is None:
                raise ValueError(f"{name} must have a return value.")
            self.structure = returned if strict else _without_singleton(returned)
            self.leaves = [_as_leaf(leaf, context) for leaf in nest.flatten(self.structure)]
            self.tensors = [context.result(tensor) for tensor in all_tensors(self.leaves)]
        context.give_out(self.tensors)
        if not self.tensors:
            raise ValueError("true_fn and false_fn must return at least one result.")


def _as_leaf(leaf: Any, context: CondContext) -> Any:
    """A leaf as a tensor or composite; an operation as the predicate, once it has run."""
    if isinstance(leaf, Operation):
        return with_dependencies([leaf], context.pivot)
    return convert_leaf(leaf)


def _without_singleton(structure: Any) -> Any:
    is_list = isinstance(structure, list | tuple) and not hasattr(structure, "_fields")
    return structure[0] if is_list and len(structure) == 1 else structure


def _require_equal(on_true: _Built, on_false: _Built) -> None:
    """Raise TypeError or ValueError where two branches do not return the same."""
    try:
        nest.assert_same_structure(on_true.structure, on_false.structure)
    except (ValueError, TypeError) as error:
        message = f"Incompatible return types of true_fn and false_fn: {error}"
        raise type(error)(message) from None
    if len(on_true.tensors) != len(on_false.tensors):
        raise ValueError(
            "Incompatible return values of true_fn and false_fn: "
            f"{on_true.structure} and {on_false.structure}"
        )
    for a, b in zip(on_true.tensors, on_false.tensors, strict=True):
        if a.dtype is not b.dtype:
            raise ValueError(
                "Outputs of true_fn and false_fn must have the same type: "
                f"{a.dtype.name}, {b.dtype.name}"
            )


def smart_cond(pred: TensorLike, true_fn: Branch, false_fn: Branch, name: Name = None) -> Any:
    """`cond`, where the predicate is not known; else what the one function returns."""
    known = constant_predicate(pred)
    if known is None:
        return cond(pred, true_fn, false_fn, name=name)
    return true_fn() if known else false_fn()


def constant_predicate(pred: TensorLike) -> bool | None:
    """The value of a bool, an int that is 0 or 1, or a tensor whose value is known; else None."""
    if pred in (0, 1):
        return bool(pred)
    if not isinstance(pred, TensorBase):
        if not hasattr(pred, "as_graph_tensor"):
            raise TypeError(
                f"`pred` must be a Tensor, a Python bool, or 1 or 0. Found instead: {type(pred)}"
            )
        return None
    value = pred.constant_value()
    return None if value is None else bool(value)


# Several branches


def case(
    pred_fn_pairs: Any,
    default: Branch | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: Name = "case",
) -> Any:
    """What the function beside the first true predicate returns, else what `default()` does.

    `pred_fn_pairs` are pairs of a bool scalar and a function, or a dictionary of them, whose order
    is that of the predicates' names. With `exclusive`, a run in which several are true raises
    InvalidArgumentError; so does one in which none is, without a default. Raises TypeError or
    ValueError for other arguments.
    """
    pairs = _pairs(pred_fn_pairs)
    if default is not None and not callable(default):
        raise TypeError("default must be callable.")
    with name_scope(name, "case", [pred for pred, _ in pairs]):
        preds = [convert(pred, dtypes.bool_) for pred, _ in pairs]
        functions = [function for _, function in pairs]
        waits = [_at_most_one(preds)] if exclusive else []
        if default is None:
            default, functions, preds = _last_as_default(preds, functions)
        with control_dependencies(waits):
            return _chain(preds, functions, default, strict)


def _pairs(pred_fn_pairs: Any) -> list[tuple[Any, Branch]]:
    if isinstance(pred_fn_pairs, Mapping):
        pairs: Sequence[Any] = sorted(pred_fn_pairs.items(), key=lambda item: item[0].name)
    elif isinstance(pred_fn_pairs, list | tuple):
        pairs = pred_fn_pairs
    else:
        raise TypeError("pred_fn_pairs must be a list, tuple, or dict")
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("Each entry in pred_fn_pairs must be a 2-tuple")
        pred, function = pair
        if not isinstance(pred, TensorBase) and not hasattr(pred, "as_graph_tensor"):
            raise TypeError(f"pred must be Tensor, got {pred!r}")
        if pred.dtype is not dtypes.bool_:
            raise TypeError(f"pred must be of type bool: {pred.name}")
        if not callable(function):
            raise TypeError(f"fn for pred {pred.name} must be callable.")
    if not pairs:
        raise ValueError("pred_fn_pairs must contain at least one pair")
    return list(pairs)


def _at_most_one(preds: Sequence[Any]) -> Operation:
    names = ", ".join(pred.name for pred in preds)
    message = f"Input error: exclusive=True: More than 1 conditions ({names}) evaluated as True:"
    together = stack(preds)
    count = reduce_sum(build("Cast", together, DstT=dtypes.int32))
    check: Operation = assert_less(count, 2, data=[message, together], message=message)
    return check


def _last_as_default(
    preds: list[Any], functions: list[Branch]
) -> tuple[Branch, list[Branch], list[Any]]:
    """The last branch as the default, which asserts that one of the predicates holds."""
    last = functions[-1]
    names = ", ".join(pred.name for pred in preds)
    message = f"None of conditions evaluated as True: {names}. Values:"

    def checked() -> Any:
        together = stack(preds)
        with control_dependencies([assert_that(reduce_any(together), [message, together])]):
            return nest.map_structure(_waiting, last())

    return checked, functions[:-1], preds[:-1]


def _waiting(leaf: Any) -> Any:
    """A result behind the control dependencies of the block around."""
    if isinstance(leaf, Operation):
        return group(leaf)
    leaf = convert_leaf(leaf)
    return packed(leaf, [leaf], [build("Identity", t) for t in tensors_of(leaf)])


def _chain(preds: list[Any], functions: list[Branch], default: Branch, strict: bool) -> Any:
    if not preds:
        result = default()
        if result is None:
            raise ValueError("default must have a return value.")
        return result if strict else _without_singleton(result)

    def otherwise() -> Any:
        return _chain(preds[1:], functions[1:], default, strict)

    return cond(preds[0], functions[0], otherwise if len(preds) > 1 else default, strict)


def switch_case(
    branch_index: Any, branch_fns: Any, default: Branch | None = None, name: Name = "switch_case"
) -> Any:
    """What function number `branch_index` (an int32 scalar) returns, else what `default()` does.

    `branch_fns` is a list of functions, a dictionary from ints to functions or a list of such
    pairs. Without a default, the function of the greatest number is it. Raises TypeError or
    ValueError for other arguments.
    """
    numbered = _numbered(branch_fns)
    if default is not None and not callable(default):
        raise TypeError("default must be callable.")
    if isinstance(branch_index, int):
        raise TypeError("branch_index must not be a Python int")
    with name_scope(name, "switch_case", [branch_index]):
        index = convert(branch_index)
        if index.dtype is not dtypes.int32:
            index = build("Cast", index, DstT=dtypes.int32)
        numbers = sorted(numbered)
        otherwise = numbered[numbers[-1]] if default is None else default
        chosen = numbers[:-1] if default is None else numbers
        preds = [equal(index, number) for number in chosen]
        return _chain(preds, [numbered[n] for n in chosen], otherwise, strict=False)


def _numbered(branch_fns: Any) -> dict[int, Branch]:
    if isinstance(branch_fns, Mapping):
        pairs = list(branch_fns.items())
    elif not isinstance(branch_fns, list | tuple):
        raise TypeError("branch_fns must be a list, tuple, or dict")
    elif all(callable(function) for function in branch_fns):
        pairs = list(enumerate(branch_fns))
    else:
        pairs = list(branch_fns)
    if not pairs:
        raise ValueError("Must provide at least one item in branch_fns")
    found: dict[int, Branch] = {}
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError("Each entry in branch_fns must be a 2-tuple")
        key, function = pair
        if not isinstance(key, int):
            raise TypeError(f"key must be a Python `int`, got {type(key)}")
        if not callable(function):
            raise TypeError(f"fn for key {key} must be callable.")
        if key in found:
            raise ValueError(f"branch_fns contains two functions for {key}")
        found[key] = function
    return found
