"""flowc: a compiler for TensorFlow 1 graphs."""

__version__ = "0.1.0"
