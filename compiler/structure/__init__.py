"""Structured control flow: a request's nodes become nodes whose branches and bodies are graphs.

TensorFlow writes control flow in two ways. In the older one (`Switch`, `Merge`, `Enter`, `Exit`,
`NextIteration`) values are dead or alive, and loops are cycles of the graph; in the newer one
(`If`, `Case`, `While`) branches and bodies are functions of a library. Here both become the same:
`If`, `Case` and `While` nodes whose function attributes are `Subgraph`s, and no other node of
control flow is left. Calls of functions are replaced by the functions' nodes.
"""

from flowc.compiler.structure.graphs import structured
from flowc.compiler.structure.library import Library
from flowc.compiler.structure.subgraph import Subgraph, is_structured, subgraphs_of

__all__ = ["Library", "Subgraph", "is_structured", "structured", "subgraphs_of"]
