"""The key of a request: equal for requests that the compiler makes the same code of.

It covers the nodes with all that is in them, the feeds' types, the fetches, the machine and the
compiler. What the code depends on beside these (sizes, numbers, variables that are there) is not in
the key but in the interface of what is found under it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import NoneType
from weakref import WeakKeyDictionary

import numpy as np

from flowc import ops
from flowc.compiler.graph import Node
from flowc.compiler.request import Request
from flowc.compiler.structure.subgraph import is_structured
from flowc.ir.dtypes import DType
from flowc.ir.tensor_values import raw_bytes
from flowc.passes.schedule.measured import measured_digest
from flowc.passes.target import CpuTarget

_digests: WeakKeyDictionary[Node, bytes] = WeakKeyDictionary()


_SHORT = frozenset({DType, bool, int, float, str, NoneType})  # whose text tells all of them


class _NoKey(Exception):
    """Something in a node can not be part of a key."""


def request_key(request: Request, target: CpuTarget) -> str | None:
    """The key; None where a node holds what has no contents to compare, such as a user's op."""
    digest = sha256(_compiler_digest())
    feeds = [(f.name, f.dtype.name, f.shape, f.is_data) for f in request.feeds]
    what = (target, measured_digest(target), request.name, feeds, tuple(request.fetches))
    digest.update(repr(what).encode())
    try:
        for node in request.nodes:
            digest.update(_node_digest(node))
    except _NoKey:
        return None
    return digest.hexdigest()


def _node_digest(node: Node) -> bytes:
    found = _digests.get(node)
    if found is None:
        if not is_structured(node) and ops.lookup(node.op) is not node.definition:
            raise _NoKey(node.op)
        inputs = [(e.node, e.output) for e in node.inputs]
        short = {k: v for k, v in node.attributes.items() if type(v) in _SHORT}
        digest = sha256(repr((node.name, node.op, inputs, node.controls, short)).encode())
        for key, value in node.attributes.items():
            if key not in short:
                digest.update(f"{key}\n".encode())
                for part in _parts(value):
                    digest.update(part)
        found = _digests[node] = digest.digest()
    return found


def _parts(value: object) -> Iterator[bytes | memoryview]:
    """The value's contents as bytes, each part with what tells its kind."""
    match value:
        case None | bool() | int() | float() | str() | bytes():
            yield f"{type(value).__name__} {value!r}\n".encode()
        case DType():
            yield f"dtype {value.name}\n".encode()
        case np.ndarray():
            if value.dtype.hasobject:
                raise _NoKey(value.dtype)
            yield f"array {value.dtype.str} {value.shape}\n".encode()
            yield raw_bytes(value)
        case list() | tuple():
            yield f"list {len(value)}\n".encode()
            for item in value:
                yield from _parts(item)
        case Mapping():
            yield f"mapping {len(value)}\n".encode()
            for key, item in value.items():
                yield f"{key}\n".encode()
                yield from _parts(item)
        case Node():
            yield _node_digest(value)
        case _ if is_dataclass(value):
            yield f"{type(value).__name__}\n".encode()
            for field in fields(value):
                yield from _parts(getattr(value, field.name))
        case _:
            raise _NoKey(type(value))


@cache
def _compiler_digest() -> bytes:
    """A hash of what the compiler is: its files by their sizes and times, and its libraries."""
    from llvmlite import __version__ as llvmlite_version

    digest = sha256(f"{llvmlite_version} {np.__version__}".encode())
    root = Path(__file__).resolve().parents[1]
    for folder in ("ir", "ops", "passes", "codegen", "compiler"):
        for line in _files(str(root / folder)):
            digest.update(line.encode())
    return digest.digest()


def _files(folder: str) -> list[str]:
    found = []
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _files(entry.path)
        elif entry.name.endswith(".py"):
            status = entry.stat()
            found.append(f"{entry.path} {status.st_size} {status.st_mtime_ns}\n")
    return found
