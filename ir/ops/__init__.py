"""The op set of the graph level; importing this package defines every op.

One module a family. `lookup(name)` finds an op.
"""

from __future__ import annotations

from flowc.ir.ops import (  # noqa: F401  importing a family defines its ops
    activations,
    binary,
    blocks,
    candidate_sampling,
    colors,
    conversions,
    convolutions,
    diagonals,
    einsum,
    factorizations,
    files,
    fourier,
    gathering,
    joining,
    linear_algebra,
    logic,
    losses,
    morphology,
    normalization,
    pooling,
    products,
    quantization,
    random,
    random_classes,
    random_gamma,
    random_gamma_gradient,
    random_parameterized,
    random_permutations,
    random_poisson,
    random_stateless,
    recurrent,
    reductions,
    resizing,
    scans,
    scattering,
    segments,
    selection,
    shapes,
    slicing,
    sorting,
    sources,
    special,
    training,
    trigonometry,
    unary,
    variables,
)
from flowc.ir.ops.registry import OPS, OpDefinition


def lookup(name: str) -> OpDefinition | None:
    """The definition of the op of that name."""
    return OPS.get(name)
