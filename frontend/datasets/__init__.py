"""Data sets that programs load by a function of TensorFlow's examples."""
