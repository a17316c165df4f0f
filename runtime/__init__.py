"""Sessions, memory, host kernels, and the files of TensorFlow."""
