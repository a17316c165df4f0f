"""Switches between the behaviours of TensorFlow's versions, and what says which one is on.

flowc builds graphs and behaves as TensorFlow 1, where most of them are off already: turning one
off does nothing, and one that cannot be on says so.
"""

from __future__ import annotations

from flowc.ir.errors import UnimplementedError


def _cannot(what: str, instead: str) -> UnimplementedError:
    return UnimplementedError(None, None, f"flowc has no {what}: {instead}")


def control_flow_v2_enabled() -> bool:
    """False: `tf.cond` and `tf.while_loop` write switched values and frames."""
    return False


def enable_control_flow_v2() -> None:
    """Nothing to do: both forms of control flow compute the same."""


def disable_control_flow_v2() -> None:
    """Nothing to do: `tf.cond` and `tf.while_loop` write switched values and frames."""


def enable_v2_tensorshape() -> None:
    """Nothing to do: a TensorShape's elements are Dimensions, which compare with ints."""


def disable_v2_tensorshape() -> None:
    """Nothing to do: a TensorShape's elements are Dimensions."""


def enable_tensor_equality() -> None:
    """Raises UnimplementedError: tensors are compared by identity, and are keys of dicts."""
    raise _cannot("elementwise == of tensors", "use tf.equal")


def disable_tensor_equality() -> None:
    """Nothing to do: tensors are compared by identity."""


def enable_v2_behavior() -> None:
    """Raises UnimplementedError: flowc behaves as TensorFlow 1."""
    raise _cannot("TensorFlow 2 behaviour", "build a graph and run it in a tf.Session")
