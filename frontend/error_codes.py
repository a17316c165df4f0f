"""The numbers of errors, and which class has which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flowc.ir import errors
from flowc.ir.errors import OpError, UnknownError

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


def _classes() -> dict[int, type[OpError]]:
    found = (kind for kind in vars(errors).values() if isinstance(kind, type))
    kinds = [kind for kind in found if issubclass(kind, OpError) and kind is not OpError]
    return {kind.error_code: kind for kind in kinds}


_CLASSES = _classes()


def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """The class of a number. Raises KeyError."""
    return _CLASSES[error_code]


def error_code_from_exception_type(cls: type[OpError]) -> int:
    """The number of a class; that of UnknownError where it has none."""
    codes = {kind: code for code, kind in _CLASSES.items()}
    return codes.get(cls, UnknownError.error_code)


@contextmanager
def raise_exception_on_not_ok_status() -> Iterator[None]:
    """Nothing to do: what fails raises its error itself."""
    yield
