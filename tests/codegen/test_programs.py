"""Whole programs: constants, the arena, control flow, checks, caches, other machines."""

import ctypes
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from weakref import WeakValueDictionary

import numpy as np
import pytest

from flowc.codegen.cpu import objects, parts
from flowc.codegen.cpu import program as programs
from flowc.codegen.cpu.cache import DiskCache, object_key
from flowc.codegen.cpu.entry import EMBED_LIMIT
from flowc.codegen.cpu.host import host_target, make_target
from flowc.codegen.cpu.program import compile_object, compile_program
from flowc.codegen.cpu.stored_programs import pack
from flowc.ir import dims, dtypes
from flowc.ir.dims import Dim
from flowc.ir.loops.expressions import Binary, Compare, Constant, Load, Scalar
from flowc.ir.loops.kernel import (
    ArenaSlice,
    Buffer,
    Call,
    CaseCalls,
    Check,
    Constants,
    For,
    Kernel,
    Kind,
    MultiplyTile,
    Program,
    Store,
    WhileCalls,
)
from flowc.ir.loops.printer import program_digest
from tests.codegen.native import avx2_target, check_program, run_native

F32, I32, BOOL = dtypes.float32, dtypes.int32, dtypes.bool_
N = dims.symbol("n")
(N_SYMBOL,) = dims.symbols(N)


def elementwise(operator: str, size: Dim = N, kind: Kind = Kind.VECTOR) -> Kernel:
    """z[i] = operator(x[i], y[i])."""
    i = dims.symbol("i", size)
    (i_index,) = dims.symbols(i)
    x, y, z = (Buffer(name, F32, size) for name in "xyz")
    body = (Store(z, i, Binary(F32, operator, Load(x, i), Load(y, i))),)
    width = 16 if kind is Kind.VECTOR else 1
    return Kernel(operator, (x, y, z), (For(i_index, size, body, kind, width),))


def scalar_kernel(out: Buffer, value: Scalar, *inputs: Buffer) -> Kernel:
    return Kernel("scalar", (*inputs, out), (Store(out, 0, value),))


def add_program(constant: int = 8) -> Program:
    """z = (x + y) * constant, through the arena."""
    x, y, z, t, c = (Buffer(name, F32, N) for name in ("x", "y", "z", "t", "c"))
    other = Buffer("unused", F32, N)
    data = np.arange(constant, dtype=np.float32).tobytes()
    size = dims.ceildiv(N * 4, 64) * 64
    return Program(
        "add",
        (x, y, z),
        (N_SYMBOL,),
        (Constants(c, data),),
        (ArenaSlice(other, 0), ArenaSlice(t, size)),
        size * 2,
        (Call(elementwise("add"), (x, y, t)), Call(elementwise("multiply"), (t, c, z))),
    )


def arrays(count: int, size: int) -> list[np.ndarray]:
    return [np.random.default_rng(n).integers(-9, 9, size).astype(np.float32) for n in range(count)]


@pytest.mark.parametrize("size", [8, 3000])  # embedded, and through the table
def test_constants_and_arena(size: int) -> None:
    check_program(add_program(size), arrays(3, size), {"n": size})


def test_one_buffer_for_two_parameters() -> None:
    x, y = Buffer("x", F32, N), Buffer("y", F32, N)
    call = Call(elementwise("add"), (x, y, x))
    program = Program("in_place", (x, y), (N_SYMBOL,), (), (), 0, (call, call))
    check_program(program, arrays(2, 37), {"n": 37})


