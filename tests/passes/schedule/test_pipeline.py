"""The list of all rewrites for a machine."""

import pytest

from flowc.codegen.cpu.host import host_target
from flowc.passes.pipeline import PASSES, pipeline
from flowc.passes.target import GpuTarget, Target


@pytest.mark.parametrize("target", [host_target(2), GpuTarget()], ids=["cpu", "gpu"])
def test_pipeline_is_the_passes_of_modules_and_then_a_schedule(target: Target) -> None:
    every = pipeline(target)
    schedule = [part.name for part in every[len(PASSES) :]]
    assert every[: len(PASSES)] == PASSES
    assert schedule[0] == "merge_loops"
    assert "run_the_rest_in_order" in schedule
    assert len(set(schedule)) == len(schedule)
