"""Which groups must run before which: joining groups must not make a cycle.

A node knows all nodes before it as a bit mask, so a question is one operation on a long integer,
and the nodes that directly follow it, so that a new edge is told only to those that it concerns.
Merged nodes are one that has the bits of both.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Node:
    """What runs at one time."""

    bits: int  # its own
    before: int = 0  # of all nodes that must run earlier
    followers: set[Node] = field(default_factory=set)  # direct ones, as they were made


@dataclass(slots=True)
class Dependencies:
    """A graph without cycles."""

    _count: int = 0
    _merged: dict[Node, Node] = field(default_factory=dict)

    def node(self) -> Node:
        """A new node."""
        self._count += 1
        return Node(1 << self._count - 1)

    def depends(self, later: Node, earlier: Node) -> bool:
        """Whether `earlier` must run before `later`."""
        return bool(later.before & earlier.bits)

    def add(self, earlier: Node, later: Node) -> None:
        """Let `earlier` run before `later`, which it must not depend on."""
        earlier.followers.add(later)
        self._tell(later, earlier.before | earlier.bits)

    def _tell(self, node: Node, gained: int) -> None:
        pending = [node]
        while pending:
            node = self._now(pending.pop())
            if gained & ~node.before:
                node.before |= gained
                pending.extend(node.followers)

    def _now(self, node: Node) -> Node:
        while node in self._merged:
            node = self._merged[node]
        return node

    def may_merge(self, a: Node, b: Node) -> bool:
        """Whether no other node lies on a way from one to the other."""
        return not (self._leads_round(a, b) or self._leads_round(b, a))

    def _leads_round(self, start: Node, end: Node) -> bool:
        own = start.bits | end.bits
        return any(
            follower.bits & end.before and not follower.bits & own
            for follower in map(self._now, start.followers)
        )

    def merge(self, a: Node, b: Node) -> None:
        """Let `a` be both; they `may_merge`."""
        self._merged[b] = a
        a.bits |= b.bits
        a.followers |= b.followers
        before = (a.before | b.before) & ~a.bits
        a.before = before
        for follower in list(a.followers):
            if self._now(follower) is a:
                a.followers.discard(follower)
            else:
                self._tell(follower, before | a.bits)
