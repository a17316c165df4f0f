"""The error for a name that a namespace of `tf.contrib` does not have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import NoReturn


def absent(
    path: str, names: Sequence[str], instead: Mapping[str, str] | None = None
) -> Callable[[str], NoReturn]:
    """A module's `__getattr__`: AttributeErrors that say what is there instead.

    `path` is the module's name in TensorFlow, `names` what it has; `instead` has advice for names.
    """

    def fail(name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(f"module {path!r} has no attribute {name!r}")
        if instead and name in instead:
            raise AttributeError(f"flowc has no tf.{path}.{name}: {instead[name]}.")
        near = get_close_matches(name, names, 3, 0.5) or sorted(names)
        raise AttributeError(f"flowc has no tf.{path}.{name}; there is {', '.join(near)}.")

    return fail
