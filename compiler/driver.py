"""The compiler, from pruned graph nodes to an executable: this page is the whole road.

    load       an executable from the disk (`compiler/stored_executables.py`): then nothing follows
    lower      GraphDef nodes -> tensor IR (`compiler/lowering`)
    optimize   tensor IR -> fused tensor IR (`passes/pipeline.py`)
    schedule   fused tensor IR -> loop IR (`passes/lowering`)
    generate   loop IR -> machine code (`codegen`)

`begin_request` is the first two, which tell types and sizes of results, what is assumed, and
whether the request is compiled as a whole (`compiler/plan.py`); `finish_request` is the rest.
Nothing is run. Each stage is timed, and written to the folder of `--dump-to` where one is set.
Where one of the last three trips over a valid module, a plainer road is taken
(`compiler/faults.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

from flowc.codegen.backend import Backend
from flowc.compiler.dump import Dump
from flowc.compiler.executable import Details, Executable
from flowc.compiler.faults import is_fault, report
from flowc.compiler.interface import Interface
from flowc.compiler.lowering import LoweredGraph, Refusal, lower_graph
from flowc.compiler.options import Options
from flowc.compiler.request import Request
from flowc.ir.loops.ranges import check_ranges
from flowc.ir.tensor.core import Module
from flowc.ir.tensor.verifier import verify as verify_module
from flowc.passes.lowering.program import Lowered, lower_module
from flowc.passes.pass_manager import Observer, Pass
from flowc.passes.pipeline import PASSES, PLAIN, optimize

if TYPE_CHECKING:
    from flowc.codegen.cpu.cache import DiskCache


@dataclass
class StageTimes:
    """Seconds of each stage of one compilation."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body as stage `name`."""
        start = perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - start


@dataclass(frozen=True, eq=False)
class Begun:
    """A request of which is known what code for it promises; the code may have yet to be made."""

    request: Request
    key: str | None  # None for what has no contents to compare
    interface: Interface  # without what only generating tells, such as the arena's size
    sizes: Mapping[str, int]  # the symbols' values for the feeds' examples
    executable: Executable | None  # where the code is there already
    graph: LoweredGraph | None  # what it is to be made of where it is not
    times: StageTimes = field(default_factory=StageTimes)
    is_new: bool = True  # whether the code was made, or loaded, for this request


def begin_request(request: Request, key: str | None, backend: Backend, options: Options) -> Begun:
    """Load or lower a request; no code is generated."""
    times = StageTimes()
    kept = key if _is_plain(options) else None
    if kept is not None:
        with times.stage("load"):
            found = _load(kept, request, backend, times)
        if found is not None:
            return begun_with(request, key, found)
    try:
        with times.stage("lower"):
            graph = lower_graph(request)
    except Refusal as refusal:
        if kept is not None:
            _refuse(kept, refusal)
        raise
    interface = _interface(graph, graph.module, None)
    return Begun(request, key, interface, graph.hints, None, graph, times)


def begun_with(
    request: Request, key: str | None, executable: Executable, is_new: bool = True
) -> Begun:
    """A request that an executable serves."""
    sizes = executable.interface.sizes(executable.interface.examples(request.feeds))
    assert sizes is not None, "the executable serves other feeds"
    return Begun(request, key, executable.interface, sizes, executable, None, is_new=is_new)


def finish_request(begun: Begun, backend: Backend, options: Options) -> Executable:
    """The executable: code for the sizes of the feeds' examples, which others share if they can."""
    if begun.executable is not None:
        return begun.executable
    assert begun.graph is not None
    request, graph, times = begun.request, begun.graph, begun.times
    dump = Dump(options.dump_to, request.name)
    dump.graph(request.nodes)
    for passes in () if options.interpret else (PASSES, PLAIN):
        try:
            executable = _compile(graph, passes, backend, options, times, dump)
        except Exception as failure:
            if options.strict or not is_fault(failure):
                raise
            report(request, failure, "unfused" if passes is PASSES else "interpreted")
        else:
            if begun.key is not None and _is_plain(options) and passes is PASSES:
                _store(begun.key, request, executable)
            return executable
    details = Details(graph, None)
    return Executable(begun.interface, None, lambda: details, times.seconds)


def _is_plain(options: Options) -> bool:
    """Whether nothing is asked for beside code: then it may come from the disk."""
    return options.cache and options == Options(threads=options.threads, strict=options.strict)


def _load(key: str, request: Request, backend: Backend, times: StageTimes) -> Executable | None:
    """What the disk has for such feeds and variables. Raises a Refusal that is kept there."""
    from flowc.compiler.stored_executables import load_executable

    found = load_executable(_cache(), key, request, backend)
    if found is None:
        return None

    def details() -> Details:
        graph = lower_graph(request)
        module = optimize(graph.module, Observer(), PASSES)
        return Details(graph, lower_module(module, backend.target))

    return Executable(*found, details, times.seconds)


def _refuse(key: str, refusal: Refusal) -> None:
    from flowc.compiler.stored_executables import store_refusal

    store_refusal(_cache(), key, refusal)


def _store(key: str, request: Request, executable: Executable) -> None:
    from flowc.compiler.stored_executables import store_executable

    store_executable(_cache(), key, request, executable)


def _compile(
    graph: LoweredGraph,
    passes: Sequence[Pass],
    backend: Backend,
    options: Options,
    times: StageTimes,
    dump: Dump,
) -> Executable:
    with times.stage("optimize"):
        verify = verify_module if options.verify else None
        module = optimize(graph.module, Observer(verify, dump.tensor_ir), passes)
    with times.stage("schedule"):
        lowered = lower_module(module, backend.target, dump.kernels())
        check_ranges(lowered.program, graph.hints)
    dump.loop_ir(lowered.program)
    code = backend.compile(lowered.program)
    times.seconds.update(code.times)
    dump.code(code)
    details = Details(graph, lowered)
    return Executable(_interface(graph, module, lowered), code, lambda: details, times.seconds)


def _interface(graph: LoweredGraph, module: Module, lowered: Lowered | None) -> Interface:
    """What code for a lowered graph promises; `module` is what it was made from in the end."""
    main = module.main
    return Interface(
        name=module.name,
        arguments=tuple(p.type for p in main.parameters),
        results=tuple(r.type for r in main.results),
        places=() if lowered is None else lowered.places,
        symbols=module.symbols,
        guards=module.guards,
        fixed=graph.fixed,
        reads=graph.reads,
        writes=graph.writes,
        initial=graph.initial,
        existence=graph.existence,
        replaced=graph.replaced,
        messages=module.messages,
        arena_size=0 if lowered is None else lowered.program.arena_size,
        typical=graph.hints,
    )


def load_backends(threads: int | None, options: Options) -> tuple[Backend, ...]:
    """The machines of this process, the one first that gets the nodes that ask for none.

    It is the CPU, with llvmlite, LLVM and the pool of threads ready.

    This is where llvmlite is imported: a session does it once, before its first run.
    """
    from flowc.codegen.cpu.backend import CpuBackend

    cache = _cache() if options.cache else None
    return (CpuBackend(threads, cache, bounds_checks=options.bounds_checks),)


def _cache() -> DiskCache:
    from flowc.codegen.cpu.cache import DiskCache, default_folder

    return DiskCache(default_folder())


def time_table(times: Mapping[str, float]) -> str:
    """The stages' times as a small table, in milliseconds."""
    lines = [f"{name:16} {1e3 * seconds:8.2f} ms" for name, seconds in times.items()]
    total = sum(times.values())
    return "\n".join([*lines, f"{'total':16} {1e3 * total:8.2f} ms"])
