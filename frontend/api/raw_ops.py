"""`tf.raw_ops`: every op under its own name, `tf.raw_ops.MatMul(a=x, b=y, transpose_b=True)`.

The functions follow from the op set, those of a program's own ops included. They take keywords
only: an op's inputs, those attributes that the inputs do not determine, and `name`. They add the op
and nothing else, and return its output, its outputs as a named tuple, or the operation.
"""

from __future__ import annotations

from flowc.frontend.functions.derived import DerivedFunction
from flowc.ops.registry import OPS

# Where the functions of TensorFlow call a parameter otherwise than its op definitions do.
_AXIS = {"reduction_indices": "axis", "split_dim": "axis", "dim": "axis", "squeeze_dims": "axis"}
_WITH_AXIS = (
    "All",
    "Any",
    "EuclideanNorm",
    "ExpandDims",
    "Max",
    "Mean",
    "Min",
    "Prod",
    "Split",
    "SplitV",
    "Squeeze",
    "Sum",
)
_RENAMED = dict.fromkeys(_WITH_AXIS, _AXIS) | {
    "Select": {"t": "x", "e": "y"},
    "Where": {"input": "condition"},
}


def __getattr__(name: str) -> DerivedFunction:
    if name.startswith("__") or OPS.get(name) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}: flowc has no such op")
    function = DerivedFunction(name, name, _RENAMED.get(name), keywords_only=True)
    if not OPS[name].is_custom:  # a program may take its ops out again
        globals()[name] = function
    return function


def __dir__() -> list[str]:
    return sorted(OPS)
