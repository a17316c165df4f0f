"""A context in which a certain error must be raised."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from types import TracebackType
from typing import Any


class ExpectedError:
    """Fails the test case unless the block raises an error of `kind` for which `holds` is true."""

    def __init__(
        self, case: unittest.TestCase, kind: Any, holds: Callable[[BaseException], bool]
    ) -> None:
        self._case = case
        self._kind = kind
        self._holds = holds

    def __enter__(self) -> ExpectedError:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is None:
            self._case.fail(f"{self._kind} not raised")
        if not isinstance(error, self._kind):
            return False
        if not self._holds(error):
            raise AssertionError(f"Exception of type {type(error)}: {error}") from error
        return True
