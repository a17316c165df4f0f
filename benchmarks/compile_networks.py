"""The graphs that are compiled: one program text for flowc and for `tensorflow.compat.v1`.

Weights that are trained start as zeros, and images are small, so that the time of a first run is
that of compiling.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
BLOCKS = {50: (3, 4, 6, 3), 152: (3, 8, 36, 3)}  # residual blocks of each stage
CLASSES = 1000


@dataclass(frozen=True)
class Program:
    """A graph that is built: what is fetched, what is fed, and whether variables come first."""

    fetches: Any
    feeds: dict[Any, Any]
    has_variables: bool = True


def noise(*shape: int, seed: int = 0) -> Array:
    """Normally distributed float32 numbers."""
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def zeros(tf: Any, name: str, *shape: int) -> Any:
    """A variable that starts as zeros."""
    return tf.get_variable(name, shape, tf.float32, initializer=tf.zeros_initializer())


class ResNet:
    """A residual network of bottleneck blocks; a subclass tells where its weights come from."""

    def __init__(self, tf: Any) -> None:
        self.tf = tf
        self.count = 0

    def weight(self, *shape: int) -> Any:
        """The next array of weights."""
        raise NotImplementedError

    def normalised(self, x: Any) -> Any:
        """Batch normalisation."""
        raise NotImplementedError

    def convolution(self, x: Any, filters: int, size: int, stride: int = 1) -> Any:
        """A convolution and its batch normalisation."""
        kernel = self.weight(size, size, int(x.shape[3]), filters)
        x = self.tf.nn.conv2d(x, kernel, strides=[1, stride, stride, 1], padding="SAME")
        return self.normalised(x)

    def block(self, x: Any, filters: int, stride: int) -> Any:
        """A bottleneck block, with a projection where the shape changes."""
        relu, shortcut = self.tf.nn.relu, x
        if int(x.shape[3]) != 4 * filters:
            shortcut = self.convolution(x, 4 * filters, 1, stride)
        y = relu(self.convolution(x, filters, 1))
        y = relu(self.convolution(y, filters, 3, stride))
        return relu(self.convolution(y, 4 * filters, 1) + shortcut)

    def logits(self, x: Any, layers: int) -> Any:
        """The network of so many layers over a batch of images."""
        tf = self.tf
        x = tf.nn.relu(self.convolution(x, 64, 7, 2))
        x = tf.nn.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], "SAME")
        for stage, blocks in enumerate(BLOCKS[layers]):
            for block in range(blocks):
                x = self.block(x, 64 << stage, 2 if stage and not block else 1)
        x = tf.reduce_mean(x, [1, 2])
        return tf.matmul(x, self.weight(2048, CLASSES)) + self.weight(CLASSES)


class FrozenResNet(ResNet):
    """Weights are constants, and the normalisation's moments too."""

    def weight(self, *shape: int) -> Any:
        self.count += 1
        fan = float(np.prod(shape[:-1])) if shape[1:] else 1.0
        return self.tf.constant(noise(*shape, seed=self.count) * np.float32((2 / fan) ** 0.5))

    def normalised(self, x: Any) -> Any:
        channels = int(x.shape[3])
        scale, offset, mean = (0.1 * self.weight_of(channels) for _ in range(3))
        variance = np.square(self.weight_of(channels)) + np.float32(0.5)
        constants = map(self.tf.constant, (scale + np.float32(1), offset, mean, variance))
        return self.tf.nn.fused_batch_norm(x, *constants, is_training=False)[0]

    def weight_of(self, channels: int) -> Array:
        """Random numbers, one for each channel."""
        self.count += 1
        return noise(channels, seed=self.count)


class TrainedResNet(ResNet):
    """Weights are variables; the moving averages of the moments are updated beside the step."""

    def __init__(self, tf: Any) -> None:
        super().__init__(tf)
        self.updates: list[Any] = []

    def weight(self, *shape: int) -> Any:
        self.count += 1
        return zeros(self.tf, f"w{self.count}", *shape)

    def moving(self, channels: int) -> Any:
        """A moving average."""
        self.count += 1
        start, name = self.tf.zeros_initializer(), f"moving{self.count}"
        return self.tf.get_variable(name, [channels], initializer=start, trainable=False)

    def normalised(self, x: Any) -> Any:
        tf, channels = self.tf, int(x.shape[3])
        y, *moments = tf.nn.fused_batch_norm(x, self.weight(channels), self.weight(channels))
        for moment in moments:
            average = self.moving(channels)
            self.updates.append(tf.assign_sub(average, 0.1 * (average - moment)))
        return y


def resnet_inference(tf: Any, layers: int) -> Program:
    """Probabilities of images, a batch of unknown size."""
    images = tf.placeholder(tf.float32, [None, 224, 224, 3])
    probabilities = tf.nn.softmax(FrozenResNet(tf).logits(images, layers))
    return Program(probabilities, {images: noise(1, 224, 224, 3)}, has_variables=False)


