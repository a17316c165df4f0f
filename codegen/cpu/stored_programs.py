"""Programs on disk: an entry for a program's own code, and one for each object that it shares.

An entry is a list of byte strings, each after its length: of a shared object the functions that it
defines, those it calls, and its code; of a program the keys of the objects that it needs, then for
each part of its own code the same three.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping

from flowc.codegen.cpu.cache import DiskCache, object_key
from flowc.codegen.cpu.objects import LOADED, Known, ObjectCode, ProgramCode, program_code
from flowc.passes.target import CpuTarget

_LENGTH = struct.Struct("<Q")
_FIELDS = 3  # of an object


def store_program(cache: DiskCache, key: str, code: ProgramCode, target: CpuTarget) -> None:
    """Keep a program and the objects that it needs."""
    keys = []
    for loaded in code.in_order:
        keys.append(_key(loaded.code, target))
        if keys[-1] not in cache:
            cache.store(keys[-1], pack(_fields(loaded.code)))
    own = [field for part in code.own for field in _fields(part)]
    cache.store(key, pack([_names(keys), *own]))


def load_program(
    cache: DiskCache, key: str, target: CpuTarget, imports: Mapping[str, int]
) -> ProgramCode | None:
    """The program kept under `key`, with the objects that it needs loaded; None if there is none.

    Raises RuntimeError, ValueError or struct.error where what is there cannot be loaded.
    """
    packed = cache.load(key)
    if packed is None:
        return None
    keys, *own = unpack(packed)
    known = Known(target)
    for name in keys.decode().split():
        content = cache.load(name)
        if content is None:
            return None
        (code,) = _objects(unpack(content))
        if not all(map(known.has, code.defines)):
            LOADED.load(code, known, imports)
    return program_code(_objects(own), known)


def _key(code: ObjectCode, target: CpuTarget) -> str:
    return object_key("functions " + " ".join(code.defines), target)


def _names(names: Iterable[str]) -> bytes:
    return " ".join(names).encode()


def _fields(code: ObjectCode) -> tuple[bytes, bytes, bytes]:
    return _names(code.defines), _names(code.calls), code.code


def _objects(fields: list[bytes]) -> Iterator[ObjectCode]:
    for start in range(0, len(fields), _FIELDS):
        defines, calls, code = fields[start : start + _FIELDS]
        yield ObjectCode(code, tuple(defines.decode().split()), tuple(calls.decode().split()))


def pack(fields: Iterable[bytes]) -> bytes:
    """Strings of bytes as one, each after its length."""
    return b"".join(_LENGTH.pack(len(field)) + field for field in fields)


def unpack(packed: bytes) -> list[bytes]:
    """What was packed. Raises struct.error where it is cut."""
    fields, start = [], 0
    while start < len(packed):
        (size,) = _LENGTH.unpack_from(packed, start)
        start += _LENGTH.size + size
        fields.append(packed[start - size : start])
    return fields
