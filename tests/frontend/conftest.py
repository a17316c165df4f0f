"""Every test of the frontend begins with an empty default graph and variables of no said kind."""

from collections.abc import Iterator

import pytest

import flowc as tf
from flowc.frontend.variables.variable import _Settings


@pytest.fixture(autouse=True)
def _empty_graph() -> Iterator[None]:
    tf.reset_default_graph()
    _Settings.resource = None
    yield
    tf.reset_default_graph()
    _Settings.resource = None
