"""GraphDef nodes to tensor IR, control flow included."""

from flowc.compiler.lowering.graph import LoweredGraph, lower_graph
from flowc.compiler.lowering.refusals import NeedsHost, NotKnown, Refusal, ShapeDependsOnData

__all__ = [
    "LoweredGraph",
    "NeedsHost",
    "NotKnown",
    "Refusal",
    "ShapeDependsOnData",
    "lower_graph",
]
