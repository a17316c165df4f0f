"""What is measured: names, seeded data, and the work a step does.

Every peer builds the same computation from the same data. A kernel's result stays in the runtime
(in a variable, or on the device); a training step is fed its batch and gives back its loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zlib import crc32

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Workload:
    """One row of the report; `flops` and `bytes` are of one step, 0 where they say little."""

    name: str
    kind: str
    sizes: tuple[int, ...]
    flops: float = 0.0
    bytes: float = 0.0


def _gemm(rows: int, depth: int, columns: int) -> Workload:
    name = f"gemm {rows}x{depth}x{columns}"
    return Workload(name, "gemm", (rows, depth, columns), flops=2.0 * rows * depth * columns)


WORKLOADS = (
    Workload("trivial step", "trivial", ()),
    Workload("chain of 10, 10M", "chain", (10_000_000,), bytes=8e7),
    Workload("softmax 4096x1024", "softmax", (4096, 1024), bytes=8.0 * 4096 * 1024),
    Workload("layer norm 4096x1024", "layer_norm", (4096, 1024), bytes=8.0 * 4096 * 1024),
    _gemm(256, 256, 256),
    _gemm(512, 512, 512),
    _gemm(1024, 1024, 1024),
    Workload("MLP training, batch 128, Adam", "mlp", (128,), flops=0.50e9),
    Workload("CNN training, batch 64, Adam", "cnn", (64,), flops=5.2e9),
    Workload("LSTM training, 28 steps, batch 128, Adam", "lstm", (128,), flops=1.72e9),
)


def random(tag: str, *shape: int, scale: float = 1.0) -> Array:
    """Normally distributed float32 numbers, the same for every peer."""
    generator = np.random.default_rng(crc32(tag.encode()))
    return generator.standard_normal(shape, np.float32) * np.float32(scale)


def inputs(workload: Workload) -> list[Array]:
    """The arrays that a kernel reads."""
    match workload.kind:
        case "trivial":
            return [np.float32(3.0)]  # type: ignore[list-item]
        case "chain":
            return [np.tanh(random("chain", *workload.sizes))]
        case "softmax":
            return [random("rows", *workload.sizes)]
        case "layer_norm":
            columns = workload.sizes[1]
            return [random("rows", *workload.sizes), random("g", columns), random("b", columns)]
        case "gemm":
            rows, depth, columns = workload.sizes
            return [random("lhs", rows, depth), random("rhs", depth, columns)]
    raise ValueError(f"{workload.kind} is trained, not computed")


PARAMETERS: dict[str, dict[str, tuple[int, ...]]] = {
    "mlp": {
        "w1": (784, 512),
        "b1": (512,),
        "w2": (512, 512),
        "b2": (512,),
        "w3": (512, 10),
        "b3": (10,),
    },
    "cnn": {
        "k1": (5, 5, 1, 32),
        "c1": (32,),
        "k2": (5, 5, 32, 64),
        "c2": (64,),
        "w1": (3136, 1024),
        "b1": (1024,),
        "w2": (1024, 10),
        "b2": (10,),
    },
    "lstm": {"kernel": (28 + 128, 4 * 128), "bias": (4 * 128,), "w": (128, 10), "b": (10,)},
}


def parameters(kind: str) -> dict[str, Array]:
    """Initial values: biases zero, weights scaled by their fan-in and fan-out."""
    found = {}
    for name, shape in PARAMETERS[kind].items():
        fan = float(np.prod(shape[:-1]) + np.prod(shape[:-2]) * shape[-1]) if shape[1:] else 1.0
        scale = np.sqrt(2 / fan) if shape[1:] else 0.0
        found[name] = random(kind + name, *shape, scale=float(scale))
    return found


def batch(workload: Workload) -> tuple[Array, Array]:
    """Images and labels of one training step."""
    size = workload.sizes[0]
    shape = {"mlp": (784,), "cnn": (28, 28, 1), "lstm": (28, 28)}[workload.kind]
    generator = np.random.default_rng(7)
    images = generator.random((size, *shape), np.float32)
    return images, generator.integers(0, 10, size).astype(np.int32)
