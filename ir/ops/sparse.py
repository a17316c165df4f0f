"""Sparse tensors: another engineer is writing this family."""
