"""Control flow, which flowc's API does not offer yet: each function says so."""

from __future__ import annotations

from typing import Any, NoReturn


def _pending(name: str) -> Any:
    def function(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(
            f"tf.{name} is not implemented in flowc yet. Graphs that contain control flow can be "
            "imported from TensorFlow with tf.import_graph_def."
        )

    function.__name__ = name
    function.__doc__ = f"Raises NotImplementedError: `tf.{name}` is to come."
    return function


cond, case, while_loop, map_fn, scan, foldl, foldr, TensorArray = map(
    _pending,
    ("cond", "case", "while_loop", "map_fn", "scan", "foldl", "foldr", "TensorArray"),
)
