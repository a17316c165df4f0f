"""Differentiating graphs: `gradients`, its registry, and functions with gradients of their own."""
