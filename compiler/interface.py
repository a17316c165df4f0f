"""What an executable promises: its arguments and results, what it assumes, what its checks say.

Whoever calls code reads this one object: a session, and the disk cache that keeps it beside the
code. The code itself takes one pointer for each argument and result, the values of the symbols, and
an arena (`codegen/cpu/entry`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowc.compiler.request import Feed, Request, Store, agree
from flowc.ir import dims
from flowc.ir.dims import Dim, Symbol
from flowc.ir.tensor.builder import Initial
from flowc.ir.tensor.core import (
    ArgumentDim,
    ArgumentElement,
    Counted,
    Derived,
    Guard,
    Message,
    Shape,
    SymbolSource,
    TensorType,
)


@dataclass(frozen=True, eq=False)
class Interface:
    """The contract of an executable.

    Arguments are the feeds in order, then the variables that are read; results the fetches in
    order, then the variables that are written. Sizes are expressions over the symbols.
    """

    name: str
    arguments: tuple[TensorType, ...]
    results: tuple[TensorType, ...]
    places: tuple[int, ...]  # of the results: an argument's memory, or new memory after those
    symbols: Mapping[Symbol, SymbolSource]  # and which size, or element, of an argument each is
    guards: tuple[Guard, ...]  # relations of sizes that must hold
    fixed: Mapping[int, np.ndarray[Any, Any]]  # feeds whose values the code was made for
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    initial: Mapping[str, Initial]  # of read variables, where the store lacks them
    existence: Mapping[str, bool]  # of variables: the code was made for a store in which it is so
    replaced: Mapping[str, Shape]  # of variables that are assigned unread: what they may be like
    messages: tuple[Message, ...]  # message c - 1 is of the check with code c
    arena_size: Dim  # bytes
    typical: Mapping[str, int]  # the symbols' values for the feeds that it was made by

    @property
    def feeds(self) -> tuple[TensorType, ...]:
        """The types of the feeds."""
        return self.arguments[: len(self.arguments) - len(self.reads)]

    @property
    def fetches(self) -> tuple[TensorType, ...]:
        """The types of the fetches."""
        return self.results[: len(self.results) - len(self.writes)]

    @property
    def stored_types(self) -> Iterator[tuple[int, str, TensorType]]:
        """Of each variable that is read: its place among the arguments, its name and type."""
        for number, name in enumerate(self.reads, len(self.feeds)):
            yield number, name, self.arguments[number]

    @property
    def limits(self) -> dims.Limits:
        """The sizes that the code counts, and how large each can be."""
        return {s: o.limit for s, o in self.symbols.items() if isinstance(o, Counted)}

    @property
    def contents(self) -> frozenset[int]:
        """The feeds whose elements matter, not only their sizes."""
        elements = (s for s in self.symbols.values() if isinstance(s, ArgumentElement))
        return frozenset(source.argument for source in elements) | self.fixed.keys()

    def serves(self, store: Store) -> bool:
        """Whether the variables are there, or not, and of the types that the code was made for."""
        for _, name, type_ in self.stored_types:
            array = store.get(name)
            if array is None or (array.shape, array.dtype) != (type_.shape, type_.dtype.numpy):
                return False
        if any((name in store) != exists for name, exists in self.existence.items()):
            return False
        return all(n not in store or store[n].shape == s for n, s in self.replaced.items())

    def may_serve(self, store: Store) -> bool:
        """Whether it serves them once the variables that it begins with a value of have it."""
        begun = {name: make() for name, make in self.initial.items() if name not in store}
        return self.serves({**store, **begun} if begun else store)

    def fits(self, store: Store, feeds: Sequence[np.ndarray[Any, Any]]) -> bool:
        """Whether the code is for such variables and feeds."""
        return self.may_serve(store) and self.sizes(feeds) is not None

    def fits_request(self, request: Request) -> bool:
        """Whether the code is for such variables and feeds as a request tells of."""
        return self.fits(request.variables, self.examples(request.feeds))

    def examples(self, feeds: Sequence[Feed]) -> list[np.ndarray[Any, Any]]:
        """Examples of feeds; sizes and numbers that these leave open are as the code's were."""
        found = [feed.example for feed in feeds]
        for symbol, source in self.symbols.items():
            if isinstance(source, Derived | Counted):
                continue
            feed, array = feeds[source.argument], found[source.argument]
            number = self.typical[symbol.name]
            if isinstance(source, ArgumentDim) and feed.sizes[source.axis] is None:
                shape = [number if i == source.axis else n for i, n in enumerate(array.shape)]
                found[source.argument] = np.broadcast_to(np.array(feed.guess, array.dtype), shape)
            elif isinstance(source, ArgumentElement) and feed.contents is None:
                array = found[source.argument] = array.copy()
                array.flat[source.index] = min(number, np.iinfo(array.dtype).max)
        return found

    def sizes(self, feeds: Sequence[np.ndarray[Any, Any]]) -> dict[str, int] | None:
        """The symbols' values for these feeds; None where the code was not made for them.

        A size that the code counts has its greatest value, until the code has run.
        """
        if not self._fits(feeds):
            return None
        sizes: dict[str, int] = {}
        for symbol, source in self.symbols.items():
            if isinstance(source, Derived):
                sizes[symbol.name] = source.evaluate(sizes)
                continue
            if isinstance(source, Counted):
                sizes[symbol.name] = dims.evaluate(source.limit, sizes)
                continue
            array = feeds[source.argument]
            if isinstance(source, ArgumentDim):
                sizes[symbol.name] = array.shape[source.axis]
            else:
                sizes[symbol.name] = int(array.flat[source.index])
                if sizes[symbol.name] < 0 and not self._is_guarded(symbol):
                    return None
        for guard in self.guards:
            equal = dims.evaluate(guard.left, sizes) == dims.evaluate(guard.right, sizes)
            if equal != guard.equal:
                return None
        return sizes

    def _is_guarded(self, symbol: Symbol) -> bool:
        """Whether a guard fixes the symbol, so that a negative value is not taken for a size."""
        return any(
            dims.as_symbol(g.left) == symbol and isinstance(g.right, int) for g in self.guards
        )

    def _fits(self, feeds: Sequence[np.ndarray[Any, Any]]) -> bool:
        """Whether known sizes and values are those that the code was made for."""
        if not all(agree(t.shape, a.shape) for t, a in zip(self.feeds, feeds, strict=True)):
            return False
        # Bits are compared, since NaN differs from itself.
        return all(feeds[n].tobytes() == value.tobytes() for n, value in self.fixed.items())
