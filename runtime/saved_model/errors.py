"""What is wrong with a SavedModel, as errors of `tf.errors`.

TensorFlow 1 raises Python's own errors here. Each of these is of both kinds, so that whoever awaits
either of them is served.
"""

from __future__ import annotations

from flowc.ir.errors import DataLossError, InvalidArgumentError, NotFoundError


class MissingModelError(NotFoundError, OSError):
    """A folder has no SavedModel."""


class DamagedModelError(DataLossError, OSError):
    """The file of a SavedModel is none, or no longer."""


class UnknownTagsError(NotFoundError, RuntimeError):
    """No graph of a SavedModel has these tags."""


class InvalidModelError(InvalidArgumentError, ValueError):
    """A SavedModel contradicts itself: a name that is not in its graph, a file outside of it."""


class UnknownSignatureError(NotFoundError, KeyError):
    """A SavedModel has no signature of this name."""
