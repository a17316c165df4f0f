"""Tensor IR: pure SSA over typed tensors, with StableHLO's operations and symbolic dimensions."""
