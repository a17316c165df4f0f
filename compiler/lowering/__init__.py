"""GraphDef nodes to tensor IR, control flow included."""

from flowc.compiler.lowering.graph import (
    Feed,
    LoweredGraph,
    NeedsHost,
    Request,
    ShapeDependsOnData,
    lower_graph,
)

__all__ = [
    "Feed",
    "LoweredGraph",
    "NeedsHost",
    "Request",
    "ShapeDependsOnData",
    "lower_graph",
]
