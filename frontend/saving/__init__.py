"""Checkpoints and MetaGraphs of graphs under construction."""
