"""Each test's ops are gone after it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flowc.frontend.custom_ops import library
from flowc.frontend.gradients import registry
from flowc.ops.registry import OPS


@pytest.fixture(autouse=True)
def own_ops() -> Iterator[None]:
    """Take out what a test has defined: ops, gradients, libraries."""
    gradients = dict(registry._registered)
    yield
    for name in [n for n, d in OPS._defined.items() if d.is_custom]:
        OPS.forget(name)
    registry._registered.clear()
    registry._registered.update(gradients)
    library._libraries.clear()
