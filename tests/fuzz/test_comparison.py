"""What counts as a difference between two ways to run a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.fuzz.arrays import Array
from tests.fuzz.comparison import Difference, difference, same_bits
from tests.fuzz.sessions import Failure, Outcome


def compared(a: Any, b: Any, *samples: Any) -> Difference | None:
    def wrap(value: Any) -> list[Outcome]:
        return [value if isinstance(value, Failure) else [np.asarray(value)]]

    return difference("native", wrap(a), wrap(b), lambda: [wrap(s) for s in samples])


def f32(*values: float) -> Array:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        (f32(1, 2), f32(1, 2), None),
        (f32(1, 2), f32(1, 2.0000005), None),
        (f32(np.nan, -0.0), f32(np.nan, 0.0), None),
        (f32(1, 2), f32(1, 2.001), "value"),
        (f32(1, np.nan), f32(1, 2), "value"),
        (f32(1, np.inf), f32(1, -np.inf), "value"),
        (f32(1), f32(1, 2), "type"),
        (np.int32(1), np.int64(1), "type"),
        (np.int32(1), np.int32(2), "value"),
        (np.array([b"a"], object), np.array([b"b"], object), "value"),
        (np.array([b"a"], object), np.array([b"a"], object), None),
        (Failure("InvalidArgumentError"), Failure("InvalidArgumentError"), None),
        (Failure("Crash", "SIGSEGV"), f32(1), "Crash, not values"),
        (f32(1), Failure("OutOfRangeError"), "values, not OutOfRangeError"),
    ],
)
def test_kinds(a: Any, b: Any, kind: str | None) -> None:
    found = compared(a, b)
    assert (found.kind if found else None) == kind


def test_last_bits_explain_what_they_move() -> None:
    wanted, given = f32(1, 0.5), f32(1, 0.6)
    assert compared(given, wanted, f32(1, 0.55), f32(1, 0.45)) is None
    assert compared(given, wanted, f32(1, 0.50001), f32(1, 0.49999)) is not None


def test_a_number_that_flips_is_one_of_those_seen() -> None:
    assert compared([3, 4], [3, 5], [3, 4]) is None
    assert compared([3, 9], [3, 5], [3, 5]) is not None


def test_an_infinity_that_comes_and_goes() -> None:
    assert compared(f32(1e38), f32(np.inf), f32(2e38)) is None
    assert compared(f32(np.nan), f32(np.inf), f32(np.inf)) is not None


def test_an_error_that_last_bits_decide() -> None:
    assert compared(f32(1), f32(2), Failure("InvalidArgumentError")) is None


def test_bits() -> None:
    def outcome(value: Array) -> Sequence[Outcome]:
        return [[value]]

    assert same_bits("two threads", outcome(f32(1, np.nan)), outcome(f32(1, np.nan))) is None
    assert same_bits("two threads", outcome(f32(1.0000001)), outcome(f32(1))) is not None
