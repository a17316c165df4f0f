"""`tf.graph_util`: parts of graphs."""
# fmt: off
# ruff: noqa: I001

from flowc.frontend.saving.freezing import (
    convert_variables_to_constants, extract_sub_graph, remove_training_nodes,
)

__all__ = [
    "convert_variables_to_constants", "extract_sub_graph", "remove_training_nodes",
]
