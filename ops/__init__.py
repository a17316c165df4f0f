"""The op set of the graph level: one module a family, imported when it is needed (`families`).

`lookup(name)` finds an op. A new family's module is found by itself; afterwards
`pytest tests/test_docs.py --bless` brings `index.txt` up to date.
"""

from __future__ import annotations

from flowc.ops.registry import OPS, OpDefinition


def lookup(name: str) -> OpDefinition | None:
    """The definition of the op of that name."""
    return OPS.get(name)
