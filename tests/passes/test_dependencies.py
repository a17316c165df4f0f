"""The order of fusion's groups, beside plain reachability."""

from hypothesis import given
from hypothesis import strategies as st

from flowc.passes.fusion.dependencies import Dependencies, Node


class Plain:
    """Nodes as sets of numbers, and all ways searched anew for each question."""

    def __init__(self, count: int) -> None:
        self.edges: set[tuple[int, int]] = set()
        self.merged = list(range(count))

    def reached(self, start: int) -> set[int]:
        found: set[int] = set()
        pending = [start]
        while pending:
            here = pending.pop()
            for a, b in self.edges:
                if self.merged[a] == here and self.merged[b] not in found | {here}:
                    found.add(self.merged[b])
                    pending.append(self.merged[b])
        return found

    def may_merge(self, a: int, b: int) -> bool:
        between = {n for n in self.reached(a) if b in self.reached(n)}
        between |= {n for n in self.reached(b) if a in self.reached(n)}
        return not between - {a, b}

    def merge(self, a: int, b: int) -> None:
        self.merged = [a if n == b else n for n in self.merged]


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.booleans()), max_size=40))
def test_questions_are_answered_as_by_searching(actions: list[tuple[int, int, bool]]) -> None:
    dependencies, plain = Dependencies(), Plain(8)
    nodes: list[Node] = [dependencies.node() for _ in range(8)]
    for first, second, merges in actions:
        a, b = plain.merged[first], plain.merged[second]
        if a == b:
            continue
        assert dependencies.depends(nodes[b], nodes[a]) == (b in plain.reached(a))
        assert dependencies.may_merge(nodes[a], nodes[b]) == plain.may_merge(a, b)
        if merges and plain.may_merge(a, b):
            dependencies.merge(nodes[a], nodes[b])
            plain.merge(a, b)
        elif not merges and not dependencies.depends(nodes[a], nodes[b]):
            dependencies.add(nodes[a], nodes[b])
            plain.edges.add((a, b))
