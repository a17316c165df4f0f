"""`tf.test`: tests of programs."""
# fmt: off
# ruff: noqa: I001

from unittest import mock

from flowc.frontend.testing.benchmark import Benchmark, benchmark_config
from flowc.frontend.testing.gradient_checker import compute_gradient, compute_gradient_error
from flowc.frontend.testing.graph_equality import assert_equal_graph_def
from flowc.frontend.testing.platform import (
    create_local_cluster, get_temp_dir, gpu_device_name, is_built_with_cuda,
    is_built_with_gpu_support, is_built_with_rocm, is_built_with_xla, is_gpu_available, main,
    test_src_dir_path,
)
from flowc.frontend.testing.stubs import StubOutForTesting
from flowc.frontend.testing.test_case import TestCase

__all__ = [
    "Benchmark", "StubOutForTesting", "TestCase", "assert_equal_graph_def", "benchmark_config",
    "compute_gradient", "compute_gradient_error", "create_local_cluster", "get_temp_dir",
    "gpu_device_name", "is_built_with_cuda", "is_built_with_gpu_support", "is_built_with_rocm",
    "is_built_with_xla", "is_gpu_available", "main", "mock", "test_src_dir_path",
]