def counting_program() -> Program:
    """while count < limit: count += 1; case count % 3: x += 1, x *= 2, nothing; check x < 1e6."""
    count, limit, x = Buffer("count", I32, 1), Buffer("limit", I32, 1), Buffer("x", F32, 1)
    go, index, fine = Buffer("go", BOOL, 1), Buffer("index", I32, 1), Buffer("fine", BOOL, 1)
    one, three = Constant(I32, 1), Constant(I32, 3)
    less = scalar_kernel(go, Compare(BOOL, "LT", Load(count, 0), Load(limit, 0)), count, limit)
    more = scalar_kernel(count, Binary(I32, "add", Load(count, 0), one))
    rest = scalar_kernel(index, Binary(I32, "remainder", Load(count, 0), three), count)
    grow = scalar_kernel(x, Binary(F32, "add", Load(x, 0), Constant(F32, 1.0)))
    double = scalar_kernel(x, Binary(F32, "multiply", Load(x, 0), Constant(F32, 2.0)))
    small = scalar_kernel(fine, Compare(BOOL, "LT", Load(x, 0), Constant(F32, 1e3)), x)
    body = (
        Call(more, (count,)),
        Call(rest, (count, index)),
        CaseCalls(index, ((Call(grow, (x,)),), (Call(double, (x,)),), ())),
        Call(small, (x, fine)),
        Check(fine, 7),
    )
    loop = WhileCalls((Call(less, (count, limit, go)),), go, body)
    slices = tuple(ArenaSlice(b, 64 * n) for n, b in enumerate((go, index, fine)))
    return Program("count", (count, limit, x), (), (), slices, 192, (loop,))


@pytest.mark.parametrize(("limit", "code"), [(0, 0), (1, 0), (9, 0), (100, 7)])
def test_control_flow_and_checks(limit: int, code: int) -> None:
    program = counting_program()
    inputs = [np.array([0], np.int32), np.array([limit], np.int32), np.array([1], np.float32)]
    check_program(program, inputs, {})
    assert run_native(compile_program(program, host_target(1)), program, inputs, {})[0] == code


def test_equal_programs_share_code() -> None:
    first = compile_program(add_program(), host_target(1))
    assert compile_program(add_program(), host_target(1)).entry is first.entry
    assert compile_program(add_program(9), host_target(1)) is not first


def test_equal_kernels_are_compiled_once() -> None:
    x, y, z = (Buffer(name, F32, N) for name in "xyz")
    calls = tuple(Call(elementwise("add"), (x, y, z)) for _ in range(3))
    program = Program("thrice", (x, y, z), (N_SYMBOL,), (), (), 0, calls)
    text = programs.build_module(program, host_target(1)).llvm_ir
    assert text.count("define internal") == 1


def test_programs_share_the_code_of_equal_kernels() -> None:
    x, y, z = (Buffer(name, F32, N) for name in "xyz")
    natives = []
    for times in (2, 3):
        calls = tuple(Call(elementwise("subtract"), (x, y, z)) for _ in range(times))
        program = Program("several", (x, y, z), (N_SYMBOL,), (), (), 0, calls)
        natives.append(compile_program(program, host_target(1)))
    first, second = (native.code.needs for native in natives)
    assert first == second


def test_a_long_program_is_several_functions() -> None:
    x, y, z = (Buffer(name, F32, N) for name in "xyz")
    twice = tuple(Call(elementwise("add"), (z, y, z)) for _ in range(200))
    program = Program(
        "long", (x, y, z), (N_SYMBOL,), (), (), 0, (Call(elementwise("add"), (x, y, z)), *twice)
    )
    inputs = [np.zeros(9, np.float32), np.ones(9, np.float32), np.zeros(9, np.float32)]
    check_program(program, inputs, {"n": 9})
    assert programs.build_module(program, host_target(1)).llvm_ir.count("steps") > 2


def test_large_constants_of_a_long_program() -> None:
    """The functions of its pieces see the table that the entry's module has."""
    x, y = Buffer("x", F32, 2000), Buffer("y", F32, 2000)
    large = [Buffer(f"c{n}", F32, 2000) for n in range(60)]
    data = [np.full(2000, n, np.float32) for n in range(60)]
    add = elementwise("add")
    calls = tuple(
        Call(add, (source, c, y)) for source, c in zip([x, *[y] * 59], large, strict=True)
    )
    constants = tuple(Constants(b, d.tobytes()) for b, d in zip(large, data, strict=True))
    program = Program("table", (x, y), (N_SYMBOL,), constants, (), 0, calls)
    check_program(program, [np.ones(2000, np.float32), np.zeros(2000, np.float32)], {"n": 2000})


