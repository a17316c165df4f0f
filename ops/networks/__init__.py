"""Layers of neural networks, their gradients and optimizers."""
