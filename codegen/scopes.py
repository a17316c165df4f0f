"""Where code goes: the scopes of a function under construction, and the values known in each.

A scope is a stretch of code that runs once per entry: the function, the guarded part before a loop,
one trip of a loop. Scopes are numbered by depth; a value belongs to the outermost scope in which
its inputs are known, so loop-invariant code is hoisted as it is emitted. The blocks of all open
scopes are left without a terminator until the scopes inside them are complete, which is what makes
appending to an outer one possible.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from flowc.codegen.builder import Builder
from flowc.codegen.llvm.module import Block
from flowc.codegen.llvm.values import Constant, Value, lanes_of

Placed: TypeAlias = tuple[Value, int]
"""A value and the depth of the scope it belongs to."""


class Scope:
    """One open scope: the block that its code is appended to, and the keys of its values.

    Entering a `guarded` scope is conditional, so memory is not read on its behalf further out. An
    `inline` scope is a stretch of the scope around it and shares its block.
    """

    __slots__ = ("block", "depth", "guarded", "inline", "keys")

    def __init__(self, depth: int, block: Block, guarded: bool, inline: bool = False) -> None:
        self.depth = depth
        self.block = block
        self.guarded = guarded
        self.inline = inline
        self.keys: list[Hashable] = []


class Scopes:
    """The stack of open scopes of one LLVM function, and the memo of values placed in them."""

    def __init__(self, builder: Builder, entry: Block) -> None:
        self.builder = builder
        self.stack = [Scope(0, entry, guarded=True)]
        self._memo: dict[Hashable, Placed] = {}
        builder.position_at_end(entry)

    @property
    def depth(self) -> int:
        """The depth of the innermost scope."""
        return len(self.stack) - 1

    @property
    def guard_depth(self) -> int:
        """The depth of the innermost scope whose entry is conditional."""
        return max(scope.depth for scope in self.stack if scope.guarded)

    def at(self, depth: int) -> Builder:
        """The builder, positioned at the end of the scope at `depth`."""
        block = self.stack[depth].block
        if self.builder.block is not block:
            self.builder.position_at_end(block)
        return self.builder

    def here(self) -> Builder:
        """The builder, positioned at the end of the innermost scope."""
        return self.at(self.depth)

    def continue_in(self, block: Block) -> None:
        """Let the innermost scope go on in another block, and those that it is a stretch of."""
        for scope in reversed(self.stack):
            scope.block = block
            if not scope.inline:
                break
        self.builder.position_at_end(block)

    @contextmanager
    def open(self, block: Block, guarded: bool = False) -> Iterator[Scope]:
        """A new innermost scope that starts in `block`; its values are forgotten at the end."""
        yield self._push(Scope(len(self.stack), block, guarded))
        self._pop()

    @contextmanager
    def stretch(self) -> Iterator[Scope]:
        """A new innermost scope that is a stretch of the present one."""
        here = self.stack[-1].block
        yield self._push(Scope(len(self.stack), here, guarded=False, inline=True))
        self._pop()

    def _push(self, scope: Scope) -> Scope:
        self.stack.append(scope)
        self.builder.position_at_end(scope.block)
        return scope

    def _pop(self) -> None:
        for key in self.stack.pop().keys:
            del self._memo[key]

    def bound(self) -> dict[Hashable, Placed]:
        """Everything remembered now."""
        return dict(self._memo)

    def find(self, key: Hashable) -> Placed | None:
        """The value remembered under `key` in an open scope."""
        return self._memo.get(key)

    def remember(self, key: Hashable, placed: Placed) -> Placed:
        """Keep `placed` under `key` as long as its scope is open."""
        if key in self._memo:
            self.stack[self._memo[key][1]].keys.remove(key)
        self._memo[key] = placed
        self.stack[placed[1]].keys.append(key)
        return placed

    def bind(self, key: Hashable, value: Value) -> None:
        """Give `key` a value in the innermost scope."""
        self.remember(key, (value, self.depth))

    def emit(self, build: Callable[..., Value], *operands: Placed) -> Placed:
        """`build(builder, *values)` in the outermost scope that knows all operands.

        Scalars among vector operands are repeated over the lanes first.
        """
        lanes, depth = 1, 0
        for value, level in operands:
            if level > depth:
                depth = level
            if value.type.lanes > lanes:
                lanes = value.type.lanes
        if lanes == 1:
            return build(self.at(depth), *[value for value, _ in operands]), depth
        values = [
            placed[0] if placed[0].type.lanes == lanes else self.splat(placed, lanes)[0]
            for placed in operands
        ]
        return build(self.at(depth), *values), depth

    def splat(self, placed: Placed, lanes: int) -> Placed:
        """`placed` repeated over `lanes`, once per scope."""
        value, depth = placed
        if lanes_of(value) == lanes:
            return placed
        if isinstance(value, Constant):
            return self.builder.splat(value, lanes), depth
        key = ("splat", value, lanes)
        found = self.find(key)
        if found is None:
            found = self.remember(key, (self.at(depth).splat(value, lanes), depth))
        return found
