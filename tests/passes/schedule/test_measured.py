"""Sizes that were measured for one kernel: kept on disk, used for that kernel alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from flowc.codegen.cpu.host import host_target
from flowc.ir.loops.kernel import Call
from flowc.ir.loops.printer import print_kernel
from flowc.ir.tensor.builder import Builder
from flowc.ir.tensor.core import Instruction, Module, Value
from flowc.passes.fusion.fuse import Fuse
from flowc.passes.lowering.shared_kernels import kernel_key
from flowc.passes.schedule.measured import (
    FILE,
    as_measured,
    load_measured,
    machine_name,
    measured_digest,
    save_measured,
    tuned,
)
from flowc.passes.target import CpuTarget
from tests.passes.lowering.harness import Array, Compiled, build_module

HOST = host_target(2)
MATRICES: list[Array] = [
    np.random.default_rng(n).integers(-9, 9, shape).astype(np.float32)
    for n, shape in enumerate([(200, 200), (200, 192)])
]


def product(b: Builder, x: Value, y: Value) -> Value:
    return b.matmul(x, y)


def twice(b: Builder, x: Value) -> Value:
    return b.add(x, x)


def fusions(module: Module) -> list[Instruction]:
    return [i for i in Fuse().run(module).main.instructions if i.primitive == "fusion"]


def texts(compiled: Compiled) -> list[str]:
    steps = compiled.lowered.program.steps
    return [print_kernel(s.kernel) for s in steps if isinstance(s, Call)]


def with_measured(module: Module, **sizes: int) -> CpuTarget:
    """The host, for the only kernel of which something was measured."""
    (fusion,) = fusions(module)
    named = {name.replace("_in_", ".", 1): value for name, value in sizes.items()}
    return replace(HOST, measured=as_measured({kernel_key(fusion): named}))


def test_a_tile_takes_the_measured_size() -> None:
    module = build_module(product, MATRICES)
    tile = with_measured(module, contraction_in_widest=1)
    plain, narrow = Compiled(module, HOST), Compiled(module, tile)
    vector = f"columns={HOST.lanes(module.main.results[0].type.dtype)})"
    assert vector in texts(narrow)[0]
    assert vector not in texts(plain)[0]
    wanted = MATRICES[0] @ MATRICES[1]
    for compiled in (plain, narrow):
        np.testing.assert_array_equal(compiled(MATRICES)[0], wanted)


def test_a_chunk_takes_the_measured_size() -> None:
    x = np.arange(1 << 20, dtype=np.float32)
    module = build_module(twice, [x])
    compiled = Compiled(module, with_measured(module, loops_in_chunk=4096))
    assert "i1 < 4096" in texts(compiled)[0]
    np.testing.assert_array_equal(compiled([x])[0], x + x)


def test_other_kernels_keep_their_sizes() -> None:
    module = build_module(product, MATRICES)
    target = replace(HOST, measured=as_measured({"0" * 24: {"contraction.widest": 1}}))
    assert texts(Compiled(module, target)) == texts(Compiled(module, HOST))


def test_keys_tell_fusions_apart() -> None:
    small, large = (
        kernel_key(*fusions(build_module(twice, [np.zeros(n, np.float32)]))) for n in (8, 9)
    )
    assert small != large
    assert small == kernel_key(*fusions(build_module(twice, [np.zeros(8, np.float32)])))


def test_store(tmp_path: Path) -> None:
    folder = tmp_path / "flowc"
    assert load_measured(folder, HOST) is HOST
    save_measured(folder, HOST, "a", {"loops.chunk": 512})
    save_measured(folder, HOST, "b", {"costs.thread": 9000, "contraction.row_panels": 3})
    save_measured(folder, replace(HOST, cpu="another"), "a", {"loops.chunk": 1})
    target = load_measured(folder, HOST)
    assert tuned(target, "a").loops.chunk == 512
    assert tuned(target, "b").costs.thread == 9000
    assert tuned(target, "b").contraction.row_panels == 3
    assert tuned(target, "c") == HOST
    assert measured_digest(target) != measured_digest(HOST) == ""


@pytest.mark.parametrize("sizes", [{"loops.chunks": 1}, {"loops.chunk": 0}, {"triple.x": 1}])
def test_what_is_no_size_is_not_kept(tmp_path: Path, sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="is not a size of this target"):
        save_measured(tmp_path, HOST, "a", sizes)


def test_a_store_of_another_compiler_is_read_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f'{{"{machine_name(HOST)}": {{"a": {{"loops.gone": 1}}}}}}')
    with pytest.warns(RuntimeWarning, match="loops.gone = 1 is not a size"):
        assert tuned(load_measured(tmp_path, HOST), "a") == HOST
    (tmp_path / FILE).write_text("{")
    with pytest.warns(RuntimeWarning, match="cannot be read"):
        assert load_measured(tmp_path, HOST) is HOST
