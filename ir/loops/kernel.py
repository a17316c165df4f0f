"""Loop IR: one kernel as a loop nest over flat buffers, and a program as a sequence of kernels.

The whole level is on this page. A `Kernel` reads and writes the buffers it takes as parameters; its
free symbols (sizes that are not constants) are further integer parameters. Loops carry a `kind`
that says how they run; the emitter makes no decision of its own.

Invariants, checked by `verify`:
  * a loop's index symbol is unique within its kernel and used only inside the loop;
  * variables are bound once, and used only in the scope that binds them;
  * iterations of parallel and vector loops are independent but for `carried` values that have a
    combiner;
  * a parallel loop is outermost, or inside serial loops only, and carries nothing;
  * a vector loop contains only serial and unrolled loops, whose extents are the same in all lanes;
  * an unrolled loop has a constant extent;
  * a loop with a role is serial: a schedule that chooses its kind has answered the role;
  * a free loop carries nothing, and a reduced one carries values that have a combiner;
  * block and thread loops keep the rules of `grid_rules.py`.

**Blocks and threads.** A kernel for a GPU is one or more *grids*: perfectly nested block loops, one
for each dimension. Grids run one after another; the blocks of one run in any order and at the same
time. Inside of a block, a thread loop divides its iterations between the block's threads, and loops
inside of one another make a block of several dimensions. The block has as many threads in each
dimension as its longest loop there, one at least; in a shorter loop the rest has nothing to do.
What stands outside of a thread loop is done by all threads that it would divide, with equal values:
they are a *group*, and the block itself is the largest. Where a group stores to shared or global
memory, its first thread does.

What one thread writes to shared or global memory another may touch after a `Barrier` only. The end
of a thread loop is no barrier.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from flowc.ir.dims import Dim, Symbol
from flowc.ir.dtypes import DType
from flowc.ir.loops.expressions import Scalar, Variable


@dataclass(frozen=True, eq=False, slots=True)
class Buffer:
    """A flat array of `size` elements. Different parameters of a kernel never overlap, unless the
    program passes one buffer for both, or two at the same place in the arena.

    A complex tensor is a buffer of float32 or float64 of twice the size.
    """

    name: str
    dtype: DType
    size: Dim


class Space(Enum):
    """Whose a scratch buffer is, and so how near its memory lies."""

    PRIVATE = "private"  # of whoever runs the statement; on a GPU each thread has its own
    FRAGMENT = "fragment"  # of a group of threads, spread over their registers; for matrices only
    SHARED = "shared"  # of a block
    GLOBAL = "global"  # of a kernel: all blocks of all its grids


class Kind(Enum):
    """How the iterations of a loop run."""

    SERIAL = "serial"
    PARALLEL = "parallel"  # iterations are divided between the threads of the pool
    VECTOR = "vector"  # `width` iterations at a time in SIMD lanes
    UNROLLED = "unrolled"  # constant extent, body repeated
    BLOCK = "block"  # each iteration is a block of threads of its own
    THREAD = "thread"  # iterations are divided between the threads of the block


class Role(Enum):
    """What the iterations of a loop are to each other, before a schedule says how they run."""

    ORDERED = "ordered"  # each may need what the ones before have done
    FREE = "free"  # independent of each other
    REDUCED = "reduced"  # they meet only in carried values, which have a combiner: in any order


@dataclass(frozen=True, eq=False, slots=True)
class Combiner:
    """How partial values of a loop's carried variables merge: `results` of `left` and `right`.

    Associative and commutative as far as rounding goes. The initial values of the loop must be its
    identity, since each vector lane, and each thread, starts from them.
    """

    left: tuple[Variable, ...]
    right: tuple[Variable, ...]
    results: tuple[Scalar, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Carried:
    """Values that a loop passes from one iteration to the next, and their names after the loop."""

    variables: tuple[Variable, ...]  # inside the body
    initial: tuple[Scalar, ...]
    next: tuple[Scalar, ...]  # evaluated after the body's statements
    results: tuple[Variable, ...]  # after the loop
    combiner: Combiner | None = None  # required in a vector or thread loop


@dataclass(frozen=True, eq=False, slots=True)
class For:
    """`for index in range(extent)`: body.

    `width` is the SIMD lanes of a vector loop, `unroll` how many vectors (or iterations) one trip
    processes, each with its own copy of the carried values. `grain` is the least number of
    iterations of a parallel loop worth a thread. Lowering gives loops a `role`, and schedules
    (`passes/schedule`) put a kind in its place; a loop that still has one runs serially.

    A thread loop that carries values combines them across threads: each thread that has an
    iteration starts from `initial`, and gives `next`; the results are all of these merged, in any
    order, and every thread of the group has them. Nothing else is ordered by that: buffers want a
    `Barrier` all the same.
    """

    index: Symbol
    extent: Dim
    body: tuple[Statement, ...]
    kind: Kind = Kind.SERIAL
    width: int = 1
    unroll: int = 1
    grain: Dim = 1
    carried: Carried | None = None
    role: Role = Role.ORDERED


@dataclass(frozen=True, eq=False, slots=True)
class Store:
    """`buffer[position (+ scatter)] = value` where `mask` holds (always, if None).

    `streaming` asks for a store that bypasses the cache: the result is large and not read soon.
    """

    buffer: Buffer
    position: Dim
    value: Scalar
    mask: Scalar | None = None
    scatter: Scalar | None = None
    streaming: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Let:
    """Name a value at this place: it is computed here, once."""

    variable: Variable
    value: Scalar


@dataclass(frozen=True, eq=False, slots=True)
class If:
    """Run `body` where the scalar `condition` holds. Not inside vector loops."""

    condition: Scalar
    body: tuple[Statement, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Allocate:
    """A scratch buffer for the statements that follow in the same body.

    Its size is in the buffer; 64-byte aligned, contents undefined. All spaces but `PRIVATE` are a
    GPU's. What a group of threads allocates in private memory each of them has; where the group
    stores there, each does in its own.
    """

    buffer: Buffer
    space: Space = Space.PRIVATE


@dataclass(frozen=True, eq=False, slots=True)
class Barrier:
    """No thread of the block goes on before all are here.

    What they wrote before to shared and global memory is seen by all of them afterwards.
    """


@dataclass(frozen=True, eq=False, slots=True)
class MultiplyTile:
    """`c[row, column] (+)= sum over k of a[k, row] * b[k, column]`: a register tile's micro-kernel.

    The sum is one chain of fused multiply-adds in the order of k, from the old value of c or 0.
    Element (k, row) of `a` is at `a_position + k*a_depth_stride + row*a_row_stride`, element
    (k, column) of `b` at `b_position + k*b_stride + column`; a stride of 0 repeats what a broadcast
    repeats. All `columns` of b, a whole number of vectors, are read.
    `c` has element (row, column) at `c_position + row*c_stride + column`, columns contiguous.
    `depth` is the extent of k. Only the first `valid_columns` columns of c are read and written.
    When `accumulate` is false, c is written without being read.
    """

    c: Buffer
    c_position: Dim
    c_stride: Dim
    a: Buffer
    a_position: Dim
    b: Buffer
    b_position: Dim
    rows: int
    columns: int
    depth: Dim
    valid_columns: Dim
    accumulate: Scalar | bool
    a_row_stride: Dim
    a_depth_stride: Dim
    b_stride: Dim


@dataclass(frozen=True, eq=False, slots=True)
class Matrix:
    """Part of a buffer: element (r, c) is at `position + r*row_stride + c*column_stride`."""

    buffer: Buffer
    position: Dim
    row_stride: Dim
    column_stride: Dim


@dataclass(frozen=True, eq=False, slots=True)
class MultiplyMatrices:
    """`c (+)= a @ b` by a group of `lanes` threads together: what a tensor core does.

    `a` has `rows` x `depth` elements, `b` has `depth` x `columns`, in shared, global or fragment
    memory; `c` usually is a fragment. a and b have one type. Products are exact, or rounded to c's
    type; sums are rounded to c's type, in any order. When `accumulate` is false, c is not read.

    Which instructions a shape becomes (one `mma` of a warp, several, a `wgmma`) is the machine's
    matter; it takes multiples of its own shapes and keeps elements of a and b for reuse.
    """

    c: Matrix
    a: Matrix
    b: Matrix
    rows: int
    columns: int
    depth: int
    lanes: int
    accumulate: Scalar | bool


@dataclass(frozen=True, eq=False, slots=True)
class CopyMatrix:
    """`target = source`, matrices of one type, by a group of `lanes` threads together.

    The only way into a fragment and out of it, but for multiplications. A fragment's elements lie
    among the threads as the machine likes, so they are worked upon in shared memory.
    """

    target: Matrix
    source: Matrix
    rows: int
    columns: int
    lanes: int


Statement: TypeAlias = (
    For | Store | Let | If | Allocate | MultiplyTile | Barrier | MultiplyMatrices | CopyMatrix
)


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Kernel:
    """One function of generated code; on a GPU, one launch for each grid.

    Parameters that are written appear in a `Store`, or as a matrix that is written.
    """

    name: str
    parameters: tuple[Buffer, ...]
    body: tuple[Statement, ...]


# A program: what one entry function of an executable does.


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    """Run a kernel: `arguments[i]` of the program stands for `kernel.parameters[i]`."""

    kernel: Kernel
    arguments: tuple[Buffer, ...]


@dataclass(frozen=True, eq=False, slots=True)
class WhileCalls:
    """Run `condition`, then `body` as long as the bool in `predicate[0]` is true; repeat."""

    condition: tuple[Step, ...]
    predicate: Buffer
    body: tuple[Step, ...]


@dataclass(frozen=True, eq=False, slots=True)
class CaseCalls:
    """Run the branch that the int32 in `index[0]` selects; out of range selects the last."""

    index: Buffer
    branches: tuple[tuple[Step, ...], ...]


@dataclass(frozen=True, eq=False, slots=True)
class Check:
    """Stop the program with error number `code` when the bool in `predicate[0]` is false."""

    predicate: Buffer
    code: int


@dataclass(frozen=True, eq=False, slots=True)
class Commit:
    """What follows changes memory that outlives the program: from here on it runs to its end.

    Before it, a program may be stopped. It stands among the program's own steps.
    """


@dataclass(frozen=True, eq=False, slots=True)
class Measure:
    """From here on the value of `symbol` is the int64 in `count[0]`, which the caller gets back.

    No step before it reads the symbol. It stands among the program's own steps.
    """

    symbol: Symbol
    count: Buffer


Step: TypeAlias = Call | WhileCalls | CaseCalls | Check | Commit | Measure


@dataclass(frozen=True, eq=False, slots=True)
class ArenaSlice:
    """A buffer that lives in the program's arena, `offset` bytes from its start.

    Offsets are multiples of 64. Two slices of one kernel call either start at the same offset or do
    not overlap.
    """

    buffer: Buffer
    offset: Dim


@dataclass(frozen=True, eq=False, slots=True)
class Constants:
    """A buffer of values known at compile time: little-endian bytes, C order.

    The bytes may be a view of an array that nobody changes.
    """

    buffer: Buffer
    data: bytes | memoryview


@dataclass(frozen=True, eq=False, slots=True)
class Program:
    """The body of an executable's entry function.

    The entry takes `arguments` (feeds, variables, results: one pointer each, in order), the
    values of `symbols`, and the arena of `arena_size` bytes.
    """

    name: str
    arguments: tuple[Buffer, ...]
    symbols: tuple[Symbol, ...]
    constants: tuple[Constants, ...]
    arena: tuple[ArenaSlice, ...]
    arena_size: Dim
    steps: tuple[Step, ...]
