"""`tf.contrib`: what TensorFlow 1 programs reach for there, and what to use instead of the rest."""

from __future__ import annotations

import importlib
from types import ModuleType

_HERE = (
    "distributions",
    "framework",
    "layers",
    "legacy_seq2seq",
    "lookup",
    "losses",
    "nn",
    "rnn",
    "seq2seq",
    "slim",
    "training",
    "util",
)
_EAGER = "flowc compiles graphs and has no eager mode: build a graph and run it in a tf.Session"
_LATER = "is still to come"
_INSTEAD = {
    "autograph": "use tf.cond and tf.while_loop",
    "checkpoint": "use tf.train.Saver",
    "cluster_resolver": f"training on several machines {_LATER}",
    "cudnn_rnn": "use tf.nn.dynamic_rnn with a cell of tf.nn.rnn_cell",
    "data": f"tf.data {_LATER}: use tf.train.batch and tf.train.string_input_producer, or feeds",
    "distribute": f"training on several devices {_LATER}",
    "eager": _EAGER,
    "estimator": f"tf.estimator {_LATER}: use tf.train.MonitoredTrainingSession",
    "image": "use tf.image",
    "keras": f"Keras {_LATER}: use tf.layers",
    "learn": f"tf.estimator {_LATER}: use tf.layers with tf.train.MonitoredTrainingSession",
    "metrics": "use tf.metrics, where labels come first",
    "opt": "use the optimizers of tf.train",
    "predictor": "use flowc.load(path)[signature](x=array)",
    "quantize": "use tf.quantization's fake_quant_with_min_max_vars",
    "saved_model": "use tf.saved_model",
    "summary": "use tf.summary",
    "tensorboard": "use tf.summary",
    "tensorrt": "flowc compiles graphs itself",
    "tpu": "TPUs are not a target of flowc: leave the name out where there is none",
}

__all__ = list(_HERE)


def __getattr__(name: str) -> ModuleType:
    if name in _HERE:
        return importlib.import_module(f"flowc.frontend.api.contrib_{name}")
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    instead = _INSTEAD.get(name, f"it has {', '.join(_HERE)}")
    raise AttributeError(f"flowc has no tf.contrib.{name}: {instead}.")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HERE])
