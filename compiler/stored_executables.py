"""Executables on disk: interfaces by request, each with the key of its program's code.

A request may have several: each says for which sizes and variables it was made. An entry is the
pickled interface, the program's key, and the constants that are too large to be in the code: the
number of the node that has one, or the bytes. (Who can write the folder can write machine code
there, so pickles add no danger; `codegen/cpu/cache` trusts the user's own files only.)
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from flowc.codegen.backend import Backend, Code, StoredCode
from flowc.codegen.cpu.cache import DiskCache
from flowc.compiler.executable import Executable
from flowc.compiler.graph import Node
from flowc.compiler.interface import Interface
from flowc.compiler.lowering import Refusal
from flowc.compiler.request import Request
from flowc.ir.tensor_values import raw_bytes

Bytes: TypeAlias = bytes | memoryview
_MOST = 8  # executables of one request
_MOST_BYTES = 32 << 20  # of constants that no node has


def load_executable(
    cache: DiskCache, key: str, request: Request, backend: Backend
) -> tuple[Interface, Code] | None:
    """The executable that was made for such feeds and variables; None if there is none.

    Raises the Refusal that is kept in place of executables.
    """
    for interface, program, constants in _entries(cache, key):
        if interface.fits_request(request):
            data = [_constant(found, request.nodes) for found in constants]
            loaded = backend.load(StoredCode(program, data))
            return None if loaded is None else (interface, loaded)
    return None


def store_executable(cache: DiskCache, key: str, request: Request, executable: Executable) -> None:
    """Keep an executable under the request's key, beside those that are there.

    Nothing is kept where its code is not.
    """
    stored = None if executable.code is None else executable.code.stored
    if stored is None:
        return
    number = sum(1 for _ in _entries(cache, key))
    constants = [_reference(data, request.nodes) for data in stored.constants]
    inline = sum(len(found) for found in constants if isinstance(found, bytes))
    if number < _MOST and inline <= _MOST_BYTES:
        messages = tuple(
            replace(message, evidence=None) for message in executable.interface.messages
        )
        kept = replace(executable.interface, messages=messages)
        cache.store(f"{key}.{number}", pickle.dumps((kept, stored.key, constants), 5))


def store_refusal(cache: DiskCache, key: str, refusal: Refusal) -> None:
    """Keep why the request is not compiled as a whole; where it is for some sizes, nothing."""
    if next(_entries(cache, key), None) is None:
        cache.store(f"{key}.0", pickle.dumps(refusal, 5))


def _entries(cache: DiskCache, key: str) -> Iterator[tuple[Interface, str, list[int | bytes]]]:
    for number in range(_MOST):
        content = cache.load(f"{key}.{number}")
        if content is None:
            return
        found = pickle.loads(content)
        if isinstance(found, Refusal):
            raise found
        yield found


def _constant(found: int | bytes, nodes: Sequence[Node]) -> Bytes:
    return found if isinstance(found, bytes) else raw_bytes(nodes[found].attributes["value"])


def _reference(data: Bytes, nodes: Sequence[Node]) -> int | bytes:
    """The number of the node whose constant it is, else the bytes themselves."""
    for number, node in enumerate(nodes):
        if node.op == "Const" and _holds(node.attributes["value"], data):
            return number
    return bytes(data)


def _holds(value: np.ndarray[Any, Any], data: Bytes) -> bool:
    if value.dtype.hasobject or value.nbytes != len(data):
        return False
    return np.array_equal(np.frombuffer(data, np.uint8), np.frombuffer(raw_bytes(value), np.uint8))
