"""Rewrites of tensor IR and loop IR, one file a pass."""
