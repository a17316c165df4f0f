"""The optimizers. Each names the op that does its update; the formulas are the op's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flowc.frontend.aliases import TensorLike
from flowc.frontend.apply import build
from flowc.frontend.composites import IndexedSlices
from flowc.frontend.conversion import constant
from flowc.frontend.functions.control import group
from flowc.frontend.functions.mathematics import cast
from flowc.frontend.initializers import Constant, Ones
from flowc.frontend.stacks import get_default_graph
from flowc.frontend.training.optimizer import OneOpOptimizer
from flowc.frontend.variables.resource import ResourceVariable
from flowc.frontend.variables.sets import assign, assign_sub


class GradientDescentOptimizer(OneOpOptimizer):
    """w -= learning_rate * gradient."""

    op = "GradientDescent"

    def __init__(
        self, learning_rate: TensorLike, use_locking: bool = False, name: str = "GradientDescent"
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate

    def _operands(self, var: Any) -> tuple[list[Any], list[Any]]:
        return [self._parameter("learning_rate", var)], []

    def _apply_sparse_duplicate_indices(self, grad: IndexedSlices, var: Any) -> Any:
        scaled = grad.values * self._parameter("learning_rate", var)
        return var.scatter("Sub", grad.indices, scaled)

    def _resource_apply_sparse_duplicate_indices(
        self, grad: Any, handle: Any, indices: TensorLike
    ) -> Any:
        scaled = build("Neg", grad) * self._parameter("learning_rate", handle)
        return build("ResourceScatterAdd", handle.handle, indices, scaled)


class ProximalGradientDescentOptimizer(OneOpOptimizer):
    """Gradient descent with L1 and L2 regularisation: Duchi and Singer 2009."""

    op = "ProximalGradientDescent"
    hyper: ClassVar[tuple[str, ...]] = (
        "learning_rate",
        "l1_regularization_strength",
        "l2_regularization_strength",
    )

    def __init__(
        self,
        learning_rate: TensorLike,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalGradientDescent",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength

    def _operands(self, var: Any) -> tuple[list[Any], list[Any]]:
        return [self._parameter(name, var) for name in self.hyper], []


class MomentumOptimizer(OneOpOptimizer):
    """a = momentum * a + gradient; w -= learning_rate * a. Nesterov: Sutskever et al. 2013."""

    op = "Momentum"
    hyper: ClassVar[tuple[str, ...]] = ("learning_rate", "momentum")

    def __init__(
        self,
        learning_rate: TensorLike,
        momentum: TensorLike,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._use_nesterov = use_nesterov

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            self._zeros_slot(var, "momentum", self._name)

    def _operands(self, var: Any) -> tuple[list[Any], list[Any]]:
        slot = self.get_slot(var, "momentum")
        return [slot, self._parameter("learning_rate", var)], [self._parameter("momentum", var)]

    def _attributes(self, sparse: bool) -> dict[str, Any]:
        return {"use_nesterov": self._use_nesterov}


class AdagradOptimizer(OneOpOptimizer):
    """Duchi et al. 2011: the rate falls with the sum of squared gradients."""

    op = "Adagrad"

    def __init__(
        self,
        learning_rate: TensorLike,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(
                f"initial_accumulator_value must be positive: {initial_accumulator_value}"
            )
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            initializer = Constant(self._initial_accumulator_value, var.dtype)
            self._get_or_make_slot_with_initializer(
                var, initializer, var.get_shape(), var.dtype, "accumulator", self._name
            )

    def _operands(self, var: Any) -> tuple[list[Any], list[Any]]:
        return [self.get_slot(var, "accumulator"), self._parameter("learning_rate", var)], []


class ProximalAdagradOptimizer(OneOpOptimizer):
    """Adagrad with L1 and L2 regularisation: Duchi et al. 2011."""

    op = "ProximalAdagrad"
    hyper: ClassVar[tuple[str, ...]] = ProximalGradientDescentOptimizer.hyper

    def __init__(
        self,
        learning_rate: TensorLike,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalAdagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(
                f"initial_accumulator_value must be positive: {initial_accumulator_value}"
            )
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            _constant_slot(self, var, self._initial_accumulator_value, "accumulator", self._name)

    def _operands(self, var: Any) -> tuple[list[Any], list[Any]]:
        slot = self.get_slot(var, "accumulator")
        return [slot, *(self._parameter(name, var) for name in self.hyper)], []


def _constant_slot(
    optimizer: OneOpOptimizer, var: Any, value: float, slot_name: str, op_name: str
) -> None:
    """A slot that begins with a constant tensor beside the variable."""
    with get_default_graph().colocate_with(var):
        initial = constant(value, var.dtype, var.get_shape())
    optimizer._get_or_make_slot(var, initial, slot_name, op_name)


class AdagradDAOptimizer(OneOpOptimizer):
    """Adagrad with dual averaging, for sparse models: Duchi et al. 2011."""

    op = "AdagradDA"

    def __init__(
        self,
        learning_rate: TensorLike,
        global_step: TensorLike,
        initial_gradient_squared_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "AdagradDA",
    ) -> None:
        if initial_gradient_squared_accumulator_value <= 0.0:
            raise ValueError(
                "initial_gradient_squared_accumulator_value must be positive: "
                f"{initial_gradient_squared_accumulator_value}"
            )
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial = initial_gradient_squared_accumulator_value
        self._l1 = l1_regularization_strength
        self._l2 = l2_regularization_strength
        self._global_step = global_step
        self._next_step: Any = None

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            _constant_slot(self, var, 0.0, "gradient_accumulator", self._name)
            _constant_slot(self, var, self._initial, "gradient_squared_accumulator", self._name)

    def _prepare(self) -> None:
        super()._prepare()
        with get_default_graph().colocate_with(self._tensors["learning_rate"]):
            self._next_step = build("Identity", self._global_step) + 1

    def _operands(self, var: Any) -> tuple[list[Any], list[Any]]:
        names = ("gradient_accumulator", "gradient_squared_accumulator")
        after = [
            self._parameter("learning_rate", var),
            cast(self._l1, var.dtype),
            cast(self._l2, var.dtype),
            build("Identity", self._next_step),
        ]
        return [self.get_slot(var, name) for name in names], after


class AdadeltaOptimizer(OneOpOptimizer):
    """Zeiler 2012."""

    op = "Adadelta"
    hyper: ClassVar[tuple[str, ...]] = ("learning_rate", "rho", "epsilon")

    def __init__(
        self,
        learning_rate: TensorLike = 0.001,
        rho: Any = 0.95,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._rho = rho
        self._epsilon = epsilon

    def _tensor_name(self, name: str) -> str:
        return "lr" if name == "learning_rate" else name

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            self._zeros_slot(var, "accum", self._name)
            self._zeros_slot(var, "accum_update", self._name)

    def _operands(self, var: Any) -> tuple[list[Any], list[Any]]:
        slots = [self.get_slot(var, "accum"), self.get_slot(var, "accum_update")]
        return [*slots, *(self._parameter(name, var) for name in self.hyper)], []


class RMSPropOptimizer(OneOpOptimizer):
    """Hinton's RMSProp with momentum; centered: the mean gradient is subtracted (Graves 2013)."""

    hyper: ClassVar[tuple[str, ...]] = ("learning_rate", "decay", "momentum", "epsilon")

    def __init__(
        self,
        learning_rate: TensorLike,
        decay: Any = 0.9,
        momentum: TensorLike = 0.0,
        epsilon: Any = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._decay = decay
        self._momentum = momentum
        self._epsilon = epsilon
        self._centered = centered

    def _op(self) -> str:
        return "CenteredRMSProp" if self._centered else "RMSProp"

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            self._get_or_make_slot_with_initializer(
                var, Ones(var.dtype), var.get_shape(), var.dtype, "rms", self._name
            )
            if self._centered:
                self._zeros_slot(var, "mg", self._name)
            self._zeros_slot(var, "momentum", self._name)

    def _operands(self, var: Any) -> tuple[list[Any], list[Any]]:
        names = ["mg", "rms", "momentum"] if self._centered else ["rms", "momentum"]
        slots = [self.get_slot(var, name) for name in names]
        return [*slots, *(self._parameter(name, var) for name in self.hyper)], []


class FtrlOptimizer(OneOpOptimizer):
    """McMahan et al. 2013; with shrinkage, the L2 penalty is on the magnitude of the weights."""

    hyper: ClassVar[tuple[str, ...]] = (
        "learning_rate",
        "l1_regularization_strength",
        "l2_regularization_strength",
        "l2_shrinkage_regularization_strength",
        "learning_rate_power",
    )

    def __init__(
        self,
        learning_rate: TensorLike,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: str | None = None,
        linear_name: str | None = None,
        l2_shrinkage_regularization_strength: float = 0.0,
    ) -> None:
        if learning_rate_power > 0:
            raise ValueError(
                f"learning_rate_power {learning_rate_power} needs to be negative or zero"
            )
        for key, value in (
            ("initial_accumulator_value", initial_accumulator_value),
            ("l1_regularization_strength", l1_regularization_strength),
            ("l2_regularization_strength", l2_regularization_strength),
            ("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength),
        ):
            if value < 0:
                raise ValueError(f"{key} {value} needs to be positive or zero")
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._learning_rate_power = learning_rate_power
        self._initial_accumulator_value = initial_accumulator_value
        self._l1_regularization_strength = l1_regularization_strength
        self._l2_regularization_strength = l2_regularization_strength
        self._l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self._accum_name = accum_name or name
        self._linear_name = linear_name or name

    def _op(self) -> str:
        return "FtrlV2" if self._l2_shrinkage_regularization_strength > 0 else "Ftrl"

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        for var in var_list:
            _constant_slot(self, var, self._initial_accumulator_value, "accum", self._accum_name)
            self._zeros_slot(var, "linear", self._linear_name)

    def _operands(self, var: Any) -> tuple[list[Any], list[Any]]:
        names = [n for n in self.hyper if self._op() == "FtrlV2" or "shrinkage" not in n]
        slots = [self.get_slot(var, "accum"), self.get_slot(var, "linear")]
        return slots, [self._parameter(name, var) for name in names]


class AdamOptimizer(OneOpOptimizer):
    """Kingma and Ba 2014, with the bias correction in the learning rate."""

    op = "Adam"
    hyper: ClassVar[tuple[str, ...]] = ("learning_rate", "beta1", "beta2", "epsilon")

    def __init__(
        self,
        learning_rate: TensorLike = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon

    def _create_slots(self, var_list: Sequence[Any]) -> None:
        first = min(var_list, key=lambda var: var.name)
        for name in ("beta1", "beta2"):
            initial = self._call_if_callable(getattr(self, f"_{name}"))
            self._create_non_slot_variable(initial, f"{name}_power", first)
        for var in var_list:
            self._zeros_slot(var, "m", self._name)
            self._zeros_slot(var, "v", self._name)

    def _get_beta_accumulators(self) -> tuple[Any, Any]:
        return (
            self._get_non_slot_variable("beta1_power"),
            self._get_non_slot_variable("beta2_power"),
        )

    def _operands(self, var: Any) -> tuple[list[Any], list[Any]]:
        powers = [cast(power, var.dtype) for power in self._get_beta_accumulators()]
        slots = [self.get_slot(var, "m"), self.get_slot(var, "v")]
        return [*slots, *powers, *(self._parameter(name, var) for name in self.hyper)], []

    def _apply_sparse(self, grad: IndexedSlices, var: Any) -> Any:
        return self._update_rows(grad.values, var, grad.indices)

    def _resource_apply_sparse(self, grad: Any, handle: Any, indices: TensorLike) -> Any:
        return self._update_rows(grad, handle, indices)

    def _update_rows(self, grad: Any, var: Any, indices: TensorLike) -> Any:
        """The update for a gradient that is 0 but for some rows; all rows of m and v decay."""
        rate, beta1, beta2, epsilon = (self._parameter(name, var) for name in self.hyper)
        power1, power2 = (cast(power, var.dtype) for power in self._get_beta_accumulators())
        rate = rate * build("Sqrt", 1 - power2) / (1 - power1)
        m = self._decayed(self.get_slot(var, "m"), beta1, grad * (1 - beta1), indices)
        v = self._decayed(self.get_slot(var, "v"), beta2, (grad * grad) * (1 - beta2), indices)
        step = rate * m / (build("Sqrt", v) + epsilon)
        return group(assign_sub(var, step, use_locking=self._use_locking), m, v)

    def _decayed(self, slot: Any, beta: TensorLike, addend: Any, indices: TensorLike) -> Any:
        """`slot = beta * slot`, with `addend` added at `indices`; the value afterwards."""
        graph = get_default_graph()
        scaled = assign(slot, slot * beta, use_locking=self._use_locking)
        with graph.control_dependencies([scaled]):
            if not isinstance(slot, ResourceVariable):
                return slot.scatter("Add", indices, addend)
            added = build("ResourceScatterAdd", slot.handle, indices, addend)
            with graph.control_dependencies([added]):
                return slot.value()

    def _finish(self, update_ops: Sequence[Any], name_scope: str) -> Any:
        graph = get_default_graph()
        powers = self._get_beta_accumulators()
        with graph.control_dependencies(update_ops), graph.colocate_with(powers[0]):
            updates = [
                power.assign(power * self._tensors[name], use_locking=self._use_locking)
                for power, name in zip(powers, ("beta1", "beta2"), strict=True)
            ]
        return group(*update_ops, *updates, name=name_scope)
