"""The pass manager verifies, dumps, times, skips, and finds the pass to blame."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from flowc.ir import dtypes
from flowc.ir.tensor.core import Computation, Instruction, Module, Parameter, TensorType
from flowc.ir.tensor.verifier import VerificationError, verify
from flowc.passes.pass_manager import Observer, Pass, PassError, bisect_passes, run_passes
from flowc.passes.pipeline import PASSES, optimize

TYPE = TensorType(dtypes.float32, (2,))


@dataclass(frozen=True)
class Negate:
    """Negates the result once more."""

    name: str = "negate"

    def run(self, module: Module) -> Module:
        main = module.main
        negate = Instruction("negate", main.results, {}, (TYPE,))
        body = (*main.instructions, negate)
        return replace(module, main=Computation(main.parameters, body, (negate.result,)))


@dataclass(frozen=True)
class Nothing:
    """Changes nothing."""

    name: str = "nothing"

    def run(self, module: Module) -> Module:
        return module


@dataclass(frozen=True)
class Mistype:
    """Gives the result a wrong type."""

    name: str = "mistype"

    def run(self, module: Module) -> Module:
        main = module.main
        wrong = Instruction("negate", main.results, {}, (TensorType(dtypes.int32, (2,)),))
        body = (*main.instructions, wrong)
        return replace(module, main=Computation(main.parameters, body, (wrong.result,)))


@dataclass(frozen=True)
class Crash:
    """Fails."""

    name: str = "crash"

    def run(self, module: Module) -> Module:
        raise KeyError("oops")


def identity() -> Module:
    x = Parameter(TYPE, "x")
    return Module("identity", Computation((x,), (), (x,)))


def count(module: Module) -> int:
    return len(module.main.instructions)


def test_passes_run_in_order() -> None:
    assert count(run_passes(identity(), [Negate(), Nothing(), Negate()])) == 2


def test_the_culprit_is_named() -> None:
    observer = Observer(verify=verify)
    with pytest.raises(PassError, match="pass mistype: the module is malformed") as caught:
        run_passes(identity(), [Negate(), Mistype(), Negate()], observer)
    assert caught.value.pass_name == "mistype"
    assert isinstance(caught.value.__cause__, VerificationError)
    with pytest.raises(PassError, match="pass crash: KeyError: 'oops'"):
        run_passes(identity(), [Negate(), Crash()])


def test_only_stages_that_differ_are_dumped() -> None:
    stages: list[tuple[str, int]] = []
    observer = Observer(dump=lambda stage, module: stages.append((stage, count(module))))
    run_passes(identity(), [Negate(), Nothing(), Negate()], observer)
    assert stages == [("00-input", 0), ("01-negate", 1), ("03-negate", 2)]
    assert [(t.pass_name, t.changed) for t in observer.timings] == [
        ("negate", True),
        ("nothing", False),
        ("negate", True),
    ]


def test_passes_are_skipped_and_limited() -> None:
    passes: list[Pass] = [Negate(), Nothing(), Negate()]
    assert count(run_passes(identity(), passes, Observer(skip=frozenset({"negate"})))) == 0
    assert count(run_passes(identity(), passes, Observer(limit=2))) == 1


def test_bisection_finds_the_first_bad_pass() -> None:
    passes: list[Pass] = [Nothing(), Negate(), Nothing(), Mistype()]
    assert bisect_passes(identity(), passes, lambda m: count(m) < 2) == "mistype"
    assert bisect_passes(identity(), passes, lambda m: count(m) < 1) == "negate"
    assert bisect_passes(identity(), passes, lambda m: True) is None


def test_the_pipeline_leaves_an_empty_module_alone() -> None:
    observer = Observer(verify=verify)
    assert count(optimize(identity(), observer)) == 0
    assert [t.pass_name for t in observer.timings] == [p.name for p in PASSES]
