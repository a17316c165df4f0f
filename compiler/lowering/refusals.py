"""Why a request is not lowered as a whole: what its planner divides it by."""

from __future__ import annotations


class Refusal(Exception):
    """A request is not to be compiled as a whole, because of the node named `node`."""

    node: str
    reason: str

    def __str__(self) -> str:
        return f"{self.node}: {self.reason}"


class ShapeDependsOnData(Refusal):
    """A node's result shape follows from data that an earlier part of the step must compute.

    `inputs` are the tensors among the node's inputs that must be known; None for all. `place` is
    the node that asks, which may be one inside of a branch or loop.
    """

    reason = "its shapes depend on data"

    def __init__(self, node: str, inputs: frozenset[str] | None = None, place: str = "") -> None:
        super().__init__(node, inputs, place)
        self.node = node
        self.inputs = inputs
        self.place = place or node


class NeedsHost(Refusal):
    """A node cannot be expressed in tensor IR, for the reason given, and must run on the host."""

    def __init__(self, node: str, reason: str) -> None:
        super().__init__(node, reason)
        self.node = node
        self.reason = reason


class NotKnown(Exception):
    """What the code must be made for is not known of a feed before there is a value of it."""

    def __init__(self, feed: str) -> None:
        super().__init__(feed)
        self.feed = feed
