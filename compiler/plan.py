"""Planning a request: its parts, compiled and host, in running order. Nothing is run.

Parts are found by lowering them. Where a shape depends on data that the same part computes, or an
op cannot be said in tensor IR, the request is divided in another way and its parts are lowered
again. What a part gives is told by its interface: types and sizes of results, and of the variables
that it writes; so the parts after it can be lowered as if it had run.

Of a host part's results only what the graph says is known. A part that wants to know more waits: it
is planned by itself, as a request of its own, once there are values of its inputs. So does a part
that takes numbers from an earlier part, where a run is about to compute them; a plan that is made
ahead guesses these, and the interface holds the guesses as guards.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flowc.compiler.components import divided
from flowc.compiler.devices import ONE_CPU, Devices
from flowc.compiler.driver import Begun
from flowc.compiler.initialisers import Initialiser
from flowc.compiler.lowering import NotKnown, Refusal, ShapeDependsOnData
from flowc.compiler.partition import Part, partition
from flowc.compiler.placement import Place, can_run_on_host, variables_of, variables_written
from flowc.compiler.request import Feed, Request, StaticType, Stored, VariableSpec, agree
from flowc.compiler.structure.subgraph import VARIABLES, stored_variable
from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim
from flowc.ir.errors import UnimplementedError

Begin = Callable[[Request], Begun]
KnownType = Callable[[str], StaticType | None]  # of a tensor of the graph, in all runs


@dataclass(frozen=True, eq=False)
class Planned:
    """A part of a plan. `begun` is None for host parts, initialisers, and parts that wait."""

    part: Part
    begun: Begun | None = None

    @property
    def waits(self) -> bool:
        """Whether the part is compiled once there are values of its inputs."""
        is_general = isinstance(self.part, Initialiser)
        return self.part.compiled and self.begun is None and not is_general

    def __str__(self) -> str:
        kind = "compiled" if self.part.compiled else "host"
        if isinstance(self.part, Initialiser):
            kind = "initialiser"
        elif self.waits:
            kind = "waits"
        names = " ".join(node.name for node in self.part.nodes)
        given, results = ", ".join(self.part.inputs), ", ".join(self.part.outputs)
        device = self.part.place.device.rpartition("device:")[2]
        return f"{device} {kind} ({given}) -> ({results}): {names}"


@dataclass(frozen=True, eq=False)
class Plan:
    """The parts of a request in running order, and why it was divided."""

    parts: tuple[Planned, ...]
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([*map(str, self.parts), *(f"# {reason}" for reason in self.reasons)])


def plan(
    request: Request,
    begin: Begin,
    known_type: KnownType,
    on_host: Collection[str] = (),
    devices: Devices = ONE_CPU,
) -> Plan:
    """The parts of a request; `begin` lowers each, or finds it; those of `on_host` stay there.

    Raises the op errors that TensorFlow would raise for such feeds.
    """
    return _Planner(request, begin, known_type, set(on_host), devices).plan()


@dataclass
class _Known:
    """What is known at a place between parts: tensors, and variables.

    Tensors of which too little is known are not among the feeds.
    """

    feeds: dict[str, Feed]
    variables: dict[str, Stored]
    unsure: set[str] = field(default_factory=set)  # variables of which a run may make anything


@dataclass
class _Planner:
    request: Request
    begin: Begin
    known_type: KnownType
    on_host: set[str]
    devices: Devices
    cuts: dict[str, frozenset[str]] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    begun: dict[Part, Begun] = field(default_factory=dict)

    def plan(self) -> Plan:
        while True:
            known = _Known({f.name: f for f in self.request.feeds}, dict(self.request.variables))
            try:
                planned = tuple(self._planned(part, known) for part in self._parts())
            except Refusal as error:
                self._divide(error)
            else:
                return Plan(planned, tuple(self.reasons))

    # Dividing

    def _parts(self) -> list[Part]:
        fed, fetches = [f.name for f in self.request.feeds], tuple(self.request.fetches)
        parts = partition(self.request.nodes, fed, fetches, self.cuts, self.on_host, self.devices)
        apart = [component for part in parts for component in divided(part)]
        return [self._whole(apart)] if self._is_whole(apart) else apart

    def _is_whole(self, parts: Sequence[Part]) -> bool:
        """Whether the request is one compiled part, from its feeds to its fetches."""
        fed = {feed.name: feed.dtype for feed in self.request.feeds}
        if len(parts) > 1 or any(not p.compiled or isinstance(p, Initialiser) for p in parts):
            return False
        not_compiled = (None, dtypes.string, dtypes.resource, dtypes.variant)
        return not any(name in fed for name in self.request.fetches) and not any(
            dtype in not_compiled for dtype in fed.values()
        )

    def _whole(self, parts: Sequence[Part]) -> Part:
        feeds = tuple(feed.name for feed in self.request.feeds)
        place = parts[0].place if parts else Place(self.devices.machines[0], True)
        return Part(place, tuple(self.request.nodes), feeds, tuple(self.request.fetches))

    def _divide(self, error: Refusal) -> None:
        """Start a new part at a node whose inputs must be known; or run it on the host."""
        node = next(n for n in self.request.nodes if n.name == error.node)
        if isinstance(error, ShapeDependsOnData) and node.name not in self.cuts:
            all_inputs = frozenset(e.tensor for e in node.inputs)
            self.cuts[node.name] = all_inputs if error.inputs is None else error.inputs
            self.reasons.append(f"'{node.name}' starts a part: '{error.place}' wants known sizes")
        elif node.name not in self.on_host and can_run_on_host(node):
            self.on_host.add(node.name)
            self.reasons.append(f"{node.op} '{node.name}' runs on the host: {error.reason}")
        else:
            raise UnimplementedError(
                None, None, f"{node.op} '{node.name}': its shape depends on data"
            )

    # Parts

    def _planned(self, part: Part, known: _Known) -> Planned:
        """The part, and what is known after it."""
        if isinstance(part, Initialiser):
            return self._initialiser(part, known)
        if not part.compiled:
            return self._host(part, known)
        begun = None if self._waits(part, known) else self._begin(part, known)
        if begun is None:
            self._forget(part, variables_of(part.nodes), known)
            return Planned(part)
        self._take_in(part, begun, known)
        return Planned(part, begun)

    def _waits(self, part: Part, known: _Known) -> bool:
        """Whether a run will tell what there is to know of the inputs, and nothing does before."""
        if known.unsure.intersection(variables_of(part.nodes)):
            return True
        feeds = [known.feeds.get(name) for name in part.inputs]
        if None in feeds or self.request.is_ahead:
            return None in feeds
        return any(
            None in feed.sizes or (feed.may_tell and feed.contents is None)
            for feed in feeds
            if feed is not None
        )

    def _begin(self, part: Part, known: _Known) -> Begun | None:
        """What code for the part promises; None where that takes a value of an earlier part."""
        feeds = [known.feeds[name] for name in part.inputs]
        found = self.begun.get(part)
        if found is not None and all(map(_alike, feeds, found.request.feeds)):
            return found
        name = ",".join(part.outputs) or "targets"
        variables, is_ahead = dict(known.variables), self.request.is_ahead
        request = Request(
            name, part.nodes, feeds, part.outputs, variables, is_ahead, part.place.device
        )
        try:
            begun = self.begun[part] = self.begin(request)
        except NotKnown as error:
            if any(feed.name == error.feed for feed in self.request.feeds):
                raise
            return None
        return begun

    def _take_in(self, part: Part, begun: Begun, known: _Known) -> None:
        """Know the results of a compiled part and the variables that it writes."""
        interface = begun.interface
        counted = {symbol.name for symbol in interface.limits}  # which only a run tells
        known_sizes = {name: n for name, n in begun.sizes.items() if name not in counted}
        for name, type_ in zip(part.outputs, interface.fetches, strict=True):
            static = self.known_type(name)
            sizes = _numbers(type_.shape, known_sizes)
            fits = static is not None and static[1] is not None and agree(static[1], sizes)
            shape = static[1] if fits and static is not None else None
            known.feeds[name] = Feed(name, type_.dtype, shape or (None,) * len(sizes), sizes)
        written = interface.results[len(part.outputs) :]
        for variable, type_ in zip(interface.writes, written, strict=True):
            sizes = _numbers(type_.shape, known_sizes)
            known.unsure.discard(variable)
            if None in sizes:
                known.unsure.add(variable)
            else:
                shape = tuple(size for size in sizes if size is not None)
                known.variables[variable] = VariableSpec(type_.dtype.numpy, shape)

    def _initialiser(self, part: Initialiser, known: _Known) -> Planned:
        for node in part.nodes:
            if node.op in VARIABLES:
                dtype = node.attributes["dtype"].numpy
                known.variables[stored_variable(node)] = VariableSpec(dtype, part.shape)
                known.unsure.discard(stored_variable(node))
        return Planned(part)

    def _host(self, part: Part, known: _Known) -> Planned:
        self._forget(part, variables_written(part.nodes), known)
        return Planned(part)

    def _forget(self, part: Part, variables: Iterable[str], known: _Known) -> None:
        """Of the results only what the graph says is known, of the variables nothing."""
        for name in part.outputs:
            static = self.known_type(name)
            if static is not None and static[1] is not None:
                known.feeds[name] = Feed(name, static[0], static[1], static[1])
            else:
                known.feeds.pop(name, None)
        known.unsure.update(variables)


def _alike(one: Feed, other: Feed) -> bool:
    return (one.name, one.shape, one.sizes) == (other.name, other.shape, other.sizes)


def _numbers(shape: Sequence[Dim], sizes: Mapping[str, int]) -> tuple[int | None, ...]:
    """The sizes as numbers; None where data tells one."""
    return tuple(_number(size, sizes) for size in shape)


def _number(size: Dim, sizes: Mapping[str, int]) -> int | None:
    try:
        return dims.evaluate(dims.expand(size), sizes)
    except KeyError:
        return None