def resnet_training(tf: Any, layers: int) -> Program:
    """A step with momentum on two small images."""
    images, labels = tf.placeholder(tf.float32, [2, 64, 64, 3]), tf.placeholder(tf.int32, [2])
    network = TrainedResNet(tf)
    loss = mean_loss(tf, network.logits(images, layers), labels)
    train = tf.train.MomentumOptimizer(0.01, 0.9).minimize(loss)
    feeds = {images: noise(2, 64, 64, 3), labels: np.array([1, 2], np.int32)}
    return Program([loss, train, network.updates], feeds)


def mean_loss(tf: Any, logits: Any, labels: Any) -> Any:
    """The mean cross entropy of numbered classes."""
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return tf.reduce_mean(losses)


def hidden_layers(tf: Any, x: Any, layers: int) -> list[Any]:
    """The outputs of equal layers, one over the other."""
    outputs, width = [], int(x.shape[1])
    for layer in range(layers):
        w, b = zeros(tf, f"w{layer}", width, width), zeros(tf, f"b{layer}", width)
        x = tf.nn.relu(tf.matmul(x, w) + b)
        outputs.append(x)
    return outputs


def mlp_training(tf: Any, layers: int) -> Program:
    """A step of gradient descent for so many equal layers."""
    x, y = tf.placeholder(tf.float32, [32, 64]), tf.placeholder(tf.float32, [32, 64])
    loss = tf.reduce_mean(tf.square(hidden_layers(tf, x, layers)[-1] - y))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return Program([loss, train], {x: noise(32, 64), y: noise(32, 64, seed=1)})


