"""Exponential moving averages of variables and tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.collections import GraphKeys
from flowc.frontend.conversion import convert
from flowc.frontend.functions.control import group
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.initializers import Zeros
from flowc.frontend.scopes import name_scope
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.training.slots import create_slot, create_zeros_slot
from flowc.frontend.variables.scope import get_variable, variable_scope
from flowc.frontend.variables.sets import (
    global_variables,
    moving_average_variables,
    trainable_variables,
)
from flowc.frontend.variables.variable import Variable
from flowc.ir import dtypes

_AVERAGED = (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64)


def assign_moving_average(
    variable: Any, value: TensorLike, decay: Any, zero_debias: bool = True, name: str | None = None
) -> Any:
    """variable = decay * variable + (1 - decay) * value.

    With `zero_debias`, the variable, which must begin with 0, is corrected for that: Kingma and Ba
    2014, section 3.
    """
    with (
        name_scope(name, "AssignMovingAvg", [variable, value, decay]) as scope,
        get_default_graph().colocate_with(variable),
    ):
        rate = cast(convert(1.0 - decay, None, "decay"), variable.dtype)
        if zero_debias:
            return variable.assign_sub(_debiased_delta(variable, value, rate), name=scope)
        return variable.assign_sub((variable - value) * rate, name=scope)


def _debiased_delta(unbiased: Any, value: Any, rate: Any) -> Any:
    """What to subtract from the corrected average; two more variables hold the biased one."""
    with variable_scope(unbiased.op.name, values=[unbiased, value, rate]):
        graph = get_default_graph()
        with graph.colocate_with(unbiased):
            options: dict[str, Any] = {"trainable": False, "initializer": Zeros()}
            biased = get_variable("biased", unbiased.shape, unbiased.dtype, **options)
            step = get_variable("local_step", [], unbiased.dtype, **options)
            updates = [biased.assign_sub((biased - value) * rate), step.assign_add(1)]
            with graph.control_dependencies(updates):
                correction = 1 - build("Pow", 1.0 - rate, step.read_value())
                return unbiased - biased.read_value() / correction


class ExponentialMovingAverage:
    """Keeps averages of variables or tensors, in slots named `w/ExponentialMovingAverage`.

    With `num_updates`, the decay is at most (1 + num_updates) / (10 + num_updates).
    """

    def __init__(
        self,
        decay: Any,
        num_updates: Any = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ) -> None:
        self._decay = decay
        self._num_updates = num_updates
        self._zero_debias = zero_debias
        self._name = name
        self._averages: dict[Any, Any] = {}

    @property
    def name(self) -> str:
        """The name of the slots."""
        return self._name

    def apply(self, var_list: Sequence[Any] | None = None) -> Any:
        """An operation that updates the averages, which are made at the first call.

        Raises TypeError for what is not of floats.
        """
        items = trainable_variables() if var_list is None else list(var_list)
        debiased = [item for item in items if self._make(item)]
        with name_scope(self._name) as scope:
            decay = self._decay_tensor()
            updates = [
                assign_moving_average(
                    self._averages[item], item, decay, any(item is d for d in debiased)
                )
                for item in items
            ]
            return group(*updates, name=scope)

    def _decay_tensor(self) -> Any:
        decay = convert(self._decay, None, "decay")
        if self._num_updates is None:
            return decay
        updates = cast(self._num_updates, dtypes.float32, name="num_updates")
        return build("Minimum", decay, (1.0 + updates) / (10.0 + updates))

    def _make(self, item: Any) -> bool:
        """Make the average of an item that has none; true where it is to be debiased."""
        if item.dtype not in _AVERAGED:
            raise TypeError(f"The variables must be half, float, or double: {item.name}")
        if item in self._averages:
            return False
        graph = get_default_graph()
        with graph.control_dependencies(None):
            if isinstance(item, Variable):
                self._averages[item] = create_slot(item, item.initialized_value(), self._name)
                graph.add_to_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, item)
                return False
            self._averages[item] = create_zeros_slot(item, self._name, colocate_with_primary=False)
            return self._zero_debias

    def average(self, var: Any) -> Any:
        """The variable that holds the average, or None."""
        return self._averages.get(var)

    def average_name(self, var: Any) -> str:
        """The name of the variable that holds, or would hold, the average."""
        if var in self._averages:
            name: str = self._averages[var].op.name
            return name
        return get_default_graph().unique_name(f"{var.op.name}/{self._name}", mark_as_used=False)

    def variables_to_restore(
        self, moving_avg_variables: Sequence[Any] | None = None
    ) -> dict[str, Any]:
        """Names in a checkpoint to variables: averages for those that have them."""
        averaged = moving_avg_variables
        if averaged is None:
            averaged = trainable_variables() + moving_average_variables()
        unique = list(dict.fromkeys(averaged))
        names = {self.average_name(v): v for v in unique}
        names |= {
            v.op.name: v
            for v in dict.fromkeys(global_variables())
            if v not in set(unique) and v.op.name not in names
        }
        return names
