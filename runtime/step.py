"""One (fetches, feeds, targets) of a session: its parts, and running them in order.

The parts are planned before anything runs (`compiler/plan.py`): by what the first feeds are like,
or ahead of them. Most steps are one compiled part, which is called directly. Where host kernels
stand in between, or a shape depends on data, values pass from part to part by tensor name.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from flowc.codegen.backend import Array
from flowc.compiler.graph import Node
from flowc.compiler.initialisers import Initialiser
from flowc.compiler.lowering import NotKnown, Refusal
from flowc.compiler.partition import Part
from flowc.compiler.placement import declared_variables
from flowc.compiler.plan import Planned, plan
from flowc.compiler.request import GUESS, Feed, Request, StaticType, feed_like
from flowc.compiler.structure import Subgraph
from flowc.compiler.structure.subgraph import with_controls
from flowc.ir.dtypes import resource
from flowc.ir.errors import InvalidArgumentError
from flowc.runtime.assertions import explained
from flowc.runtime.compilations import Compilations
from flowc.runtime.compiled_part import CompiledPart
from flowc.runtime.environment import Environment
from flowc.runtime.explanations import Explanations
from flowc.runtime.host_control import Run
from flowc.runtime.host_part import HostPart
from flowc.runtime.initialisation import Initialisation
from flowc.runtime.session_graph import SessionGraph

_USES = itertools.count()


class Session(Protocol):
    """What a step needs of its session."""

    environment: Environment
    compilations: Compilations
    explanations: Explanations
    graph: SessionGraph

    def run(self, fetches: tuple[str, ...], feeds: dict[str, Array]) -> list[Any]:
        """The values of tensors."""


class Step:
    """Call it with the feeds' arrays in order; it returns the fetches' values.

    A branch or body of control flow that runs on the host is a step too; its feeds are its
    parameters, of which `types` are not told. So is a part of a step whose inputs must be there
    before it can be planned. `keep` is told when the step has got a plan; `last_use` tells which of
    several steps was run or prepared last.
    """

    def __init__(
        self,
        session: Session,
        nodes: Sequence[Node],
        feeds: tuple[str, ...],
        fetches: tuple[str, ...],
        types: Mapping[str, StaticType],
        on_host: Collection[str] = (),
        keep: Callable[[Step], None] | None = None,
    ) -> None:
        self._session = session
        self._environment = session.environment
        self._nodes = nodes
        self._feeds = feeds
        self._fetches = fetches
        self._types = types
        self._on_host = on_host
        self._keep = keep
        self.last_use = 0
        self._parts: list[tuple[Part, Run]] | None = None
        self._direct: CompiledPart | Initialisation | None = None

    def __call__(self, arrays: Sequence[Array]) -> list[Any]:
        """Values of the fetches for these feeds, which have the right dtypes and fitting shapes."""
        try:
            return self._run(arrays)
        except InvalidArgumentError as error:
            feeds = dict(zip(self._feeds, arrays, strict=True))
            session, node = self._session, self._session.explanations.node_of(error)
            told = explained(error, node, session.graph, feeds, session.run)
            raise told from error.__cause__

    def _run(self, arrays: Sequence[Array]) -> list[Any]:
        self.last_use = next(_USES)
        if self._direct is not None:
            try:
                return self._direct(arrays)
            except Refusal:
                self.release()  # such feeds take another plan
        return [_fetched(value) for value in self.values(arrays)]

    def values(self, feeds: Sequence[Any]) -> list[Any]:
        """The same as arrays, lists of tensors and whatever else passes between parts."""
        with self._environment.lock:
            self._environment.waiting.require_open()
            parts = self._parts
            if parts is None:
                parts = self._plan(list(map(self._feed, self._feeds, feeds)))
            return self._run_parts(parts, dict(zip(self._feeds, feeds, strict=True)))

    def prepare(self, feeds: Sequence[Feed]) -> None:
        """Plan and compile for such feeds, and run nothing.

        Raises InvalidArgumentError where more must be known of one.
        """
        self.last_use = next(_USES)
        with self._environment.lock:
            try:
                parts = self._plan(feeds, is_ahead=True)
            except NotKnown as error:
                raise InvalidArgumentError(
                    None,
                    None,
                    f"Code depends on what is fed for '{error.feed}': give an array like those "
                    "that will be fed, or its shape.",
                ) from None
            except InvalidArgumentError as error:
                raise _with_guesses(error, feeds) from error.__cause__
            for _, run in parts:
                if isinstance(run, CompiledPart | Initialisation):
                    run.prepare()

    def release(self) -> None:
        """Forget how the step runs; it is planned anew when it is run again."""
        self._direct = self._parts = None

    # Planning

    def _feed(self, name: str, value: Any) -> Feed:
        """What a value tells of a feed; what is no array goes to host parts as it is."""
        if isinstance(value, np.ndarray | np.generic):
            return feed_like(name, np.asarray(value), self._types.get(name))
        return Feed(name, resource, (), ())

    def _plan(self, feeds: Sequence[Feed], is_ahead: bool = False) -> list[tuple[Part, Run]]:
        variables = dict(self._session.compilations.variables)
        if is_ahead:
            variables = declared_variables(self._nodes) | variables
        request = Request("step", self._nodes, feeds, self._fetches, variables, is_ahead)
        compilations = self._session.compilations
        made = plan(
            request, compilations.begin, self._known_type, self._on_host, compilations.devices
        )
        for reason in made.reasons:
            compilations.note(reason)
        parts = self._parts = [(planned.part, self._runner(planned)) for planned in made.parts]
        for number, planned in enumerate(made.parts):
            if planned.waits:
                self._let_wait(parts, number)
        self._direct = self._direct_part(parts)
        if self._keep is not None:
            self._keep(self)
        return parts

    def _known_type(self, name: str) -> StaticType | None:
        return self._types.get(name) or self._session.graph.known_type(name)

    def _runner(self, planned: Planned) -> Run:
        part = planned.part
        if isinstance(part, Initialiser):
            return Initialisation(self._environment, self._session.compilations, part)
        if not part.compiled:
            return HostPart(self._environment, part, self._region_as_step)
        types, compilations = self._types_of(part), self._session.compilations
        return CompiledPart(self._environment, compilations, part, types, planned.begun)

    def _types_of(self, part: Part) -> dict[str, StaticType]:
        known = ((name, self._known_type(name)) for name in part.inputs)
        return {name: type_ for name, type_ in known if type_ is not None}

    def _let_wait(self, parts: list[tuple[Part, Run]], number: int) -> Run:
        """Have a part planned by itself, for the inputs that it will have."""
        part = parts[number][0]

        def keep(step: Step) -> None:
            parts[number] = part, step._direct or step.values

        names = {node.name for node in part.nodes}
        nodes = [with_controls(node, names) for node in part.nodes]
        types = self._types_of(part)
        run = Step(self._session, nodes, part.inputs, part.outputs, types, keep=keep).values
        parts[number] = part, run
        return run

    def _region_as_step(self, region: Subgraph, on_host: Collection[str]) -> Run:
        """A branch or body that a host part runs."""
        step = Step(self._session, region.nodes, region.parameters, region.results, {}, on_host)
        return step.values

    def _direct_part(self, parts: list[tuple[Part, Run]]) -> CompiledPart | Initialisation | None:
        """The only part, where its inputs and outputs are just the step's feeds and fetches."""
        if len(parts) != 1:
            return None
        ((part, run),) = parts
        is_whole = (part.inputs, part.outputs) == (self._feeds, self._fetches)
        return run if is_whole and isinstance(run, CompiledPart | Initialisation) else None

    # Running

    def _run_parts(self, parts: list[tuple[Part, Run]], values: dict[str, Any]) -> list[Any]:
        for number, (part, run) in enumerate(parts):
            self._environment.waiting.require_time()
            inputs = [values[name] for name in part.inputs]
            try:
                outputs = run(inputs)
            except Refusal:  # before anything of the part has run: such inputs take another plan
                outputs = self._let_wait(parts, number)(inputs)
            values.update(zip(part.outputs, outputs, strict=True))
        return [values[name] for name in self._fetches]


def _with_guesses(error: InvalidArgumentError, feeds: Sequence[Feed]) -> InvalidArgumentError:
    """The error says so where it may come of sizes that were guessed."""
    names = ", ".join(f"'{feed.name}'" for feed in feeds if None in feed.sizes)
    if not names:
        return error
    text = f"  {GUESS} was taken for what is not known of {names}: give sizes to compile for"
    return type(error)(None, error.op, f"{error.message}\n{text}")


def _fetched(value: Any) -> Any:
    """A value as the caller gets it: a scalar is no array."""
    return value[()] if isinstance(value, np.ndarray) and not value.ndim else value
