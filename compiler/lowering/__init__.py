"""GraphDef nodes to tensor IR, control flow included."""

from flowc.compiler.lowering.graph import (
    LoweredGraph,
    NeedsHost,
    NotKnown,
    ShapeDependsOnData,
    lower_graph,
)

__all__ = ["LoweredGraph", "NeedsHost", "NotKnown", "ShapeDependsOnData", "lower_graph"]
