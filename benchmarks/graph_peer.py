"""The workloads against the TensorFlow 1 API, for flowc and for `tensorflow.compat.v1` alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.workloads import Workload, batch, inputs, parameters


class GraphPeer:
    """Builds steps with a module that has TensorFlow 1's names."""

    def __init__(self, module: Any, threads: int) -> None:
        self.tf = module
        self.threads = threads

    def step(self, workload: Workload) -> Callable[[], Any]:
        """A function that runs one step."""
        self.tf.reset_default_graph()
        if workload.kind == "trivial":
            return self._trivial()
        if workload.kind in NETWORKS:
            return self._training(workload)
        return self._kernel(workload)

    def _session(self) -> Any:
        config = self.tf.ConfigProto(
            intra_op_parallelism_threads=self.threads, inter_op_parallelism_threads=self.threads
        )
        return self.tf.Session(config=config)

    def _variable(self, name: str, value: np.ndarray[Any, Any]) -> Any:
        zeros = self.tf.zeros(value.shape, self.tf.float32)
        return self.tf.Variable(zeros, name=name, use_resource=True)

    def _start(self, variables: dict[Any, np.ndarray[Any, Any]]) -> Any:
        session = self._session()
        session.run(self.tf.global_variables_initializer())
        for variable, value in variables.items():
            variable.load(value, session)
        return session

    def _trivial(self) -> Callable[[], Any]:
        x = self.tf.placeholder(self.tf.float32, [])
        y = x * 2.0 + 1.0
        session = self._session()
        value = np.float32(3.0)
        return lambda: session.run(y, {x: value})

    def _kernel(self, workload: Workload) -> Callable[[], Any]:
        arrays = inputs(workload)
        variables = [self._variable(f"in{i}", a) for i, a in enumerate(arrays)]
        result = KERNELS[workload.kind](self.tf, *variables)
        kept = self._variable("kept", np.empty(result.shape.as_list(), np.float32))
        keep = kept.assign(result).op
        session = self._start(dict(zip(variables, arrays, strict=True)))
        return lambda: session.run(keep)

    def _training(self, workload: Workload) -> Callable[[], Any]:
        tf = self.tf
        images, labels = batch(workload)
        x = tf.placeholder(tf.float32, [None, *images.shape[1:]])
        y = tf.placeholder(tf.int32, [None])
        values = parameters(workload.kind)
        variables = {name: self._variable(name, value) for name, value in values.items()}
        logits = NETWORKS[workload.kind](tf, x, variables)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
        loss = tf.reduce_mean(losses)
        train = tf.train.AdamOptimizer(1e-3).minimize(loss)
        session = self._start({variables[name]: value for name, value in values.items()})
        return lambda: session.run([train, loss], {x: images, y: labels})[1]


def chain(tf: Any, x: Any) -> Any:
    """Ten elementwise operations."""
    y = tf.exp(tf.tanh(x * 1.5 + 0.5)) - 1.0
    return tf.square(tf.sigmoid(tf.nn.relu(y) * 0.7) + 0.1)


def layer_norm(tf: Any, x: Any, gain: Any, bias: Any) -> Any:
    """Each row with mean 0 and variance 1, scaled and shifted."""
    centred = x - tf.reduce_mean(x, -1, keepdims=True)
    variance = tf.reduce_mean(tf.square(centred), -1, keepdims=True)
    return centred * tf.rsqrt(variance + 1e-5) * gain + bias


KERNELS: dict[str, Callable[..., Any]] = {
    "chain": chain,
    "softmax": lambda tf, x: tf.nn.softmax(x),
    "layer_norm": layer_norm,
    "gemm": lambda tf, a, b: tf.matmul(a, b),
}


def mlp(tf: Any, x: Any, p: dict[str, Any]) -> Any:
    """Logits of a perceptron with two hidden layers."""
    hidden = tf.nn.relu(tf.matmul(x, p["w1"]) + p["b1"])
    hidden = tf.nn.relu(tf.matmul(hidden, p["w2"]) + p["b2"])
    return tf.matmul(hidden, p["w3"]) + p["b3"]


def cnn(tf: Any, x: Any, p: dict[str, Any]) -> Any:
    """Logits of the convolutional network of TensorFlow's old tutorial."""
    for kernel, bias in (("k1", "c1"), ("k2", "c2")):
        x = tf.nn.conv2d(x, p[kernel], strides=[1, 1, 1, 1], padding="SAME")
        x = tf.nn.relu(tf.nn.bias_add(x, p[bias]))
        x = tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    hidden = tf.nn.relu(tf.matmul(tf.reshape(x, [-1, 3136]), p["w1"]) + p["b1"])
    return tf.matmul(hidden, p["w2"]) + p["b2"]


def lstm(tf: Any, x: Any, p: dict[str, Any]) -> Any:
    """Logits of the last output of an LSTM over the rows of an image."""
    rows = tf.TensorArray(tf.float32, size=28).unstack(tf.transpose(x, [1, 0, 2]))
    start = tf.zeros([tf.shape(x)[0], 128])

    def step(time: Any, c: Any, h: Any) -> Any:
        gates = tf.matmul(tf.concat([rows.read(time), h], 1), p["kernel"]) + p["bias"]
        i, j, f, o = tf.split(gates, 4, 1)
        c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
        return time + 1, c, tf.tanh(c) * tf.sigmoid(o)

    variables = (tf.constant(0), start, start)
    _, _, h = tf.while_loop(lambda t, c, h: t < 28, step, variables, maximum_iterations=28)
    return tf.matmul(h, p["w"]) + p["b"]


NETWORKS: dict[str, Callable[..., Any]] = {"mlp": mlp, "cnn": cnn, "lstm": lstm}


def flowc_peer(threads: int) -> GraphPeer:
    """flowc itself."""
    import flowc

    return GraphPeer(flowc, threads)


def tensorflow_peer(threads: int) -> GraphPeer:
    """TensorFlow's own Session, with its defaults."""
    import tensorflow.compat.v1 as tf

    tf.disable_eager_execution()
    tf.disable_control_flow_v2()
    return GraphPeer(tf, threads)
