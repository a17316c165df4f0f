"""`Tensor`: what functions of the API return."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

from flowc.frontend.aliases import DTypeLike, FeedDict
from flowc.frontend.elements import TensorBase
from flowc.frontend.operators import Operators


class Tensor(TensorBase, Operators):
    """An output of an operation: a value that exists when a session runs it.

    Tensors are compared and hashed by identity, so they can be keys of a feed dictionary.
    """

    def eval(self, feed_dict: FeedDict | None = None, session: Any = None) -> Any:
        """The tensor's value in `session`, or the default session."""
        from flowc.frontend.session import run_in_session

        return run_in_session(self, feed_dict, session, self.graph)

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(
            "Tensor objects are only iterable when eager execution is enabled. "
            "To iterate over this tensor use tf.map_fn."
        )

    def __len__(self) -> NoReturn:
        raise TypeError(
            f"len is not well defined for symbolic Tensors. ({self.name}) "
            "Please call `x.shape` rather than `len(x)` for shape information."
        )

    def __bool__(self) -> bool:
        raise TypeError(
            "Using a `tf.Tensor` as a Python `bool` is not allowed. Use `if t is not None:` "
            "instead of `if t:` to test if a tensor is defined, and use TensorFlow ops such as "
            "tf.cond to execute subgraphs conditioned on the value of a tensor."
        )

    def __array__(self, dtype: DTypeLike | None = None, copy: Any = None) -> Any:
        raise NotImplementedError(
            f"Cannot convert a symbolic Tensor ({self.name}) to a numpy array."
        )

    def __copy__(self) -> Tensor:
        return self

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    def __str__(self) -> str:
        shape = f", shape={self.shape}" if self.sizes is not None else ""
        return f'Tensor("{self.name}"{shape}, dtype={self.dtype.name})'
