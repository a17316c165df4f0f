"""Saving and restoring variables: another engineer is writing `Saver` here (and `meta_graph.py`)."""
