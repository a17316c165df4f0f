"""Seeds of random ops: TensorFlow's mapping of a graph seed and an op seed to two attributes."""

from __future__ import annotations

from flowc.frontend.stacks import get_default_graph

_DEFAULT_GRAPH_SEED = 87654321
_MODULUS = 2**31 - 1


def set_random_seed(seed: int) -> None:
    """Set the seed of the default graph: ops made later draw the same numbers in every session."""
    get_default_graph().seed = seed


def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """The attributes `seed` and `seed2` for an op made now; None where nothing is seeded.

    Where the graph has a seed and the op none, the number of operations in the graph is the op's.
    """
    graph = get_default_graph()
    if graph.seed is not None:
        op_seed = graph.last_id if op_seed is None else op_seed
        seeds = graph.seed % _MODULUS, op_seed % _MODULUS
    elif op_seed is not None:
        seeds = _DEFAULT_GRAPH_SEED, op_seed % _MODULUS
    else:
        return None, None
    return (0, _MODULUS) if seeds == (0, 0) else seeds
