"""Code that programs share: objects of functions whose names tell what they do.

A kernel's function has a name that follows from what it does (`variants`), and so has a
micro-kernel's. An object that has been loaded is found by these names as long as a program uses it;
on disk it is an entry of its own (`stored_programs`), which the entries of programs name.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

from flowc.codegen.cpu import jit
from flowc.passes.target import CpuTarget


@dataclass(frozen=True)
class ObjectCode:
    """Position-independent machine code: the functions that others may call, and those it calls."""

    code: bytes
    defines: tuple[str, ...]
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class LoadedObject:
    """An object in memory, with those that it calls."""

    code: ObjectCode
    library: Any
    addresses: Mapping[str, int]  # of the functions that it defines
    needs: tuple[LoadedObject, ...] = ()


class LoadedObjects:
    """The objects that programs of this process use, by the functions that they define."""

    def __init__(self) -> None:
        self._found: WeakValueDictionary[tuple[CpuTarget, str], LoadedObject] = (
            WeakValueDictionary()
        )
        self._lock = threading.Lock()

    def find(self, target: CpuTarget, function: str) -> LoadedObject | None:
        """The object that defines a function."""
        with self._lock:
            return self._found.get((target, function))

    def load(self, code: ObjectCode, known: Known, imports: Mapping[str, int]) -> LoadedObject:
        """Load an object; its functions are among the `known` ones afterwards, for all programs.

        Raises RuntimeError where it cannot be loaded.
        """
        needs = known.needed(code)
        library = jit.link([code.code], code.defines, {**imports, **addresses_of(needs)})
        found = LoadedObject(code, library, {f: library[f] for f in code.defines}, needs)
        with self._lock:
            for function in code.defines:
                self._found[known.target, function] = found
        known.add(found)
        return found


LOADED = LoadedObjects()


@dataclass
class Known:
    """The loaded objects that one program is made with, by the functions that they define."""

    target: CpuTarget
    _objects: dict[str, LoadedObject] = field(default_factory=dict)

    def add(self, loaded: LoadedObject) -> None:
        """Make an object's functions known."""
        self._objects.update(dict.fromkeys(loaded.code.defines, loaded))

    def has(self, function: str) -> bool:
        """Whether there is such a function, of this program or of another one of the process."""
        if function not in self._objects:
            found = LOADED.find(self.target, function)
            if found is None:
                return False
            self.add(found)
        return True

    def needed(self, code: ObjectCode) -> tuple[LoadedObject, ...]:
        """The objects that code calls. What else it calls is the process's."""
        found = (self._objects.get(function) for function in code.calls)
        return tuple(dict.fromkeys(loaded for loaded in found if loaded is not None))


def addresses_of(objects: Iterable[LoadedObject]) -> dict[str, int]:
    """The addresses of all functions that the objects define."""
    return {name: a for loaded in objects for name, a in loaded.addresses.items()}


@dataclass(frozen=True)
class ProgramCode:
    """A program's own code, and the objects that it calls."""

    own: tuple[ObjectCode, ...]
    needs: tuple[LoadedObject, ...]

    @property
    def in_order(self) -> list[LoadedObject]:
        """The objects that the program needs, also by way of others; each after those it needs."""
        found: dict[LoadedObject, None] = {}

        def visit(loaded: LoadedObject) -> None:
            if loaded not in found:
                for needed in loaded.needs:
                    visit(needed)
                found[loaded] = None

        for loaded in self.needs:
            visit(loaded)
        return list(found)


def program_code(own: Iterable[ObjectCode], known: Known) -> ProgramCode:
    """The program whose own code calls known objects."""
    codes = tuple(own)
    needs = dict.fromkeys(loaded for code in codes for loaded in known.needed(code))
    return ProgramCode(codes, tuple(needs))
