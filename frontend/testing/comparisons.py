"""Assertions about arrays, shapes and messages, for test cases."""

from __future__ import annotations

import math
import re
import unittest
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from google.protobuf import text_format
from google.protobuf.message import Message

from flowc.frontend.conversion import is_tensor
from flowc.frontend.testing.expected_errors import ExpectedError
from flowc.ir.devices import DeviceSpec
from flowc.ir.dtypes import as_dtype
from flowc.ir.errors import OpError
from flowc.ir.proto import GraphDef

Predicate = Callable[[BaseException], bool] | str


class Comparisons(unittest.TestCase):
    """What may be asserted of values; tensors are evaluated first."""

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors."""
        raise NotImplementedError

    def _array(self, value: Any) -> Any:
        """A value as an array; text as objects."""
        if is_tensor(value):
            value = self.evaluate(value)
        if not isinstance(value, np.ndarray | np.generic):
            value = np.array(value)
        return np.asarray(value)

    # Numbers

    def assertNear(self, f1: float, f2: float, err: float, msg: str | None = None) -> None:
        """Two numbers differ by at most `err`."""
        self.assertTrue(
            f1 == f2 or math.fabs(f1 - f2) <= err,
            f"{f1:f} != {f2:f} +/- {err:f}{f' ({msg})' if msg else ''}",
        )

    def assertArrayNear(
        self,
        farray1: Sequence[float],
        farray2: Sequence[float],
        err: float,
        msg: str | None = None,
    ) -> None:
        """Two sequences differ by at most `err` at each place."""
        self.assertEqual(len(farray1), len(farray2), msg)
        for f1, f2 in zip(farray1, farray2, strict=True):
            self.assertNear(float(f1), float(f2), err, msg)

    def assertNDArrayNear(
        self, ndarray1: Any, ndarray2: Any, err: float, msg: str | None = None
    ) -> None:
        """The Euclidean distance of two arrays is below `err`."""
        distance = float(np.linalg.norm(np.asarray(ndarray1) - np.asarray(ndarray2)))
        self.assertTrue(distance < err, msg or f"{distance} is no distance below {err}")

    # Arrays

    def assertAllClose(
        self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: str | None = None
    ) -> None:
        """|a - b| <= atol + rtol |b| everywhere; also of lists, tuples and dictionaries."""
        self._close(a, b, rtol, atol, "", msg)

    def _close(self, a: Any, b: Any, rtol: float, atol: float, path: str, msg: str | None) -> None:
        where = f" at {path}" if path else ""
        if hasattr(a, "_asdict"):
            a = a._asdict()
        if hasattr(b, "_asdict"):
            b = b._asdict()
        if isinstance(a, Mapping) or isinstance(b, Mapping):
            if not (isinstance(a, Mapping) and isinstance(b, Mapping)) or set(a) != set(b):
                raise ValueError(f"Can't compare dict to non-dict or other keys{where}: {a}, {b}")
            for key in a:
                self._close(a[key], b[key], rtol, atol, f"{path}[{key}]", msg)
        elif isinstance(a, list | tuple) and not _is_numeric(a, b):
            self.assertEqual(len(a), len(b), f"Length mismatch{where}. {msg or ''}")
            for number, (x, y) in enumerate(zip(a, b, strict=True)):
                self._close(x, y, rtol, atol, f"{path}[{number}]", msg)
        else:
            self._arrays_close(a, b, rtol, atol, where, msg)

    def _arrays_close(
        self, a: Any, b: Any, rtol: float, atol: float, where: str, msg: str | None
    ) -> None:
        x, y = self._array(a), self._array(b)
        self._same_shape(x, y, msg)
        if as_dtype(x.dtype).name == "bfloat16" or as_dtype(y.dtype).name == "bfloat16":
            x, y = x.astype(np.float32), y.astype(np.float32)
        if not np.allclose(x, y, rtol=rtol, atol=atol, equal_nan=True):
            np.testing.assert_allclose(
                x,
                y,
                rtol=rtol,
                atol=atol,
                equal_nan=True,
                err_msg=f"Mismatched value{where}. {msg or ''}",
            )

    def _same_shape(self, x: Any, y: Any, msg: str | None) -> None:
        self.assertEqual(
            x.shape, y.shape, f"Shape mismatch: expected {x.shape}, got {y.shape}. {msg or ''}"
        )

    def assertAllCloseAccordingToType(
        self,
        a: Any,
        b: Any,
        rtol: float = 1e-6,
        atol: float = 1e-6,
        float_rtol: float = 1e-6,
        float_atol: float = 1e-6,
        half_rtol: float = 1e-3,
        half_atol: float = 1e-3,
        bfloat16_rtol: float = 1e-2,
        bfloat16_atol: float = 1e-2,
        msg: str | None = None,
    ) -> None:
        """`assertAllClose` with the tolerance of the less exact type of the two."""
        x, y = self._array(a), self._array(b)
        limits = {
            "float32": (float_rtol, float_atol),
            "complex64": (float_rtol, float_atol),
            "float16": (half_rtol, half_atol),
            "bfloat16": (bfloat16_rtol, bfloat16_atol),
        }
        for array in (x, y):
            relative, absolute = limits.get(as_dtype(array.dtype).name, (0.0, 0.0))
            rtol, atol = max(rtol, relative), max(atol, absolute)
        self.assertAllClose(x, y, rtol, atol, msg)

    def assertNotAllClose(self, a: Any, b: Any, **kwargs: Any) -> None:
        """Not `assertAllClose`."""
        try:
            self.assertAllClose(a, b, **kwargs)
        except AssertionError:
            return
        raise AssertionError("The two values are close at all elements.")

    def assertAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Two arrays are equal; NaN is equal to NaN."""
        x, y = self._array(a), self._array(b)
        if x.dtype.kind in "SUO" or y.dtype.kind in "SUO":
            x, y = _as_bytes(x), _as_bytes(y)
        if x.shape != y.shape and x.ndim <= 3 and y.ndim <= 3:
            raise AssertionError(
                f"Shape mismatch: expected {x.shape}, got {y.shape}. {msg or ''}\n{x}\n{y}"
            )
        self._same_shape(x, y, msg)
        same = x == y
        if x.dtype.kind in "fc" and y.dtype.kind in "fc":
            same = np.logical_or(same, np.logical_and(np.isnan(x), np.isnan(y)))
        if not np.all(same):
            np.testing.assert_array_equal(x, y, err_msg=msg or "")

    def assertNotAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Two arrays differ somewhere."""
        try:
            self.assertAllEqual(a, b)
        except AssertionError:
            return
        raise AssertionError(f"The two values are equal at all elements. {msg or ''}")

    def _all(self, a: Any, holds: Callable[[Any], Any], what: str) -> None:
        array = self._array(a)
        if not np.all(holds(array)):
            raise AssertionError(f"Not all elements are {what}: {array}")

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:
        """All elements are greater than a number."""
        self._all(a, lambda x: x > comparison_target, f"greater than {comparison_target}")

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:
        """All elements are less than a number."""
        self._all(a, lambda x: x < comparison_target, f"less than {comparison_target}")

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:
        """No element is less than a number."""
        self._all(a, lambda x: x >= comparison_target, f"at least {comparison_target}")

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:
        """No element is greater than a number."""
        self._all(a, lambda x: x <= comparison_target, f"at most {comparison_target}")

    def assertAllInRange(
        self,
        target: Any,
        lower_bound: Any,
        upper_bound: Any,
        open_lower_bound: bool = False,
        open_upper_bound: bool = False,
    ) -> None:
        """All elements are between two numbers, which may be excluded."""
        above = self.assertAllGreater if open_lower_bound else self.assertAllGreaterEqual
        below = self.assertAllLess if open_upper_bound else self.assertAllLessEqual
        above(target, lower_bound)
        below(target, upper_bound)

    def assertAllInSet(self, target: Any, expected_set: Iterable[Any]) -> None:
        """All elements are among some values."""
        found, allowed = set(self._array(target).ravel().tolist()), set(expected_set)
        if not found <= allowed:
            raise AssertionError(f"{sorted(found - allowed)} are not in the set {allowed}")

    # Shapes, types, devices

    def assertShapeEqual(self, np_array: Any, tf_tensor: Any, msg: str | None = None) -> None:
        """An array has the static shape of a tensor."""
        self.assertAllEqual(list(np_array.shape), tf_tensor.get_shape().as_list(), msg)

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:
        """An array's or a tensor's element type."""
        array = self._array(target)
        self.assertEqual(as_dtype(array.dtype), as_dtype(expected_dtype))

    def assertDeviceEqual(self, device1: Any, device2: Any, msg: str | None = None) -> None:
        """Two device names mean the same."""
        first, second = (DeviceSpec.from_string(str(d or "")) for d in (device1, device2))
        self.assertEqual(first.to_string(), second.to_string(), msg)

    # Messages and texts

    def assertProtoEquals(
        self, expected_message_maybe_ascii: Any, message: Message, msg: str | None = None
    ) -> None:
        """A message is equal to another one, or to what a text describes."""
        expected = expected_message_maybe_ascii
        if isinstance(expected, str | bytes):
            text = expected.decode() if isinstance(expected, bytes) else expected
            expected = text_format.Parse(text, type(message)())
        self.assertEqual(
            text_format.MessageToString(expected), text_format.MessageToString(message), msg
        )

    def assertProtoEqualsVersion(
        self,
        expected: Any,
        actual: GraphDef,
        producer: int | None = None,
        min_consumer: int = 0,
        msg: str | None = None,
    ) -> None:
        """A graph is equal to what a text describes, whatever its version."""
        graph = GraphDef()
        graph.CopyFrom(actual)
        graph.ClearField("versions")
        self.assertProtoEquals(expected, graph, msg)

    def assertStartsWith(self, actual: str, expected_start: str, msg: str | None = None) -> None:
        """A text begins with another one."""
        if not actual.startswith(expected_start):
            said = f"{actual!r} does not start with {expected_start!r}"
            self.fail(self._formatMessage(msg, said))

    def assertEmpty(self, container: Any, msg: str | None = None) -> None:
        """A container has no items."""
        self.assertEqual(len(container), 0, msg)

    def assertNotEmpty(self, container: Any, msg: str | None = None) -> None:
        """A container has items."""
        self.assertNotEqual(len(container), 0, msg)

    def assertLen(self, container: Any, expected_len: int, msg: str | None = None) -> None:
        """A container has that many items."""
        self.assertEqual(len(container), expected_len, msg)

    def assertBetween(self, value: Any, minv: Any, maxv: Any, msg: str | None = None) -> None:
        """A value is neither below nor above two others."""
        self.assertTrue(minv <= value <= maxv, msg or f"{value} is not between {minv} and {maxv}")

    def assertItemsEqual(self, a: Iterable[Any], b: Iterable[Any], msg: Any = None) -> None:
        """Two sequences have the same items, in whatever order."""
        self.assertCountEqual(a, b, msg)

    # Errors

    def assertRaisesWithPredicateMatch(
        self, exception_type: Any, expected_err_re_or_predicate: Predicate
    ) -> AbstractContextManager[Any]:
        """A context in which an error is raised whose text matches, or for which a function holds.

        The text of an `OpError` is its message and the names of the operations.
        """
        return ExpectedError(self, exception_type, _matching(expected_err_re_or_predicate))

    def assertRaisesOpError(
        self, expected_err_re_or_predicate: Predicate
    ) -> AbstractContextManager[Any]:
        """The same for an error of a run."""
        return self.assertRaisesWithPredicateMatch(OpError, expected_err_re_or_predicate)


def _matching(expected: Predicate) -> Callable[[BaseException], bool]:
    if not isinstance(expected, str):
        return expected
    return lambda error: re.search(expected, str(error)) is not None


def _is_numeric(a: Any, b: Any) -> bool:
    """Whether two sequences are arrays in Python, not structures of arrays."""
    try:
        x, y = np.array(a), np.array(b)
    except ValueError:  # rows of other lengths
        return False
    return x.dtype.kind in "biufc" and y.dtype.kind in "biufc" and x.shape == y.shape


def _as_bytes(array: Any) -> Any:
    found = np.empty(array.shape, object)
    values = [v.encode() if isinstance(v, str) else v for v in array.ravel().tolist()]
    found[...] = np.array([*values, None], object)[:-1].reshape(array.shape)
    return found
