"""The emitter knows no machine: kernels with a CPU's schedule become PTX text, too."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest

import flowc as tf
from flowc.codegen.cpu.host import make_target
from flowc.codegen.cpu.machine import CpuMachine
from flowc.codegen.emitter import Context, emit_kernel
from flowc.codegen.gpu.grids import ptx
from flowc.codegen.llvm.module import Module
from flowc.compiler import driver
from flowc.ir.loops.kernel import Kernel
from flowc.ir.loops.printer import kernel_digest
from flowc.ir.loops.walk import calls
from flowc.ir.tensor import core
from flowc.passes.lowering.program import Lowered, lower_module
from flowc.passes.lowering.shared_kernels import SHARED, SharedKernels
from flowc.passes.target import CpuTarget, GpuTarget

TARGET = GpuTarget()


def kernels_of_a_step() -> list[Kernel]:
    """The kernels of a training step: a network of two layers, Adam."""
    found: dict[str, Kernel] = {}

    def lower(module: core.Module, target: CpuTarget, kernels: SharedKernels = SHARED) -> Lowered:
        made = lower_module(module, target, kernels)
        found.update((kernel_digest(c.kernel), c.kernel) for c in calls(made.program.steps))
        return made

    x, y = tf.placeholder(tf.float32, [None, 30]), tf.placeholder(tf.int32, [None])
    hidden = tf.layers.dense(x, 20, activation=tf.nn.relu)
    logits = tf.layers.dense(hidden, 10)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    train = tf.train.AdamOptimizer().minimize(tf.reduce_mean(losses))
    with tf.Session() as session, patch.object(driver, "lower_module", lower):
        session.run(tf.global_variables_initializer())
        found.clear()
        session.run(train, {x: np.zeros((8, 30), np.float32), y: np.zeros(8, np.int32)})
    return list(found.values())


def test_kernels_of_a_training_step_become_ptx(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_FLAGS", "--strict --no-cache")
    machine = make_target(TARGET.triple, TARGET.cpu, TARGET.features, 1)
    kernels = kernels_of_a_step()
    assert len(kernels) >= 10
    for kernel in kernels:
        module = Module(kernel.name, TARGET.triple)
        emit_kernel(Context(module, machine, CpuMachine(machine)), kernel, "kernel")
        assert ".func kernel" in ptx(module, TARGET)