class LSTMCell:
    """The arithmetic of `BasicLSTMCell`, which TensorFlow no longer has."""

    state_size = (64, 64)
    output_size = 64

    def __init__(self, tf: Any) -> None:
        self.tf = tf

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros for both parts of the state."""
        return tuple(self.tf.zeros([batch_size, size], dtype) for size in self.state_size)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """The output, and the next state."""
        tf, (c, h) = self.tf, state
        kernel = zeros(tf, "kernel", int(inputs.shape[1]) + 64, 4 * 64)
        gates = tf.matmul(tf.concat([inputs, h], 1), kernel)
        i, j, f, o = tf.split(tf.nn.bias_add(gates, zeros(tf, "bias", 4 * 64)), 4, 1)
        c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
        h = tf.tanh(c) * tf.sigmoid(o)
        return h, (c, h)


def rnn_training(tf: Any, steps: int) -> Program:
    """A step of gradient descent for an LSTM that is unrolled."""
    x, y = tf.placeholder(tf.float32, [16, steps, 32]), tf.placeholder(tf.int32, [16])
    outputs, _ = tf.nn.static_rnn(LSTMCell(tf), tf.unstack(x, steps, 1), dtype=tf.float32)
    logits = tf.matmul(outputs[-1], zeros(tf, "w", 64, 10)) + zeros(tf, "b", 10)
    loss = mean_loss(tf, logits, y)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    return Program([loss, train], {x: noise(16, steps, 32), y: np.arange(16, dtype=np.int32) % 10})


SHAPES = (
    (3, 3, 3, 16),
    (3, 3, 16, 16),
    (3, 3, 16, 32),
    (3, 3, 32, 32),
    (1, 1, 16, 32),
    (1, 1, 32, 64),
    (5, 5, 8, 16),
    (7, 7, 3, 8),
    (128, 64),
    (64, 64),
    (64, 128),
    (128, 10),
    (100, 50),
    (50, 25),
    (16,),
    (32,),
    (64,),
    (128,),
    (10,),
    (25,),
)


def initialisers(tf: Any, count: int) -> Program:
    """The initial values of so many variables of twenty shapes."""
    kinds = (
        tf.truncated_normal_initializer(stddev=0.1),
        tf.glorot_uniform_initializer(),
        tf.zeros_initializer(),
    )
    for number in range(count):
        shape, kind = SHAPES[number % len(SHAPES)], kinds[number % len(kinds)]
        tf.get_variable(f"v{number}", shape, tf.float32, initializer=kind)
    return Program(tf.global_variables_initializer(), {}, has_variables=False)


def causal(tf: Any, x: Any, name: str, filters: int, dilation: int) -> Any:
    """A convolution over the present and the past."""
    kernel = zeros(tf, name, 2, int(x.shape[2]), filters)
    padded = tf.pad(x, [[0, 0], [dilation, 0], [0, 0]])
    return tf.nn.convolution(padded, kernel, padding="VALID", dilation_rate=[dilation])


def pointwise(tf: Any, x: Any, name: str, filters: int) -> Any:
    """A convolution of width one, and its bias."""
    kernel = zeros(tf, name, 1, int(x.shape[2]), filters)
    return tf.nn.bias_add(
        tf.nn.convolution(x, kernel, padding="SAME"), zeros(tf, f"{name}b", filters)
    )


def wavenet_training(tf: Any, layers: int) -> Program:
    """A step with Adam for dilated, gated layers with skips; batch and length are unknown."""
    x, y = tf.placeholder(tf.float32, [None, None, 1]), tf.placeholder(tf.int32, [None, None])
    h, skips = causal(tf, x, "first", 32, 1), []
    for layer in range(layers):
        gates = [causal(tf, h, f"{kind}{layer}", 32, 2**layer) for kind in ("filter", "gate")]
        z = tf.tanh(gates[0]) * tf.sigmoid(gates[1])
        skips.append(pointwise(tf, z, f"skip{layer}", 64))
        h = h + pointwise(tf, z, f"residual{layer}", 32)
    out = pointwise(tf, tf.nn.relu(tf.add_n(skips)), "out1", 64)
    loss = mean_loss(tf, pointwise(tf, tf.nn.relu(out), "out2", 256), y)
    train = tf.train.AdamOptimizer(1e-3).minimize(loss)
    feeds = {x: noise(2, 200, 1), y: np.arange(400, dtype=np.int32).reshape(2, 200) % 256}
    return Program([loss, train], feeds)


def adam_over_many(tf: Any, count: int) -> Program:
    """A step with Adam for so many small variables."""
    shapes = ((16,), (4, 8), (8, 8))
    variables = [zeros(tf, f"v{i}", *shapes[i % len(shapes)]) for i in range(count)]
    loss = tf.add_n([tf.reduce_sum(tf.square(v - 1.0)) for v in variables])
    return Program([loss, tf.train.AdamOptimizer(1e-3).minimize(loss)], {})


def nested_loops(tf: Any, depth: int) -> Program:
    """Loops within loops, each of two iterations."""

    def nest(x: Any, depth: int) -> Any:
        if not depth:
            return tf.tanh(x) * 0.9 + 0.1
        start = [tf.constant(0), x]
        return tf.while_loop(lambda i, _: i < 2, lambda i, y: (i + 1, nest(y, depth - 1)), start)[1]

    x = tf.placeholder(tf.float32, [8])
    return Program(nest(x, depth), {x: noise(8)}, has_variables=False)


def elementwise(tf: Any, nodes: int) -> Program:
    """So many operations on vectors, each on the last result and maybe on one of those before."""
    generator = random.Random(nodes)
    x = tf.placeholder(tf.float32, [100])
    results = [x]
    for _ in range(nodes):
        kind = generator.choice((tf.add, tf.multiply, tf.tanh, tf.maximum))
        last, other = results[-1], generator.choice(results[-20:])
        results.append(tf.tanh(last) if kind is tf.tanh else kind(last, other))
    return Program(results[-1], {x: noise(100)}, has_variables=False)


def perceptron(tf: Any, columns: int, width: int, batch: int | None) -> tuple[Any, Any]:
    """A placeholder, and the logits of two hidden layers with constant weights."""
    x = tf.placeholder(tf.float32, [batch, columns])
    h = tf.nn.relu(tf.matmul(x, tf.constant(0.1 * noise(columns, width))) + 0.1)
    h = tf.nn.relu(tf.matmul(h, tf.constant(0.1 * noise(width, width))) + 0.1)
    return x, tf.matmul(h, tf.constant(0.1 * noise(width, 10)))


SINGLE: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda tf, x: x + 1.0,
    "multiply": lambda tf, x: x * x,
    "tanh": lambda tf, x: tf.tanh(x),
    "exp": lambda tf, x: tf.exp(x),
    "floor": lambda tf, x: tf.floor(x),
    "greater": lambda tf, x: tf.greater(x, 0.0),
    "where": lambda tf, x: tf.where(np.eye(8, dtype=bool), x, x),
    "cast": lambda tf, x: tf.cast(x, tf.int32),
    "matmul": lambda tf, x: tf.matmul(x, x),
    "reduce_sum": lambda tf, x: tf.reduce_sum(x),
    "reduce_max": lambda tf, x: tf.reduce_max(x, 1),
    "argmax": lambda tf, x: tf.argmax(x, 1),
    "cumsum": lambda tf, x: tf.cumsum(x),
    "softmax": lambda tf, x: tf.nn.softmax(x),
    "log_softmax": lambda tf, x: tf.nn.log_softmax(x),
    "l2_loss": lambda tf, x: tf.nn.l2_loss(x),
    "transpose": lambda tf, x: tf.transpose(x),
    "reshape": lambda tf, x: tf.reshape(x, [4, 16]),
    "concat": lambda tf, x: tf.concat([x, x], 0),
    "split": lambda tf, x: tf.split(x, 2),
    "stack": lambda tf, x: tf.stack([x, x]),
    "slice": lambda tf, x: x[2:5, ::2],
    "pad": lambda tf, x: tf.pad(x, [[1, 1], [2, 2]]),
    "tile": lambda tf, x: tf.tile(x, [2, 3]),
    "reverse": lambda tf, x: tf.reverse(x, [0]),
    "gather": lambda tf, x: tf.gather(x, [3, 1]),
    "one_hot": lambda tf, x: tf.one_hot([1, 2], 4),
    "top_k": lambda tf, x: tf.nn.top_k(x, 3),
    "segment_sum": lambda tf, x: tf.segment_sum(x, [0, 0, 1, 1, 2, 2, 2, 3]),
    "random_normal": lambda tf, x: tf.random_normal([8, 8]),
}
