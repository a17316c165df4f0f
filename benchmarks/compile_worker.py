"""Measures one case in this process, and prints what it found as a JSON line."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from benchmarks import compile_networks as networks
from benchmarks.compile_cases import CASES, Reading, timed


def module_of(peer: str) -> Any:
    """The module that has TensorFlow 1's names."""
    if peer == "flowc":
        import flowc

        return flowc
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    tf.logging.set_verbosity(tf.logging.ERROR)
    return tf


def jax_layers(layers: int) -> Reading:
    """The first call of the step that `compile_networks.mlp_training` builds, in JAX."""
    import jax
    import jax.numpy as jnp

    def loss_of(parameters: Any, x: Any, y: Any) -> Any:
        for w, b in parameters:
            x = jax.nn.relu(x @ w + b)
        return jnp.mean(jnp.square(x - y))

    def step(parameters: Any, x: Any, y: Any) -> Any:
        loss, gradients = jax.value_and_grad(loss_of)(parameters, x, y)
        return loss, jax.tree.map(lambda v, g: v - 0.1 * g, parameters, gradients)

    parameters = [(jnp.zeros((64, 64)), jnp.zeros(64)) for _ in range(layers)]
    x, y = networks.noise(32, 64), networks.noise(32, 64, seed=1)
    with timed(reading := Reading()):
        jax.block_until_ready(jax.jit(step)(parameters, x, y))
    return reading


def main() -> None:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=("flowc", "tensorflow", "jax"))
    parser.add_argument("case", choices=[case.name for case in CASES])
    parser.add_argument("size", type=int)
    options = parser.parse_args()
    if options.peer == "jax":
        reading = jax_layers(options.size)
    else:
        measure = next(case.measure for case in CASES if case.name == options.case)
        reading = measure(module_of(options.peer), options.size)
    print(json.dumps(asdict(reading)), flush=True)


if __name__ == "__main__":
    main()
