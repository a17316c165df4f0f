"""Training: optimizers, learning rates, averages, the global step, checkpoints."""
