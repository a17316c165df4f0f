"""Every test of the frontend begins with an empty default graph and resource variables."""

from collections.abc import Iterator

import pytest

import flowc as tf


@pytest.fixture(autouse=True)
def _empty_graph() -> Iterator[None]:
    tf.reset_default_graph()
    tf.enable_resource_variables()
    yield
    tf.reset_default_graph()
    tf.enable_resource_variables()
