"""Algebraic simplification of tensor IR: rules by topic, and the engine that applies them."""
