"""TensorFlow's error classes, raised by every level.

The names, numbers and constructor are those of `tf.errors`: `InvalidArgumentError(node_def, op,
message)`. `node_def` and `op` may be None.
"""

from __future__ import annotations

from typing import Any


class OpError(Exception):
    """Base of all errors that building or running a graph raises."""

    error_code = 2

    def __init__(self, node_def: Any, op: Any, message: str, error_code: int | None = None) -> None:
        super().__init__(message)
        self.node_def = node_def
        self.op = op
        self.message = message
        self.error_code = type(self).error_code if error_code is None else error_code

    def __str__(self) -> str:
        return self.message


class CancelledError(OpError):
    """The operation was cancelled."""

    error_code = 1


class UnknownError(OpError):
    """An error of unknown kind."""

    error_code = 2


class InvalidArgumentError(OpError):
    """An operation received an argument that it cannot use: shape, dtype, range."""

    error_code = 3


class InvalidOperandsError(InvalidArgumentError, ValueError):
    """Operands that do not fit, found while the graph is built.

    TensorFlow raises ValueError there, and InvalidArgumentError where only the op's kernel finds
    it. flowc finds more of it early: whoever awaits either of the two is served.
    """


class DeadlineExceededError(OpError):
    """A time limit ran out."""

    error_code = 4


class NotFoundError(OpError):
    """A file, tensor or table entry is absent."""

    error_code = 5


class AlreadyExistsError(OpError):
    """Something to be created is already there."""

    error_code = 6


class PermissionDeniedError(OpError):
    """The caller may not do this."""

    error_code = 7


class ResourceExhaustedError(OpError):
    """Out of memory, or of another resource."""

    error_code = 8


class FailedPreconditionError(OpError):
    """The system is not in the state that the operation needs: an uninitialised variable."""

    error_code = 9


_UNINITIALIZED = "Attempting to use uninitialized value "


def uninitialized(variable: str) -> FailedPreconditionError:
    """The error for a variable that has no value yet."""
    return FailedPreconditionError(None, None, _UNINITIALIZED + variable)


def uninitialized_variable(error: OpError) -> str:
    """The variable of which `uninitialized` made the error; empty for other errors."""
    _, found, rest = error.message.partition(_UNINITIALIZED)
    return rest.partition("\n")[0] if found else ""


class AbortedError(OpError):
    """The operation was aborted."""

    error_code = 10


class OutOfRangeError(OpError):
    """Past the valid range: the end of a data set."""

    error_code = 11


class UnimplementedError(OpError):
    """The operation is not supported."""

    error_code = 12


class InternalError(OpError):
    """An invariant of the system is broken."""

    error_code = 13


class UnavailableError(OpError):
    """The service is not available now."""

    error_code = 14


class DataLossError(OpError):
    """Unrecoverable loss or corruption of data."""

    error_code = 15


class UnauthenticatedError(OpError):
    """The request has no valid credentials."""

    error_code = 16
