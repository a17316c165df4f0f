"""What `tensorflow.python.framework.test_util` offers for tests: decorators, and its test case.

flowc only builds graphs, so a test for graphs and eager execution runs once, in a graph.
"""

from __future__ import annotations

import unittest
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from flowc.frontend.graph import Graph
from flowc.frontend.testing.test_case import TestCase

TensorFlowTestCase = TestCase
Decorated = Any


def _unchanged(decorated: Decorated = None, **options: Any) -> Decorated:
    """Decorator, with or without arguments, that changes nothing."""
    if decorated is None or isinstance(decorated, str):
        return lambda function: function
    return decorated


run_v1_only = run_deprecated_v1 = deprecated_graph_mode_only = _unchanged
run_all_in_deprecated_graph_mode_only = run_all_without_tensor_float_32 = _unchanged
run_all_in_graph_and_eager_modes = with_control_flow_v2 = _unchanged
enable_control_flow_v2 = enable_all_with_v1_control_flow = disable_control_flow_v2 = _unchanged
disable_xla = disable_all_xla = disable_tfrt = disable_eager_op_as_function = _unchanged
build_as_function_and_v1_graph = build_as_function_and_graph = _unchanged
run_without_tensor_float_32 = with_eager_op_as_function = _unchanged


def run_in_graph_and_eager_modes(
    func: Callable[..., Any] | None = None,
    config: Any = None,
    use_gpu: bool = True,
    **options: Any,
) -> Any:
    """Decorator: run the test in a graph of its own, with a session as the default."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def decorated(case: Any, *args: Any, **kwargs: Any) -> None:
            with Graph().as_default() as graph, case.session(graph, config, use_gpu):
                function(case, *args, **kwargs)

        return decorated

    return decorate if func is None else decorate(func)


def _never(decorated: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: a test that needs what flowc does not have is skipped."""

    @wraps(decorated)
    def skipped(case: Any, *args: Any, **kwargs: Any) -> None:
        case.skipTest("flowc has no such devices or modes.")

    return skipped


run_v2_only = run_gpu_only = run_cuda_only = run_gpu_or_tpu = run_xla_gpu_only = _never


def skip_if(condition: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: skip the test where the condition, or its result, is true."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def decorated(case: Any, *args: Any, **kwargs: Any) -> Any:
            if condition() if callable(condition) else condition:
                return unittest.TestCase.skipTest(case, "condition")
            return function(case, *args, **kwargs)

        return decorated

    return decorate


@contextmanager
def _nothing_special(*args: Any, **kwargs: Any) -> Iterator[None]:
    yield


use_gpu = force_gpu = force_cpu = device = deterministic_ops = _nothing_special


def IsMklEnabled() -> bool:
    """False."""
    return False


IsBuiltWithROCm = IsBuiltWithXLA = IsBuiltWithNvcc = GpuSupportsHalfMatMulAndConv = IsMklEnabled


def NHWCToNCHW(input_tensor: Any) -> Any:
    """A shape, or a tensor of images, with its channels in front."""
    return _permuted(input_tensor, {4: [0, 3, 1, 2], 5: [0, 4, 1, 2, 3]})


def NCHWToNHWC(input_tensor: Any) -> Any:
    """A shape, or a tensor of images, with its channels at the end."""
    return _permuted(input_tensor, {4: [0, 2, 3, 1], 5: [0, 2, 3, 4, 1]})


def _permuted(value: Any, axes: dict[int, list[int]]) -> Any:
    from flowc.frontend.functions.shaping import transpose

    if isinstance(value, list | tuple):
        return [value[axis] for axis in axes[len(value)]]
    return transpose(value, axes[value.shape.ndims])
