"""Printed modules are StableHLO: MLIR accepts them, and XLA computes the same (where jax is)."""

from __future__ import annotations

from typing import Any

import pytest

from flowc.ir.tensor.printer import print_module
from tests.ir.tensor.samples import SAMPLES
from tests.ir.tensor.samples.sample import Sample

pytest.importorskip("jaxlib")
STANDARD = [s for s in SAMPLES if s.primitive not in {"size", "check", "fusion"}]


@pytest.fixture(scope="module")
def context() -> Any:
    from jax._src.interpreters import mlir

    return mlir.make_ir_context()


@pytest.mark.parametrize("sample", STANDARD, ids=str)
def test_mlir_accepts(sample: Sample, context: Any) -> None:
    from jax._src.lib.mlir import ir

    with context:
        module = ir.Module.parse(print_module(sample.module()))
        assert module.operation.verify()
