"""What a compiler may know about the machine that its code is for: all of it is data, and here.

`codegen` fills a `Target` from the host or from an option; schedules read it, and nothing else
about a machine reaches a pass. A target has three parts: what the machine *is* (registers, caches,
threads), what things *cost* on it (`Costs`), and the *sizes* into which schedules cut work. The
last two were found by measuring, on the machine of `docs/performance.md` (two cores of an AMD EPYC
with AVX-512 at half rate) unless a comment says otherwise. They are defaults: what was measured
for one kernel takes the place of a size for that kernel alone (`passes/schedule/measured.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from flowc.ir.dtypes import DType

Sizes: TypeAlias = tuple[tuple[str, int], ...]  # by their names, such as "loops.chunk"


@dataclass(frozen=True)
class Costs:
    """Nanoseconds on one thread, rough: they decide who gets a thread, and which loops unroll."""

    byte: float = 0.05  # loaded or stored, from the caches nearby
    gathered: float = 4.0  # times as much where data tell the position
    vector: float = 0.4  # an arithmetic operation on one register of float32
    transcendental: float = (
        12.0  # times as much: exp, tanh and logistic take 0.25 to 0.3 an element
    )
    operators: tuple[tuple[str, float], ...] = (  # times as much
        ("divide", 4.0),
        ("remainder", 8.0),
        ("sqrt", 4.0),
        ("rsqrt", 6.0),
        ("power", 30.0),
        ("atan2", 20.0),
    )
    random_block: float = 4.0  # four words of Philox
    merge_step: float = 1.5  # of a sort, for each element
    solve_step: float = 0.3  # a multiplication and an addition in lanes of float64
    thread: float = 12_000.0  # work below which a second thread does not pay
    multiply_adds: int = 1 << 19  # the same for a matrix product: multiplications of one thread

    @cached_property
    def of_operator(self) -> dict[str, float]:
        """`operators` as a table."""
        return dict(self.operators)


@dataclass(frozen=True, slots=True)
class LoopSizes:
    """Into what schedules cut loops over elements, rows and columns."""

    chunk: int = 2048  # elements of one iteration of a parallel loop over a flat space
    unroll: int = 2  # vectors per trip of a loop that stores
    sums_unroll: int = 4  # vectors per trip of a loop that sums: chains that hide latency
    heavy_nodes: int = 24  # operations in a body from which on one vector hides latency by itself
    streaming_bytes: int = 64 << 20  # a larger result leaves the caches before it is read
    # Rows: softmax, layer norm
    row_bytes: int = 64 << 10  # of a row that is kept in scratch between passes
    long_row: int = 1 << 15  # elements of a single row that are worth several threads
    row_chunks: int = 64  # at most, of a long row
    # Columns: bias gradients, batch statistics
    columns: int = 1024  # whose running values stay in the first-level cache together
    few_columns: int = 128  # fewer than this, and threads divide the rows
    column_chunks: int = 16  # of rows, at most
    rows_at_once: int = 4  # one load and store of a running value for as many additions
    least_rows: int = 64  # of a chunk
    # Transposition in tiles
    tile_row_bytes: int = 64  # a cache line is read whole
    tiles_together: int = 4  # that take a step one after the other: none waits for its own stores
    short: int = 8  # a dimension known to be shorter is not worth tiles
    tiled_loads: int = 4  # transposed operands, at most


@dataclass(frozen=True, slots=True)
class InstructionSizes:
    """Into what the schedules of single instructions cut their work."""

    running_columns: int = 1024  # of a running sum, whose values stay in cache from step to step
    running_rows: int = 4  # chains of dependent steps that hide each other's latency
    random_blocks: int = 512  # of one iteration of the parallel loop
    right_hand_sides: int = 64  # that are solved for together
    thread_updates: int = 1 << 13  # elements that a scatter updates, worth a thread
    narrow_window: int = (
        16  # elements; below, a branch taken at random costs more than threads gain
    )
    sort_run: int = 64  # elements whose order is found by counting; a power of two
    sort_chains: int = 4  # stretches that advance together


@dataclass(frozen=True, slots=True)
class ContractionSizes:
    """Into what a contraction is cut, around its register tile."""

    depth_limit: int = 4 << 10  # bytes of one row's depth that are one block
    depth_block: int = 2 << 10  # bytes of a block where there are several
    strip_bytes: int = 16 << 10  # of accumulators of one strip of tiles, in the first-level cache
    block_bytes: int = 112 << 10  # of accumulators of a unit summed in several blocks of depth
    widest: int = 8  # vectors in a row of a tile
    units_per_thread: int = 2
    row_panels: int = 12  # of a unit, at most
    zero_unroll: int = 4  # vectors per trip of the loop that clears accumulators
    epilogue_unroll: int = 2  # the same of the loop that stores results
    busy_rows: int = 8  # rows of a tile from which on multiplying takes the time
    page: int = 4096  # bytes apart, elements lie in the same few sets of the first-level cache
    pack_rows: int = 1024  # rows from which on packing the right operand pays
    conflict_rows: int = 96  # the same where its rows lie a multiple of a page apart
    dot_rows: int = 4  # fewer are multiplied element by element where that needs no packing
    small_rows: tuple[int, ...] = (4, 1)  # tiles for fewer rows than a full one, if unknown
    dot_unroll: int = 4  # vectors of partial sums
    dot_columns: int = 8  # that a thread takes at least
    copies: int = 8  # elements that one trip of a scalar copy moves
    line: int = 16  # elements, of four bytes each, of a cache line
    narrow: int = 8  # a depth index of fewer elements is not worth a vector
    packed_elements: int = 1 << 14  # packed by one thread, at least


@dataclass(frozen=True)
class CpuTarget:
    """A CPU as the schedules see it. Cache sizes are in bytes, `l1` to `l3` per core."""

    triple: str
    cpu: str
    features: str
    vector_bytes: int  # of one SIMD register: 64 for AVX-512, 32 for AVX2, 16 for NEON
    vector_registers: int
    l1: int = 32 << 10
    l2: int = 1 << 20
    l3: int = 16 << 20
    threads: int = 1
    costs: Costs = field(default=Costs(), repr=False)
    loops: LoopSizes = field(default=LoopSizes(), repr=False)
    instructions: InstructionSizes = field(default=InstructionSizes(), repr=False)
    contraction: ContractionSizes = field(default=ContractionSizes(), repr=False)
    measured: tuple[tuple[str, Sizes], ...] = field(default=(), repr=False)  # by a kernel's key

    def lanes(self, dtype: DType) -> int:
        """Elements of `dtype` in one vector register; bool counts as a byte."""
        return max(1, self.vector_bytes // max(1, dtype.size))

    @cached_property
    def _hash(self) -> int:
        machine = (self.triple, self.cpu, self.features, self.vector_bytes, self.threads)
        return hash((machine, self.loops, self.instructions, self.contraction, self.measured))

    def __hash__(self) -> int:
        return self._hash


@dataclass(frozen=True, slots=True)
class GridSizes:
    """Into what schedules cut loops over elements and rows for blocks of threads."""

    threads: int = 256  # of a block, where there is work for so many
    turns: int = 4  # elements of each thread in a block that works on elements
    warp_row: int = 256  # a row of fewer elements is a warp's, of more a block's
    warps: int = 8  # rows of one block where each is a warp's
    long_row: int = 1 << 15  # elements of a single row that are worth several blocks
    column_rows: int = 128  # that a thread sums, where it sums a column by itself
    row_blocks: int = 256  # at most, of a long row or column


@dataclass(frozen=True, slots=True)
class GpuTarget:
    """A GPU as the schedules see it; the figures are those of an NVIDIA H100."""

    triple: str = "nvptx64-nvidia-cuda"
    cpu: str = "sm_90"
    features: str = "+ptx80"
    warp: int = 32  # threads that run in step
    block_threads: int = 1024  # of one block, at most
    block_memory: int = 227 << 10  # bytes of shared memory that a block may have
    registers: int = 65_536  # 32-bit ones of a multiprocessor, for all of its threads
    multiprocessors: int = 132
    l2: int = 50 << 20
    costs: Costs = field(default=Costs(), repr=False)
    grids: GridSizes = field(default=GridSizes(), repr=False)


Target: TypeAlias = CpuTarget | GpuTarget
