"""Printed modules are StableHLO: MLIR accepts them, and XLA computes the same (where jax is)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from flowc.ir.tensor.interpreter import run
from flowc.ir.tensor.printer import print_module
from tests.ir.tensor.samples import SAMPLES
from tests.ir.tensor.samples.sample import Array, Sample

jax = pytest.importorskip("jax")
_OURS = {"size", "check", "fusion", "lu", "measure", "true_positions"}
standard = pytest.mark.parametrize(
    "sample", [s for s in SAMPLES if s.primitive not in _OURS], ids=str
)
TOLERANCE = {"bfloat16": 2e-2, "float16": 2e-3, "float32": 1e-5, "complex64": 1e-5}


@pytest.fixture(scope="module")
def context() -> Any:
    from jax._src.interpreters import mlir

    jax.config.update("jax_enable_x64", True)
    return mlir.make_ir_context()


def parse(sample: Sample, context: Any) -> Any:
    from jax._src.lib.mlir import ir

    with context:
        return ir.Module.parse(print_module(sample.module()))


@standard
def test_mlir_accepts(sample: Sample, context: Any) -> None:
    module = parse(sample, context)
    with context:
        assert module.operation.verify()


def _computed_by_xla(module: Any, arguments: Sequence[Array]) -> list[Array]:
    from jax._src.lib import xla_client

    (device,) = jax.devices("cpu")[:1]
    executable = device.client.compile_and_load(
        module, xla_client.DeviceList((device,)), xla_client.CompileOptions()
    )
    results = executable.execute_sharded([jax.device_put(a, device) for a in arguments])
    return [np.asarray(r[0]) for r in results.disassemble_into_single_device_arrays()]


def _differs_on_purpose(sample: Sample) -> bool:
    """XLA leaves out a whole window of updates where a part is outside; the standard does not.

    The triangle of `cholesky` that is not asked for is undefined.
    """
    return sample.primitive == "cholesky" or (
        sample.primitive == "scatter" and sample.arguments[0].shape == (3,)
    )


@standard
def test_xla_agrees(sample: Sample, context: Any) -> None:
    if _differs_on_purpose(sample):
        pytest.skip("not defined by the standard, or not XLA's choice")
    theirs = _computed_by_xla(parse(sample, context), sample.arguments)
    for ours, other in zip(run(sample.module(), sample.arguments), theirs, strict=True):
        assert (ours.dtype, ours.shape) == (other.dtype, other.shape)
        wide = np.complex128 if ours.dtype.kind == "c" else np.float64
        tolerance = TOLERANCE.get(ours.dtype.name, 1e-9)
        np.testing.assert_allclose(
            other.astype(wide), ours.astype(wide), rtol=tolerance, atol=tolerance
        )
