"""Grids as PTX text: what stands in it, that ptxas takes it where there is one, what is refused."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flowc.codegen.gpu.grids import Launch, emit_grids, ptx
from flowc.codegen.llvm.module import Module
from flowc.ir.errors import InternalError
from flowc.ir.loops.kernel import Kernel
from flowc.ir.loops.parser import parse_kernel
from flowc.ir.loops.walk import calls
from flowc.passes.target import GpuTarget
from tests.ir.loops.test_grids import golden
from tests.passes.lowering.harness import build_module
from tests.passes.schedule.lowered import lowered
from tests.passes.schedule.test_gpu import elementwise, normalized, softmax, sums, total, whole
from tests.passes.schedule.test_page import scheduled_for

TARGET = GpuTarget()
PTXAS = shutil.which("ptxas")
KERNEL = "kernel k(b0: float32[n]) {\nblock i0 < 2 {\n%s\n}\n}"


def emitted(kernel: Kernel) -> tuple[str, tuple[Launch, ...]]:
    module = Module(kernel.name, TARGET.triple)
    launches = emit_grids(module, TARGET, kernel)
    return ptx(module, TARGET), launches


def assemble(text: str, folder: Path) -> None:
    """Hand PTX to NVIDIA's assembler, which checks every instruction."""
    if PTXAS is not None:
        path = folder / "kernel.ptx"
        path.write_text(text)
        command = [PTXAS, "-arch=sm_90", str(path), "-o", str(folder / "kernel.cubin")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_warps_combine_by_shuffles(tmp_path: Path) -> None:
    text, (launch,) = emitted(golden("warp_sums"))
    assert (launch.threads, str(launch.blocks)) == (8, "floordiv(1 + n, 2)")
    assert ".entry warp_sums_0" in text and ".reqntid 8" in text
    assert text.count("shfl.sync.bfly.b32") == 2 and "bar" not in text
    assemble(text, tmp_path)


def test_tiles_in_shared_memory_and_barriers(tmp_path: Path) -> None:
    text, (launch,) = emitted(golden("tiled_product"))
    assert launch.threads == 16
    assert text.count(".shared .align 64 .b8") == 2 and text.count("bar") == 2
    assert "ld.shared.b32" in text and "st.shared.b32" in text
    assemble(text, tmp_path)


@pytest.mark.parametrize("names", [None, ["n", None], ["n", "m"]])
@pytest.mark.parametrize("shape", [(300, 1000), (50, 30)])
@pytest.mark.parametrize("build", [softmax, normalized, elementwise, sums, total, whole])
def test_schedules_become_ptx(
    build: Callable[..., Any], shape: tuple[int, int], names: Any, tmp_path: Path
) -> None:
    module = build_module(build, [np.zeros(shape, np.float32)], names and [names])
    for call in calls(lowered(module, partial(scheduled_for, TARGET)).program.steps):
        text, launches = emitted(call.kernel)
        assert text.count(".entry") == len(launches) > 0
        assemble(text, tmp_path)


def test_a_thread_loop_without_iterations_does_nothing() -> None:
    loop = "thread i1 < 0 {\nstore b0[i0] = 1.0:float32\n}"
    text, (launch,) = emitted(parse_kernel(KERNEL % loop))
    assert launch.threads == 1 and "st." not in text


REFUSED = {
    "allocate shared b1: float32[n]": "the elements of 'b1' are not known: n",
    "thread i1 < n {\n}": "the threads of a block are not known: n",
    "allocate fragment b1: float32[4]": "fragment memory 'b1'",
    "copy_matrix(rows=1, columns=1, lanes=1) b0[0; 1, 1] = b0[1; 1, 1]": "a CopyMatrix",
    "thread i1 < 2 {\nthread i2 < 64 {\ncarry v0: int32 = 0:int32\nnext v0\n} combine {\n"
    "left v1: int32\nright v2: int32\nnext add(v1, v2)\n} results v3: int32\n}":
        "what 64 threads in a dimension inside combine",
}  # fmt: skip


@pytest.mark.parametrize("body", REFUSED)
def test_what_has_no_code_yet_is_refused(body: str) -> None:
    kernel = parse_kernel(KERNEL % body)
    with pytest.raises(InternalError) as caught:
        emitted(kernel)
    assert REFUSED[body] in str(caught.value)
