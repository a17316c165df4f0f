"""The compiler, from pruned graph nodes to an executable: this page is the whole road.

    load       an executable from the disk (`compiler/stored_executables.py`): then nothing follows
    lower      GraphDef nodes -> tensor IR (`compiler/lowering`)
    optimize   tensor IR -> fused tensor IR (`passes/pipeline.py`)
    schedule   fused tensor IR -> loop IR (`passes/lowering`)
    generate   loop IR -> machine code (`codegen`)

Each stage is timed, and written to the folder of `--dump-to` where one is set. Where one of the
last three trips over a valid module, a plainer road is taken (`compiler/faults.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from flowc.codegen.backend import Backend
from flowc.compiler.dump import Dump
from flowc.compiler.executable import Details, Executable
from flowc.compiler.faults import is_fault, report
from flowc.compiler.interface import Interface, Store
from flowc.compiler.lowering import LoweredGraph, Request, lower_graph
from flowc.compiler.options import Options
from flowc.compiler.request_key import request_key
from flowc.ir.loops.ranges import check_ranges
from flowc.ir.tensor.builder import SYMBOLIC_LIMIT
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


def compile_request(
    request: Request,
    variables: Store,
    backend: Backend,
    options: Options,
) -> Executable:
    """Compile a request for the sizes of its feeds (other sizes share the code where they can)."""
    times = StageTimes()
    key = None
    if _is_plain(options):
        with times.stage("load"):
            key = request_key(request, backend.target)
            found = None if key is None else _load(key, request, variables, backend, times)
        if found is not None:
            return found
    dump = Dump(options.dump_to, request.name)
    with times.stage("lower"):
        graph = lower_graph(request, variables)
    dump.graph(request.nodes)
    for passes in () if options.interpret else (PASSES, PLAIN):
        try:
            executable = _compile(graph, passes, backend, options, times, dump)
        except Exception as failure:
            if options.strict or not is_fault(failure):
                raise
            report(request, failure, "unfused" if passes is PASSES else "interpreted")
        else:
            if key is not None and passes is PASSES:
                _store(key, request, executable)
            return executable
    details = Details(graph, None)
    return Executable(_interface(graph, graph.module, None), None, lambda: details, times.seconds)


def _is_plain(options: Options) -> bool:
    """Whether nothing is asked for beside code: then it may come from the disk."""
    return options.cache and options == Options(threads=options.threads, strict=options.strict)


def _load(
    key: str,
    request: Request,
    variables: Store,
    backend: Backend,
    times: StageTimes,
) -> Executable | None:
    """The executable that the disk has for such feeds and variables."""
    from flowc.compiler.stored_executables import load_executable

    found = load_executable(_cache(), key, request, variables, backend)
    if found is None:
        return None
    like = replace(request, feeds=[replace(f, value=_outline(f.value)) for f in request.feeds])
    stored = {n: np.broadcast_to(np.zeros((), v.dtype), v.shape) for n, v in variables.items()}

    def details() -> Details:
        graph = lower_graph(like, stored)
        return Details(
            graph, lower_module(optimize(graph.module, Observer(), PASSES), backend.target)
        )

    return Executable(*found, details, times.seconds)


def _outline(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """An array of the same type that takes no memory; a small one as it is, since it may tell."""
    if array.size <= SYMBOLIC_LIMIT:
        return array.copy()
    return np.broadcast_to(np.zeros((), array.dtype), array.shape)


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
        lowered = lower_module(module, backend.target)
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
    )


def load_backend(threads: int | None, options: Options) -> Backend:
    """The CPU, with llvmlite, LLVM and the pool of threads ready.

    This is where llvmlite is imported: a session does it once, before its first run.
    """
    from flowc.codegen.cpu.backend import CpuBackend

    cache = _cache() if options.cache else None
    return CpuBackend(threads, cache, bounds_checks=options.bounds_checks)


def _cache() -> DiskCache:
    from flowc.codegen.cpu.cache import DiskCache, default_folder

    return DiskCache(default_folder())


def time_table(times: Mapping[str, float]) -> str:
    """The stages' times as a small table, in milliseconds."""
    lines = [f"{name:16} {1e3 * seconds:8.2f} ms" for name, seconds in times.items()]
    total = sum(times.values())
    return "\n".join([*lines, f"{'total':16} {1e3 * total:8.2f} ms"])
