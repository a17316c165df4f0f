"""`tf.lookup.experimental`: tables that a graph changes."""

from flowc.frontend.functions.lookups import DenseHashTable, MutableHashTable

__all__ = ["DenseHashTable", "MutableHashTable"]
