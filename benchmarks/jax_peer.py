"""The workloads in JAX, jitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.workloads import Workload, batch, inputs, parameters


class JaxPeer:
    """Builds steps with `jax.jit`; the threads are those that the process is given."""

    def step(self, workload: Workload) -> Callable[[], Any]:
        """A function that runs one step to its end."""
        import jax

        if workload.kind in _NETWORKS:
            return self._training(workload)
        function = jax.jit(_KERNELS[workload.kind])
        if workload.kind == "trivial":
            (value,) = inputs(workload)
            return lambda: float(function(value))
        arrays = [jax.device_put(a) for a in inputs(workload)]
        return lambda: function(*arrays).block_until_ready()

    def _training(self, workload: Workload) -> Callable[[], Any]:
        import jax

        images, labels = batch(workload)
        state = _AdamState(parameters(workload.kind))
        step = jax.jit(_adam_step(_NETWORKS[workload.kind]), donate_argnums=0)

        def run() -> float:
            state.value, loss = step(state.value, images, labels)
            return float(loss)

        return run


class _AdamState:
    """Parameters, both moments and the step count, kept on the device."""

    def __init__(self, values: dict[str, Any]) -> None:
        import jax
        import jax.numpy as jnp

        device = jax.tree.map(jnp.asarray, values)
        zeros = jax.tree.map(jnp.zeros_like, device)
        self.value: Any = (device, zeros, jax.tree.map(jnp.zeros_like, device), jnp.float32(0))


def _adam_step(network: Callable[..., Any]) -> Callable[..., Any]:
    import jax
    import jax.numpy as jnp

    def loss_of(values: Any, images: Any, labels: Any) -> Any:
        logits = jax.nn.log_softmax(network(images, values))
        return -jnp.mean(logits[jnp.arange(labels.shape[0]), labels])

    def step(state: Any, images: Any, labels: Any) -> Any:
        values, m, v, count = state
        loss, gradients = jax.value_and_grad(loss_of)(values, images, labels)
        count = count + 1
        rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        m = jax.tree.map(lambda a, g: 0.9 * a + 0.1 * g, m, gradients)
        v = jax.tree.map(lambda a, g: 0.999 * a + 0.001 * g * g, v, gradients)
        values = jax.tree.map(lambda w, a, b: w - rate * a / (jnp.sqrt(b) + 1e-8), values, m, v)
        return (values, m, v, count), loss

    return step


def _chain(x: Any) -> Any:
    import jax
    import jax.numpy as jnp

    y = jnp.exp(jnp.tanh(x * 1.5 + 0.5)) - 1.0
    return jnp.square(jax.nn.sigmoid(jax.nn.relu(y) * 0.7) + 0.1)


def _softmax(x: Any) -> Any:
    import jax

    return jax.nn.softmax(x)


def _layer_norm(x: Any, gain: Any, bias: Any) -> Any:
    import jax

    centred = x - x.mean(-1, keepdims=True)
    variance = (centred * centred).mean(-1, keepdims=True)
    return centred * jax.lax.rsqrt(variance + 1e-5) * gain + bias


_KERNELS: dict[str, Callable[..., Any]] = {
    "trivial": lambda x: x * 2.0 + 1.0,
    "chain": _chain,
    "softmax": _softmax,
    "layer_norm": _layer_norm,
    "gemm": lambda a, b: a @ b,
}


def _mlp(x: Any, p: dict[str, Any]) -> Any:
    import jax

    hidden = jax.nn.relu(x @ p["w1"] + p["b1"])
    hidden = jax.nn.relu(hidden @ p["w2"] + p["b2"])
    return hidden @ p["w3"] + p["b3"]


def _cnn(x: Any, p: dict[str, Any]) -> Any:
    import jax
    from jax import lax

    for kernel, bias in (("k1", "c1"), ("k2", "c2")):
        layout = ("NHWC", "HWIO", "NHWC")
        x = lax.conv_general_dilated(x, p[kernel], (1, 1), "SAME", dimension_numbers=layout)
        x = jax.nn.relu(x + p[bias])
        x = lax.reduce_window(x, -float("inf"), lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME")
    hidden = jax.nn.relu(x.reshape(-1, 3136) @ p["w1"] + p["b1"])
    return hidden @ p["w2"] + p["b2"]


def _lstm(x: Any, p: dict[str, Any]) -> Any:
    import jax
    import jax.numpy as jnp

    def step(state: Any, row: Any) -> Any:
        c, h = state
        gates = jnp.concatenate([row, h], 1) @ p["kernel"] + p["bias"]
        i, j, f, o = jnp.split(gates, 4, 1)
        c = c * jax.nn.sigmoid(f + 1.0) + jax.nn.sigmoid(i) * jnp.tanh(j)
        return (c, jnp.tanh(c) * jax.nn.sigmoid(o)), None

    start = jnp.zeros((x.shape[0], 128))
    (_, h), _ = jax.lax.scan(step, (start, start), x.transpose(1, 0, 2))
    return h @ p["w"] + p["b"]


_NETWORKS: dict[str, Callable[..., Any]] = {"mlp": _mlp, "cnn": _cnn, "lstm": _lstm}