def test_disk_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_loaded", programs._LoadedPrograms())
    disk = DiskCache(tmp_path)

    def compiled() -> programs.NativeProgram:
        monkeypatch.setattr(objects.LOADED, "_found", WeakValueDictionary())
        monkeypatch.setattr(programs, "_loaded", programs._LoadedPrograms())
        native = compile_program(add_program(3000), host_target(1), disk_cache=disk)
        x, y, z = arrays(3, 3000)
        _, (_, _, result) = run_native(native, add_program(3000), [x, y, z], {"n": 3000})
        np.testing.assert_array_equal(result, (x + y) * np.arange(3000, dtype=np.float32))
        return native

    assert "codegen" in compiled().times
    assert "codegen" not in compiled().times
    files = list(tmp_path.iterdir())
    assert len(files) == 2  # the program, and what it shares
    for file in files:
        file.write_bytes(file.read_bytes()[:-1] + b"x")
        assert "codegen" in compiled().times  # damaged
        file.chmod(0o666)
        assert "codegen" in compiled().times  # somebody else could have written it


def test_entries_belong_to_their_names(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path)
    disk.store("a", b"code of a")
    disk.store("b", b"code of b")
    one, other = tmp_path / "a.o", tmp_path / "b.o"
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)
    assert disk.load("a") is None
    assert disk.load("b") is None


def test_a_folder_that_others_may_write_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    DiskCache(folder).store("a", b"code")
    folder.chmod(0o777)
    again = tmp_path / "again"
    folder.rename(again)  # a name that has not been looked at yet
    with pytest.warns(RuntimeWarning, match="others may write"):
        assert DiskCache(again).load("a") is None
    DiskCache(again).store("b", b"code")  # says nothing a second time
    assert not (again / "b.o").exists()


def test_code_that_cannot_be_loaded_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = DiskCache(tmp_path)
    program, target = add_program(100), host_target(1)
    key = object_key(program_digest(program, EMBED_LIMIT), target)
    for code in (b"no object code", pack([b"no object code"]), pack([])):
        monkeypatch.setattr(programs, "_loaded", programs._LoadedPrograms())
        disk.store(key, code)
        assert "codegen" in compile_program(program, target, disk_cache=disk).times


def test_code_that_is_there_takes_no_time_again() -> None:
    compile_program(add_program(7), host_target(1))
    assert not compile_program(add_program(7), host_target(1)).times


def tiles_program() -> Program:
    """c = a*b and d = a*b, by kernels of different shapes that share a micro-kernel."""
    a, b = (Buffer(name, F32, size) for name, size in (("a", 8), ("b", 32)))
    results = [Buffer(name, F32, 64) for name in ("c", "d")]
    calls = []
    for number, result in enumerate(results):
        tile = MultiplyTile(result, 0, 16, a, 0, b, 0, 4, 16, 2, 16, False, 1, 4, 16)
        again = (tile,) * (number + 1)
        calls.append(Call(Kernel("tile", (a, b, result), again), (a, b, result)))
    return Program("tiles", (a, b, *results), (), (), (), 0, tuple(calls))


def test_modules_of_one_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions of other modules are found, also after the objects come from the cache."""
    monkeypatch.setattr(parts, "FULL", 1)
    disk = DiskCache(tmp_path)
    a, b = np.arange(8, dtype=np.float32), np.arange(32, dtype=np.float32)
    expected = (a.reshape(2, 4).T @ b.reshape(2, 16)).ravel()
    for _ in range(2):
        monkeypatch.setattr(programs, "_loaded", programs._LoadedPrograms())
        native = compile_program(tiles_program(), host_target(1), disk_cache=disk)
        inputs = [a, b, np.zeros(64, np.float32), np.zeros(64, np.float32)]
        _, (_, _, *results) = run_native(native, tiles_program(), inputs, {})
        for result in results:
            np.testing.assert_array_equal(result, expected)


def test_disk_cache_is_bounded(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path, limit=1000)
    for number in range(20):
        disk.store(f"k{number}", bytes(200))
        os.utime(tmp_path / f"k{number}.o", (number, number))
    assert sum(f.stat().st_size for f in tmp_path.iterdir()) <= 1000
    assert disk.load("k19") == bytes(200)
    assert disk.load("k0") is None


def parallel_program() -> Program:
    kernel = elementwise("add", kind=Kind.PARALLEL)
    return Program(
        "parallel",
        kernel.parameters,
        (N_SYMBOL,),
        (),
        (),
        0,
        (Call(kernel, kernel.parameters),) * 20,
    )


def test_programs_of_several_python_threads() -> None:
    """Each runs 200 times while the others do; one has the pool, the others run serially."""
    native = compile_program(parallel_program(), host_target(2))
    wrong: list[int] = []

    def work(number: int) -> None:
        x, y, z = (np.full(1000, v, np.float32) for v in (number, 1, 0))
        pointers = (ctypes.c_void_p * 3)(*(a.ctypes.data for a in (x, y, z)))
        for _ in range(200):
            z[:] = 0
            native.entry(pointers, (ctypes.c_int64 * 1)(1000), None, None)
            if (z != number + 1).any():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_more_threads_than_cores() -> None:
    """Many short programs, with pauses in which the workers fall asleep."""
    native = compile_program(parallel_program(), host_target(4))
    for size in (1, 2, 5, 33, 200):
        x, y, z = (np.full(size, v, np.float32) for v in (2, 1, 0))
        pointers = (ctypes.c_void_p * 3)(*(a.ctypes.data for a in (x, y, z)))
        symbols = (ctypes.c_int64 * 1)(size)
        for turn in range(1000):
            z[:] = 0
            native.entry(pointers, symbols, None, None)
            assert (z == 3).all()
            if turn % 100 == 0:
                time.sleep(0.0005)


FORK = """
import os, numpy as np
from tests.codegen.native import run_native
from tests.codegen.test_programs import parallel_program, arrays, compile_program, host_target
program = parallel_program()
native = compile_program(program, host_target(2))
def right():
    x, y, z = arrays(3, 5000)
    return (run_native(native, program, [x, y, z], {"n": 5000})[1][2] == x + y).all()
