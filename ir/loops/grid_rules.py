"""The rules of kernels that are made of blocks and threads, checked by `verify_kernel`.

* Block loops are outermost; beside them stand allocations of global memory only. A block loop
  holds one block loop and nothing else, or no block loop. Together they carry nothing, and the
  extents of a grid, as of a block, are known before it starts: no index is in them.
* Thread loops are inside of block loops. One that carries values has a combiner.
* No loop of such a kernel is parallel or vector, which are a CPU's.
* A `Barrier` is reached by all threads of the block, or by none: the thread loops around it are
  as long as the block in their dimension, the extents and conditions around it are the same in
  all threads.
* Shared memory is allocated in the block's own body, of a size without an index in it. Private
  memory and fragments are inside of blocks, and of constant size.
* Private memory is read where no other thread shares the statement: inside of as many thread
  loops as the block has dimensions.
* Only `MultiplyMatrices` and `CopyMatrix` touch fragments. They stand where their `lanes` threads
  are the group.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol, product
from flowc.ir.loops.expressions import Load, Scalar, Variable
from flowc.ir.loops.kernel import (
    Allocate,
    Barrier,
    Buffer,
    Carried,
    CopyMatrix,
    For,
    If,
    Kernel,
    Kind,
    Let,
    MultiplyMatrices,
    Space,
    Statement,
    Store,
)
from flowc.ir.loops.walk import (
    block_shape,
    has_grid,
    matrices,
    nodes,
    roots,
    scalar_positions,
    statements,
    title,
)

Expect = Callable[[bool, str], None]
_HELD = (Kind.SERIAL, Kind.UNROLLED)  # the kinds of a CPU's loops that a GPU has too
_NOTHING = Carried((), (), (), ())


def check_grids(kernel: Kernel, expect: Expect) -> None:
    """Calls `expect(condition, what it means where it is false)` for every rule."""
    if not has_grid(kernel):
        for statement in statements(kernel.body):
            _expect_no_grid(statement, expect)
        return
    for statement in kernel.body:
        match statement:
            case For(kind=Kind.BLOCK):
                _Grid(statement, expect).run()
            case Allocate(buffer=buffer, space=space):
                held = space is Space.GLOBAL
                expect(held, f"'{buffer.name}' is {space.value} memory outside of a block")
            case _:
                expect(False, f"{title(statement)} stands beside block loops")


def _expect_no_grid(statement: Statement, expect: Expect) -> None:
    """Statements of blocks and threads are inside of a block loop."""
    match statement:
        case For(kind=Kind.BLOCK, index=index):
            expect(False, f"block loop {index} is not outermost")
        case For(kind=Kind.THREAD) | Barrier() | MultiplyMatrices() | CopyMatrix():
            expect(False, f"{title(statement)} is outside of a block")
        case Allocate(buffer=buffer, space=space):
            held = space is Space.PRIVATE
            expect(held, f"'{buffer.name}' is {space.value} memory in a kernel without blocks")


class _Grid:
    """Walks one grid and knows what differs between the threads of a block."""

    def __init__(self, grid: For, expect: Expect) -> None:
        self.grid = grid
        self.expect = expect
        self.shape = block_shape(grid)
        self.spaces: dict[Buffer, Space] = {}
        self.indices: set[Symbol] = set()  # of all loops around
        self.threads: list[For] = []  # the thread loops around
        self.varying: set[Symbol] = set()  # indices that are not the same in all threads
        self.varying_names: set[str] = set()  # variables of which that is so
        self.divergence: str | None = None  # what keeps threads from coming here together

    def run(self) -> None:
        """Check the grid."""
        loop, inner = self.grid, self._block_inside(self.grid)
        self._block(loop)
        while inner is not None:
            loop, inner = inner, self._block_inside(inner)
            self._block(loop)
        self.block_body = loop.body
        self._body(loop.body)

    def _block_inside(self, loop: For) -> For | None:
        first = next((s for s in loop.body if isinstance(s, For) and s.kind is Kind.BLOCK), None)
        alone = first is None or len(loop.body) == 1
        self.expect(alone, f"block loop {loop.index} holds more than the block loop inside of it")
        return first

    def _block(self, loop: For) -> None:
        self._known_before(loop)
        self.expect(loop.carried is None, f"{title(loop)} carries values")
        self.indices.add(loop.index)

    def _known_before(self, loop: For) -> None:
        stray = dims.symbols(loop.extent) & self.indices
        self.expect(not stray, f"the extent of {title(loop)} is not known before: {loop.extent}")
        plain = loop.width == 1 and loop.unroll == 1
        self.expect(plain, f"{title(loop)} has a width or is unrolled")

    # Statements

    def _body(self, body: Sequence[Statement]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, statement: Statement) -> None:
        if not isinstance(statement, For):
            self._reads(roots(statement))
        match statement:
            case For(kind=Kind.THREAD):
                self._threads(statement)
            case For():
                self.expect(statement.kind in _HELD, f"{title(statement)} is inside of a block")
                apart = f"{title(statement)}, whose extent differs between threads"
                self._loop(statement, apart if self._moves(statement.extent) else None)
            case If(condition=condition, body=body):
                apart = "an If whose condition may differ between threads"
                self._inside(body, apart if self._varies(condition) else None)
            case Let(variable=variable, value=value):
                if self._varies(value):
                    self._vary((variable,))
            case Store(buffer=buffer):
                self._no_fragment(buffer)
            case Allocate():
                self._allocate(statement)
            case Barrier():
                self.expect(self.divergence is None, f"a Barrier is inside of {self.divergence}")
            case MultiplyMatrices() | CopyMatrix():
                self._matrices(statement)

    def _inside(self, body: Sequence[Statement], divergence: str | None) -> None:
        """Check a body that threads may come to apart, for the reason that is given."""
        before = self.divergence
        self.divergence = before or divergence
        self._body(body)
        self.divergence = before

    def _threads(self, loop: For) -> None:
        self._known_before(loop)
        combined = loop.carried is None or loop.carried.combiner is not None
        self.expect(combined, f"{title(loop)} carries values without a combiner")
        whole = self.shape[len(self.threads)] == loop.extent
        self.varying.add(loop.index)
        self._loop(loop, None if whole else f"{title(loop)}, which is shorter than the block")

    def _loop(self, loop: For, divergence: str | None) -> None:
        """A loop of any kind. Of what it carries, only a block's own results surely are equal."""
        carried = loop.carried or _NOTHING
        self._reads(carried.initial)
        if self.threads:
            self._vary(carried.results)
        self._open(loop)
        if self.threads:
            self._vary(carried.variables)
        self._inside(loop.body, divergence)
        self._reads(carried.next)
        self._close(loop)

    def _open(self, loop: For) -> None:
        self.indices.add(loop.index)
        if loop.kind is Kind.THREAD:
            self.threads.append(loop)

    def _close(self, loop: For) -> None:
        self.indices.discard(loop.index)
        if loop.kind is Kind.THREAD:
            self.threads.pop()

    def _vary(self, variables: Sequence[Variable]) -> None:
        self.varying_names.update(v.name for v in variables)

    # Memory

    def _allocate(self, statement: Allocate) -> None:
        buffer, space = statement.buffer, statement.space
        self.spaces[buffer] = space
        name = f"{space.value} memory '{buffer.name}'"
        match space:
            case Space.GLOBAL:
                self.expect(False, f"{name} is allocated inside of a block")
            case Space.SHARED:
                own = any(s is statement for s in self.block_body)
                self.expect(own, f"{name} is not allocated in the block's own body")
                known = not dims.symbols(buffer.size) & self.indices
                self.expect(known, f"the size of {name} has an index in it: {buffer.size}")
            case _:
                constant = isinstance(buffer.size, int)
                self.expect(constant, f"{name} has no constant size: {buffer.size}")

    def _reads(self, values: Sequence[Scalar]) -> None:
        for node in nodes(values):
            if isinstance(node, Load):
                self._no_fragment(node.buffer)
                private = self.spaces.get(node.buffer) is Space.PRIVATE
                alone = len(self.threads) == len(self.shape)
                self.expect(
                    alone or not private,
                    f"private memory '{node.buffer.name}' is read by several threads at once",
                )

    def _no_fragment(self, buffer: Buffer) -> None:
        fragment = self.spaces.get(buffer) is Space.FRAGMENT
        self.expect(not fragment, f"an element of fragment '{buffer.name}' is read or written")

    def _matrices(self, statement: MultiplyMatrices | CopyMatrix) -> None:
        group = product(self.shape[len(self.threads) :])
        self.expect(
            group == statement.lanes,
            f"{title(statement)} of {statement.lanes} threads is done by {group}",
        )
        for matrix in matrices(statement):
            private = self.spaces.get(matrix.buffer) is Space.PRIVATE
            self.expect(not private, f"{title(statement)} touches private memory")

    # What differs between threads

    def _varies(self, root: Scalar) -> bool:
        """Whether a value may not be the same in all threads of the block."""
        return any(self._varies_itself(node) for node in nodes([root]))

    def _varies_itself(self, node: Scalar) -> bool:
        match node:
            case Variable(name=name):
                return name in self.varying_names
            case Load(buffer=buffer) if self.spaces.get(buffer) is Space.PRIVATE:
                return True
        return any(self._moves(position) for position in scalar_positions(node))

    def _moves(self, position: Dim) -> bool:
        return bool(dims.symbols(position) & self.varying)
