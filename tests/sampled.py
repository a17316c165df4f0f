"""A plugin of pytest that notes which ops the tests run: after a run of all tests, each has been.

An op has been run where a session needed a node of it, or where it stands in a graph of the corpus.
Tests that draw ops at random compare no result with one that is known to be right, so what runs in
them does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flowc.compiler import graph
from flowc.compiler.structure import functions
from flowc.ops.registry import OPS

DRAWN = ("tests/ops/test_wrong_input.py", "tests/fuzz/", "tests/frontend/test_raw_ops.py")
_OUTPUT = "sampled_ops"  # the key under which a worker hands its names over


class Sampled:
    """The names of ops that were run, in this process or in the workers."""

    def __init__(self, config: pytest.Config, has_corpus: bool) -> None:
        self.names: set[str] = set()
        self.defined = set(OPS)  # programs of tests define more
        self._config = config
        self._has_corpus = has_corpus
        self._counts = False
        self._missing: list[str] = []
        self._watch(graph, "resolve", lambda position, source, definition: source.type)
        self._watch(functions, "complete_attributes", lambda definition, node: node.op)

    def _watch(self, module: Any, name: str, op_of: Callable[..., str]) -> None:
        """Note the op of each node that a request resolves with a module's function."""
        original: Callable[..., Any] = getattr(module, name)

        def watched(*arguments: Any) -> Any:
            if self._counts:
                self.names.add(op_of(*arguments))
            return original(*arguments)

        setattr(module, name, watched)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Count what runs in a test, unless it draws."""
        self._counts = not item.nodeid.startswith(DRAWN)
        try:
            return (yield)
        finally:
            self._counts = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take over what a worker has run."""
        self.names.update(getattr(node, "workeroutput", {}).get(_OUTPUT, ()))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand the names over to the process that began the workers, or look what is missing."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output[_OUTPUT] = sorted(self.names)
        elif self._was_whole(session):
            self._missing = sorted(self.defined - self.names)
            if self._missing:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _was_whole(self, session: pytest.Session) -> bool:
        """Whether all tests were run, those of the corpus among them, and none failed."""
        asked = self._config.option
        chosen = asked.keyword or asked.markexpr or self._config.args != ["tests"]
        return self._has_corpus and not chosen and session.exitstatus == pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which ops no test runs."""
        if self._missing:
            terminalreporter.section("ops that no test runs", red=True)
            terminalreporter.line(" ".join(self._missing))