assert right()
child = os.fork()
if child == 0:
    os._exit(0 if all(right() for _ in range(50)) else 1)
assert os.waitpid(child, 0)[1] == 0
assert right()
"""


def test_threads_after_fork() -> None:
    subprocess.run([sys.executable, "-c", FORK], check=True, timeout=60)


def test_importing_codegen_does_not_load_llvm() -> None:
    code = "import sys, flowc.codegen, flowc.codegen.cpu.host; assert 'llvmlite' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_flowc_loads_nothing_that_compiles() -> None:
    code = "import sys, flowc; assert not {'flowc.ir.loops', 'flowc.passes'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)


TARGETS = {
    "avx512": host_target(2),
    "avx2": avx2_target(2),
    "aarch64": make_target("aarch64-unknown-linux-gnu", "neoverse-n1", "+neon", 2),
}


@pytest.mark.parametrize("name", TARGETS)
def test_object_code_for_other_machines(name: str) -> None:
    a, b, c = (Buffer(n, F32, s) for n, s in (("a", 40), ("b", 160), ("c", 64)))
    multiply = MultiplyTile(c, 0, 16, a, 0, b, 0, 4, 16, 10, 16, False, 1, 4, 16)
    tile = Kernel("t", (a, b, c), (multiply,))
    for program in (
        add_program(3000),
        parallel_program(),
        Program("tile", (a, b, c), (), (), (), 0, (Call(tile, (a, b, c)),)),
    ):
        assert compile_object(program, TARGETS[name])[:4] == b"\x7fELF"


def test_few_stores_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    monkeypatch.setattr(DiskCache, "_make_room", lambda self, size: looks.append(size))
    disk = DiskCache(tmp_path, limit=32 * 100 * 50)
    for number in range(1000):
        disk.store(f"k{number}", b"x" * 100)
    assert 5 < len(looks) < 50  # one in fifty


def test_programs_that_differ_in_large_constants_share_code_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, size = DiskCache(tmp_path), 5000
    x, y, c = (Buffer(name, F32, size) for name in "xyc")
    for value in (2.0, 3.0):
        monkeypatch.setattr(programs, "_loaded", programs._LoadedPrograms())
        data = np.full(size, value, np.float32).tobytes()
        call = Call(elementwise("multiply"), (x, c, y))
        constants = (Constants(c, data),)
        program = Program("scale", (x, y), (N_SYMBOL,), constants, (), 0, (call,))
        native = compile_program(program, host_target(1), disk_cache=disk)
        assert ("codegen" in native.times) == (value == 2.0)
        inputs = [np.ones(size, np.float32), np.zeros(size, np.float32)]
        _, (_, result) = run_native(native, program, inputs, {"n": size})
        assert (result == value).all()
